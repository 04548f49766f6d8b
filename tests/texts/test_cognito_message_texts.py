"""The texts of Cognito's own messages, in every language and for every kind."""

import re
from string import Formatter

import pytest

from passcode.channels.channel import MessageContent
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.texts.catalogue import cognito_message_texts, locales, message_texts
from passcode.token_service.challenge import SIGN_IN_CODE, TOKEN, Code
from tests.support.messages import parts

SECRET = Code("271828")
LOCALES = sorted(locales())
KINDS = ("sign_in", "sign_up", "address", "recovery", "invitation", "notice", "unknown")
PLACEHOLDERS: dict[str, set[str]] = {
    "subject": {"app"},
    "intro": {"app"},
    "expiry": set(),
    "purpose": {"purpose"},
    "warning": {"app"},
    "requested": {"time"},
    "support": {"url"},
    "sms": {"app"},
    "sms_warning": set(),
    "sms_short": {"app"},
    "voice_caller": {"app"},
    "voice_again": set(),
    "voice_warning": set(),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_has_exactly_its_placeholders(locale: str, kind: str) -> None:
    texts = cognito_message_texts(locale, kind)
    own = {key for key in texts if not key.startswith("duration.")}
    # No call has a code of Cognito's, so `voice` is that of another kind, or missing.
    assert own - {"voice"} == set(PLACEHOLDERS) | {"lang", "dir"}
    assert texts["lang"] == locale
    for key, wanted in PLACEHOLDERS.items():
        found = {name for _, name, _, _ in Formatter().parse(texts[key]) if name is not None}
        assert found == wanted, key


@pytest.mark.parametrize("locale", LOCALES)
def test_no_two_kinds_have_the_same_texts(locale: str) -> None:
    for key in ("subject", "intro", "warning", "sms"):
        # The text for an unknown kind fits any code, and may be that of a sign-in.
        assert len({cognito_message_texts(locale, kind)[key] for kind in KINDS[:-1]}) == len(KINDS) - 1, key


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sign_in_has_our_subject_and_an_unknown_kind_has_our_general_texts(locale: str) -> None:
    theirs = {"expiry", "purpose"}
    for kind, own, changed in (
        # Cognito's event does not say whether a password was entered, so these texts do not say it either.
        ("sign_in", SIGN_IN_CODE, theirs | {"intro", "warning", "sms", "voice"}),
        ("unknown", TOKEN, theirs),
    ):
        ours, cognitos = message_texts(locale, own), cognito_message_texts(locale, kind)
        assert {key for key in ours if ours[key] != cognitos.get(key)} == changed


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_message_is_complete(locale: str, kind: str) -> None:
    texts, secret = cognito_message_texts(locale, kind), None if kind == "notice" else SECRET
    name = "ada" if kind == "invitation" else ""
    mail = EMAIL.render(MessageContent(texts, secret, "A & B", purpose=name))
    host = "" if kind in ("invitation", "notice") else "e.example"
    text = SMS.render(MessageContent(texts, secret, "A & B", host)).text
    times = 0 if secret is None else 1
    assert mail.text.splitlines().count("271828") == times, "the code has a separate line"
    assert mail.text.count("271828") == mail.html.count("271828") == times
    assert text.count("271828") == (2 if "@e.example #271828" in text else times)
    assert ("letter-spacing" in mail.html) == bool(times), "a message without a code has no box for it"
    assert "A &amp; B" in mail.html
    assert "\n\n\n" not in mail.text
    assert not re.search(r"[{}]", mail.subject + mail.text + text)
    assert text.splitlines().count("271828") == times, "the code has a separate line"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_an_sms_has_few_parts(locale: str, kind: str) -> None:
    host = "" if kind in ("invitation", "notice") else "app.example.com"
    texts = cognito_message_texts(locale, kind)
    assert parts(SMS.render(MessageContent(texts, SECRET, "A" * 40, host)).text) <= 3
