"""The message of a phone call: SSML that a voice reads, with the code twice."""

import re
from xml.etree import ElementTree

import botocore.session
import pytest
from botocore.model import StringShape
from hypothesis import given
from hypothesis import strategies as st

from passcode.channels.channel import MessageContent
from passcode.channels.sms import SMS
from passcode.channels.voice import VOICE, VOICE_IDS, VoiceMessage
from passcode.texts.catalogue import best_locale, locales, message_texts, notice_texts
from passcode.token_service.challenge import KINDS, SIGN_IN_CODE, TOKEN, Code

LONG = Code("01234567890123456789")
# The languages that SendVoiceMessage has no voice for.
SILENT = {"he", "hi"}
# The printable characters of XML 1.0.
PRINTABLE = st.characters(min_codepoint=0x20, exclude_categories=("Cc", "Cs", "Cn"))


def call(
    locale: str = "en", kind: str = TOKEN, code: Code | None = None, app: str = "Example", purpose: str = ""
) -> VoiceMessage:
    """A call with a code in the language of `locale`, or in one that has a voice."""
    texts = message_texts(locale, kind, usable=VOICE.locales)
    shown = code or Code("012345")
    message: VoiceMessage = VOICE.render(
        MessageContent(texts, shown, app, "app.example", 5, purpose, in_groups=shown is LONG)
    )
    return message


def heard(message: VoiceMessage) -> str:
    """The text of a call, with `|` for each break. Fails if the SSML has another element than breaks."""
    speak = ElementTree.fromstring(message.ssml)
    assert speak.tag == "speak"
    assert {element.tag for element in speak} == {"break"}
    return "|".join(text for text in [speak.text or "", *(element.tail or "" for element in speak)])


def test_each_voice_is_one_of_end_user_messaging() -> None:
    session = botocore.session.Session()
    model = session.get_service_model("pinpoint-sms-voice-v2")
    voices = model.shape_for("VoiceId")
    assert isinstance(voices, StringShape)
    assert set(VOICE_IDS.values()) <= set(voices.enum)
    assert VOICE.locales
    assert locales() - VOICE.locales == SILENT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", sorted(locales() - SILENT))
def test_a_call_says_who_calls_and_the_code_twice_in_the_language(locale: str, kind: str) -> None:
    message, texts = call(locale, kind), message_texts(locale, kind)
    once = "|".join("012345")
    assert heard(message) == "|".join(
        (
            "",
            texts["voice_caller"].format(app="Example"),
            texts["voice"],
            once,
            texts["voice_again"],
            once,
            texts["voice_warning"],
        )
    )
    assert message.language == locale
    assert locale in VOICE_IDS


def test_the_english_call_has_this_text() -> None:
    assert heard(call(purpose="pay 20 EUR")) == (
        "|This is Example.|Purpose: pay 20 EUR|Your verification code is:|0|1|2|3|4|5|Once more:|0|1|2|3|4|5|"
        "Don't share this code with anyone. Goodbye."
    )


def test_a_long_code_has_longer_breaks_between_its_groups() -> None:
    digits = re.findall(r'(?:(?<=ms"/>)(\d))(?:<break time="(\d+)ms"/>)', call(code=LONG).ssml)
    assert "".join(digit for digit, _ in digits) == LONG.reveal() * 2
    breaks = [int(milliseconds) for _, milliseconds in digits[:19]]
    assert [place + 1 for place, length in enumerate(breaks) if length == max(breaks)] == [4, 8, 12, 16]
    assert min(breaks) >= 500


@given(app=st.text(PRINTABLE, min_size=1, max_size=40), purpose=st.text(PRINTABLE, min_size=1, max_size=64))
def test_the_name_of_the_app_and_the_purpose_are_spoken_and_never_interpreted(app: str, purpose: str) -> None:
    message = call(code=LONG, app=app, purpose=purpose)
    parts = heard(message).replace("\r", "\n")
    assert f"This is {app}." in parts
    assert f"Purpose: {' '.join(purpose.splitlines())}" in parts
    assert len(message.ssml) <= 6000, "the limit of SendVoiceMessage"


@pytest.mark.parametrize(
    ("wanted", "default", "language"),
    [
        ("he", "en", "en"),
        ("hi_IN", "en", "en"),
        ("he,fr", "en", "fr"),
        ("he", "de", "de"),
        ("he", "hi", "en"),
        ("xx", "ja", "ja"),
        ("pt_BR", "en", "pt"),
        ("zh_CN", "en", "zh-Hans"),
    ],
)
def test_a_language_without_a_voice_falls_back_to_one_with_a_voice(
    wanted: str, default: str, language: str
) -> None:
    texts = message_texts(wanted, SIGN_IN_CODE, default, VOICE.locales)
    assert VOICE.render(MessageContent(texts, LONG, "Example")).language == language
    assert best_locale("he") == "he", "other channels write the language"


@pytest.mark.parametrize("locale", sorted(locales()))
def test_a_notice_is_the_text_of_an_sms_twice(locale: str) -> None:
    texts = notice_texts(locale, "email", usable=VOICE.locales)
    message = VOICE.render(MessageContent(texts, None, "A & B"))
    text = texts["sms"].format(app="A & B")
    assert heard(message) == f"|{text}|{text}"


def test_the_repr_of_a_call_contains_no_content() -> None:
    shown = repr(call(code=LONG, app="Secret", purpose="hidden"))
    assert "Secret" not in shown
    assert "hidden" not in shown
    assert "<speak>" not in shown


def test_a_call_has_the_addresses_of_an_sms() -> None:
    shared = ("attribute", "parse", "mask", "blank_mask", "decoy_value", "max_length", "accepted_per_day")
    assert {name: getattr(VOICE, name) for name in shared} == {name: getattr(SMS, name) for name in shared}
    assert VOICE.address_type == SMS.address_type == "sms"
    assert VOICE.billed_by_country
    assert VOICE.custom_sender == ""
