"""The words of the pages: the same ones in every language, and the language that the browser asks for."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.hosted import pages
from passcode.hosted.pages import PageTexts
from passcode.hosted.state import Notice
from passcode.texts import catalogue
from passcode.texts.catalogue import locale_for_header, page_locales, page_texts

MESSAGES = Path(catalogue.__file__).parent / "messages"
ENGLISH = page_texts("en")
SHOULD_DIFFER = {key for key in ENGLISH if len(ENGLISH[key]) > 25}


def placeholders(sentence: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", sentence))


def test_the_pages_speak_every_language_that_the_messages_speak() -> None:
    assert page_locales() == {file.stem for file in MESSAGES.glob("*.json")}


@pytest.mark.parametrize("locale", sorted(page_locales()))
def test_a_language_is_whole(locale: str) -> None:
    words = page_texts(locale)
    assert list(words) == list(ENGLISH)
    assert {key: placeholders(words[key]) for key in words} == {k: placeholders(ENGLISH[k]) for k in words}
    assert all(sentence.strip() == sentence != "" for sentence in words.values())
    message = json.loads((MESSAGES / f"{locale}.json").read_text("utf-8"))
    assert (words["lang"], words["dir"]) == (message["lang"], message["dir"]) == (locale, words["dir"])
    if locale != "en":
        assert [key for key in SHOULD_DIFFER if words[key] == ENGLISH[key]] == []


def test_every_notice_has_a_sentence() -> None:
    keys = {key.removeprefix("notice.") for key in ENGLISH if key.startswith("notice.")}
    assert keys == {notice.value for notice in Notice} | {"name_or_password_missing"}


def test_every_key_is_used_and_every_used_key_is_there() -> None:
    folder = Path(pages.__file__).parent / "templates"
    used = "".join(file.read_text("utf-8") for file in folder.iterdir())
    named = set(re.findall(r'say(?:\.plain|\.raw)?\("(\w*[a-z])"', used))
    made = {f"{start}_{channel}" for start in ("send", "sent", "help") for channel in ("email", "sms")}
    made |= {f"{key}_hidden" for key in made if not key.startswith("help")}
    assert named | made == {key for key in ENGLISH if "." not in key} - {"lang", "dir"}


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("pt-BR", "pt"),
        ("zh-CN,zh;q=0.9,ja;q=0.8,en;q=0.7", "ja"),
        ("fr;q=0.2,HE;q=0.9", "he"),
        ("xx,yy", "en"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("de;q=none,fr", "fr"),
        (",;q=1,,ar ; q=0.5", "ar"),
        ("x," * 1000 + "de", "en"),
    ],
)
def test_the_language_that_the_browser_asks_for(header: str, locale: str) -> None:
    assert locale_for_header(header) == locale


@given(st.text(alphabet=st.sampled_from("deHnr-_;,q=0.19* \u0661"), max_size=60) | st.text(max_size=40))
def test_any_header_has_a_language(header: str) -> None:
    assert locale_for_header(header) in page_locales()


def test_values_keep_to_themselves_in_a_line_of_another_direction() -> None:
    say = PageTexts(page_texts("he"), "Harbour")
    assert "<bdi>Harbour</bdi>" in say("cancel")
    assert "\u2068Harbour\u2069" in say.plain("cancel")
    assert PageTexts(ENGLISH, "Harbour").plain("cancel") == "Back to Harbour"
