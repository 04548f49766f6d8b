"""The notice of a changed address, in every language and on every channel."""

import re
from string import Formatter

import pytest

from passcode.channels.channel import Channel, MessageContent
from passcode.channels.email import EMAIL, EmailMessage
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS
from passcode.texts.catalogue import locales, notice_texts
from tests.support.messages import parts

LOCALES = sorted(locales())
# An attribute that has no texts, as that of an added channel.
ATTRIBUTES = ("email", "phone_number", "custom:chat")


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_names_the_app_and_has_no_code(locale: str, attribute: str) -> None:
    texts = notice_texts(locale, attribute)
    for key in ("subject", "intro", "warning", "sms"):
        assert {name for _, name, _, _ in Formatter().parse(texts[key]) if name} == {"app"}, key


@pytest.mark.parametrize("locale", LOCALES)
def test_the_texts_say_which_address_changed(locale: str) -> None:
    for key in ("intro", "sms"):
        assert len({notice_texts(locale, attribute)[key] for attribute in ATTRIBUTES}) == 3


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_notice_is_complete(locale: str, attribute: str) -> None:
    content = MessageContent(notice_texts(locale, attribute), None, "A & B")
    mail: EmailMessage = EMAIL.render(content)
    text = SMS.render(content).text
    assert "A &amp; B" in mail.html
    assert "letter-spacing" not in mail.html, "a message without a code has no box for it"
    assert not re.search(r"[{}]|\n\n\n", mail.subject + mail.text + text)
    assert not re.search(r"https?:|www\.|@", mail.text + text), "a notice has no link"
    assert "\n" not in text


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=repr)
@pytest.mark.parametrize("locale", LOCALES)
def test_an_sms_has_few_parts(locale: str, channel: Channel) -> None:
    content = MessageContent(notice_texts(locale, channel.attribute), None, "A" * 40)
    assert parts(SMS.render(content).text) <= 3
