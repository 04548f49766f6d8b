"""The grammar and the script of translations: what a list of keys and placeholders does not hold."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from passcode.channels.channel import MessageContent
from passcode.channels.sms import SMS
from passcode.texts.catalogue import FOLDER, best_locale, cognito_message_texts, notice_texts
from tests.support.messages import parts

# The languages that write sentences with other quotation marks and apostrophes than those of ASCII.
TYPOGRAPHIC = ("hi", "ko", "pl", "sv", "tr", "zh-Hans")
LONGEST_NAME_OF_ONE_PART = "N" * 16
# The Korean particles that have another form after a consonant. A placeholder may end with either.
ALTERNATING = r"(?:은|는|이|가|을|를|와|과|로|으로|이나|나|이며|이라|라)(?![가-힣])"


def read(locale: str) -> dict[str, Any]:
    catalogue: dict[str, Any] = json.loads((FOLDER / f"{locale}.json").read_text("utf-8"))
    return catalogue


def texts(catalogue: dict[str, Any]) -> Iterator[str]:
    """Each text of a catalogue."""
    for value in catalogue.values():
        if isinstance(value, dict):
            yield from texts(value)
        else:
            yield value


def found(pattern: str, locale: str) -> list[str]:
    """The texts of a language that have a match of `pattern`."""
    return [text for text in texts(read(locale)) if re.search(pattern, text)]


@pytest.mark.parametrize("locale", TYPOGRAPHIC)
def test_no_text_has_quotation_marks_of_ascii(locale: str) -> None:
    assert found("[\"']", locale) == []


def test_a_korean_particle_never_depends_on_the_end_of_a_placeholder() -> None:
    assert re.search(r"\}" + ALTERNATING, "{app}로 돌아가기")
    assert not re.search(r"\}" + ALTERNATING, "{app}에서 로그인")
    assert found(r"\}" + ALTERNATING, "ko") == []


def test_no_turkish_suffix_follows_a_placeholder() -> None:
    # Its vowels depend on the word before it.
    assert found(r"\}['’\w]", "tr") == []


def test_the_texts_of_simplified_chinese_have_no_traditional_characters() -> None:
    # GB 2312 has the simplified characters only.
    with pytest.raises(UnicodeEncodeError):
        "驗證碼".encode("gb2312")
    for text in texts(read("zh-Hans")):
        text.replace("\u00a0", " ").encode("gb2312")


@pytest.mark.parametrize("locale", ["ja", "zh-Hans"])
def test_chinese_and_japanese_sentences_have_no_ascii_full_stop_or_comma(locale: str) -> None:
    assert found(r"[^\x00-\x7f] ?[.,;?!]", locale) == []


def test_no_hindi_sentence_ends_with_a_full_stop() -> None:
    assert found(r"[\u0900-\u097f]\.", "hi") == []


@pytest.mark.parametrize("locale", TYPOGRAPHIC)
@pytest.mark.parametrize("attribute", ["email", "phone_number", "custom:chat"])
def test_the_notice_of_a_changed_address_is_one_sms(locale: str, attribute: str) -> None:
    content = MessageContent(notice_texts(locale, attribute), None, LONGEST_NAME_OF_ONE_PART)
    assert parts(SMS.render(content).text) == 1


@pytest.mark.parametrize("locale", TYPOGRAPHIC)
def test_the_notice_of_unusual_activity_is_one_sms(locale: str) -> None:
    content = MessageContent(cognito_message_texts(locale, "notice"), None, LONGEST_NAME_OF_ONE_PART)
    assert parts(SMS.render(content).text) == 1


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("pl-PL", "pl"),
        ("pol", "pl"),
        ("hi_IN", "hi"),
        ("hi-Deva-IN", "hi"),
        ("sv-FI", "sv"),
        ("tr_TR.UTF-8", "tr"),
        ("tur", "tr"),
        ("ko-KR", "ko"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh_SG", "zh-Hans"),
        ("ZH-HANS-cn", "zh-Hans"),
        ("cmn-Hans", "zh-Hans"),
        # Readers of traditional characters may not read the simplified ones.
        ("zh-TW", "en"),
        ("zh-Hant", "en"),
        ("zh_HK,de", "de"),
    ],
)
def test_users_get_their_language(tag: str, locale: str) -> None:
    assert best_locale(tag) == locale
