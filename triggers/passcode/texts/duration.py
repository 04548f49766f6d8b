"""Durations of the hosted pages: "10 minutes", "24 hours", with the plurals of each language."""

from collections.abc import Mapping

# Minutes up to here are shown as minutes: 90 minutes is clearer than 2 hours.
_MOST_MINUTES = 99


def duration(texts: Mapping[str, str], seconds: int) -> str:
    """Format seconds as minutes or hours with the page texts of a language. Never shorter than the duration.

    `duration.minutes` is the text for any number. A language whose plurals differ adds `duration.minutes.1`,
    `.2` and `.3-10` (also for 103 to 110, as in Arabic), and the same for `duration.hours`.
    """
    minutes = max(1, -(-seconds // 60))
    if minutes <= _MOST_MINUTES:
        return _count(texts, "duration.minutes", minutes)
    return _count(texts, "duration.hours", -(-minutes // 60))


def _count(texts: Mapping[str, str], unit: str, number: int) -> str:
    form = f"{unit}.3-10" if 3 <= number % 100 <= 10 else f"{unit}.{number}"
    return texts.get(form, texts[unit]).format(number=number)
