"""The texts of waits in each language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.texts.catalogue import duration, locales, page_texts

MINUTE, HOUR = 60, 3_600
# For 1 minute, 2, 10, 11 and 99 minutes, 2 hours, 3 and 24 hours. Each space is replaced by a no-break space.
EXPECTED = {
    "ar": "دقيقة واحدة|دقيقتين|10 دقائق|11 دقيقة|99 دقيقة|ساعتين|3 ساعات|24 ساعة",
    "de": "1 Minute|2 Minuten|10 Minuten|11 Minuten|99 Minuten|2 Stunden|3 Stunden|24 Stunden",
    "en": "1 minute|2 minutes|10 minutes|11 minutes|99 minutes|2 hours|3 hours|24 hours",
    "es": "1 minuto|2 minutos|10 minutos|11 minutos|99 minutos|2 horas|3 horas|24 horas",
    "fr": "1 minute|2 minutes|10 minutes|11 minutes|99 minutes|2 heures|3 heures|24 heures",
    "he": "דקה אחת|שתי דקות|10 דקות|11 דקות|99 דקות|שעתיים|3 שעות|24 שעות",
    "it": "1 minuto|2 minuti|10 minuti|11 minuti|99 minuti|2 ore|3 ore|24 ore",
    "ja": "1 分|2 分|10 分|11 分|99 分|2 時間|3 時間|24 時間",
    "nl": "1 minuut|2 minuten|10 minuten|11 minuten|99 minuten|2 uur|3 uur|24 uur",
    "pt": "1 minuto|2 minutos|10 minutos|11 minutos|99 minutos|2 horas|3 horas|24 horas",
}
SECONDS = [MINUTE, 2 * MINUTE, 10 * MINUTE, 11 * MINUTE, 99 * MINUTE, 2 * HOUR, 3 * HOUR, 24 * HOUR]


def test_each_language_is_tested() -> None:
    assert set(EXPECTED) == locales()


@pytest.mark.parametrize("locale", sorted(EXPECTED))
def test_a_wait_has_the_right_plural(locale: str) -> None:
    found = [duration(page_texts(locale), seconds).replace("\u00a0", " ") for seconds in SECONDS]
    assert found == EXPECTED[locale].split("|")


@pytest.mark.parametrize("locale", sorted(EXPECTED))
def test_a_line_break_does_not_separate_a_number_from_its_unit(locale: str) -> None:
    for seconds in SECONDS:
        text = duration(page_texts(locale), seconds)
        assert not any(char.isdigit() for char in text) or " " not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (99 * MINUTE + 1, "2 hours"),
        (2 * HOUR + 1, "3 hours"),
    ],
)
def test_a_wait_is_rounded_up(seconds: int, text: str) -> None:
    assert duration(page_texts("en"), seconds).replace("\u00a0", " ") == text


@given(st.sampled_from(sorted(EXPECTED)), st.integers(0, 366 * 24 * HOUR))
def test_any_wait_has_a_text(locale: str, seconds: int) -> None:
    text = duration(page_texts(locale), seconds)
    assert text
    assert "{" not in text
