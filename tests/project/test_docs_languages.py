"""A document that counts the languages counts those of the message catalogue."""

import re
from pathlib import Path

from passcode.texts.catalogue import locales

ROOT = Path(__file__).parents[2]
# The changelog is not here: a release keeps the count that it had.
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
NUMBERS = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    "twenty",
]
COUNT = re.compile(rf"\b({'|'.join(NUMBERS)}|\d+) languages\b", re.IGNORECASE)


def number(written: str) -> int:
    return int(written) if written.isdecimal() else NUMBERS.index(written.lower())


def test_each_count_of_languages_is_right() -> None:
    counts = {
        page.relative_to(ROOT).as_posix(): {
            number(written) for written in COUNT.findall(page.read_text("utf-8"))
        }
        for page in PAGES
    }
    counted = {page: found for page, found in counts.items() if found}
    assert "README.md" in counted
    assert {page: found for page, found in counted.items() if found != {len(locales())}} == {}
