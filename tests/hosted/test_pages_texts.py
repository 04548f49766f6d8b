"""The texts of the pages: each is used, and each used one is in the catalogue."""

import re
from pathlib import Path

from passcode.channels.registry import CHANNELS
from passcode.hosted import pages
from passcode.hosted.pages import PageTexts
from passcode.hosted.state import Notice
from passcode.texts.catalogue import page_texts

ENGLISH = page_texts("en")


def test_every_notice_has_a_text() -> None:
    keys = {key.removeprefix("notice.") for key in ENGLISH if key.startswith("notice.")}
    assert keys == {notice.value for notice in Notice} | {"name_or_password_missing"}


def test_the_catalogue_has_exactly_the_texts_that_are_used() -> None:
    folder = Path(pages.__file__).parent / "templates"
    used = "".join(file.read_text("utf-8") for file in folder.iterdir())
    named = set(re.findall(r'text(?:\.plain|\.raw)?\("(\w*[a-z])"', used))
    made = {f"{start}_{channel}" for start in ("send", "sent", "help") for channel in CHANNELS}
    made |= {f"or_{channel}" for channel in CHANNELS}
    made |= {f"{key}_hidden" for key in made if not key.startswith(("help", "or"))}
    have = {key for key in ENGLISH if "." not in key} - {"lang", "dir"}
    assert sorted((named | made) - have) == [], "add these texts to `page` in each texts/<language>.json"
    assert sorted(have - (named | made)) == [], "no page uses these texts"


def test_a_value_is_isolated_in_a_line_of_another_direction() -> None:
    text = PageTexts(page_texts("he"), "Harbour")
    assert "<bdi>Harbour</bdi>" in text("cancel")
    assert "\u2068Harbour\u2069" in text.plain("cancel")
    assert PageTexts(ENGLISH, "Harbour").plain("cancel") == "Back to Harbour"
