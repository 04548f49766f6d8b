"""The catalogue: every language has the same texts, and a user gets the nearest language."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.texts.catalogue import FOLDER, best_locale, locale_for_header, locales
from passcode.texts.languages import look_up

LOCALES = sorted(locales())


def read(locale: str) -> dict[str, Any]:
    """The file of a language."""
    catalogue: dict[str, Any] = json.loads((FOLDER / f"{locale}.json").read_text("utf-8"))
    return catalogue


def texts(catalogue: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a catalogue in the order of the file, under its path: `message.other.sms`."""
    for key, value in catalogue.items():
        path = f"{above}{key}"
        if isinstance(value, dict):
            yield from texts(value, f"{path}.")
        else:
            yield path, value


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


def without_plurals(texts: dict[str, str]) -> dict[str, str]:
    """The texts that every language has. Languages differ in their plurals: test_duration.py."""
    return {path: text for path, text in texts.items() if not path.startswith("durations.")}


ENGLISH = without_plurals(dict(texts(read("en"))))


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_has_all_texts_in_the_same_order(locale: str) -> None:
    own = without_plurals(dict(texts(read(locale))))
    assert list(own) == list(ENGLISH)
    assert {path: placeholders(text) for path, text in own.items()} == {
        path: placeholders(text) for path, text in ENGLISH.items()
    }
    assert [path for path, text in own.items() if not text or text != text.strip()] == []
    assert own["lang"] == locale


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != "en"])
def test_no_sentence_is_left_in_english(locale: str) -> None:
    own = without_plurals(dict(texts(read(locale))))
    assert [path for path, text in own.items() if text == ENGLISH[path] and len(text) > 25] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_direction_is_that_of_the_script(locale: str) -> None:
    own = dict(texts(read(locale)))
    letters = [unicodedata.bidirectional(sign) for text in own.values() for sign in text]
    right_to_left = sum(kind in ("R", "AL") for kind in letters) > letters.count("L")
    assert own["dir"] == ("rtl" if right_to_left else "ltr")


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt"),
        ("AR", "ar"),
        ("", "en"),
        ("xx", "en"),
        ("../../etc/passwd", "en"),
        ("e" * 2048, "en"),
    ],
)
def test_the_nearest_language_is_used(wanted: str, locale: str) -> None:
    assert best_locale(wanted) == locale


def test_a_region_that_has_a_catalogue_is_preferred_to_its_language() -> None:
    assert look_up(["pt_br"], {"en", "pt", "pt-BR"}) == "pt-BR"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("pt-BR", "pt"),
        ("da-DK,da;q=0.9,ja;q=0.8,en;q=0.7", "ja"),
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
def test_any_accept_language_header_has_a_language(header: str) -> None:
    assert locale_for_header(header) in locales()
