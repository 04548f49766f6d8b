"""Durations for the hosted pages, such as "10 minutes", with the plural forms of each language."""

from collections.abc import Mapping

# Up to this number, a duration is shown in minutes: "90 minutes" is more exact than "2 hours".
_MOST_MINUTES = 99


def duration(texts: Mapping[str, str], seconds: int) -> str:
    """Return seconds as minutes or hours, in the language of the page texts `texts`. Rounds up, never down.

    `duration.minutes` is the text for any number. A language with more plural forms adds
    `duration.minutes.1`, `.2` and `.3-10` (also for 103 to 110, as in Arabic), and the same for
    `duration.hours`.
    """
    minutes = max(1, -(-seconds // 60))
    if minutes <= _MOST_MINUTES:
        return _count(texts, "duration.minutes", minutes)
    return _count(texts, "duration.hours", -(-minutes // 60))


def _count(texts: Mapping[str, str], unit: str, number: int) -> str:
    form = f"{unit}.3-10" if 3 <= number % 100 <= 10 else f"{unit}.{number}"
    return texts.get(form, texts[unit]).format(number=number)
