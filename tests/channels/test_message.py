"""The messages of a sign-in, in every language of the catalogue."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger

from passcode.channels.channel import Channel, MessageContent
from passcode.channels.email import EMAIL, EmailMessage
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS, TextMessage
from passcode.texts.catalogue import locales, message_texts
from passcode.token_service.challenge import SIGN_IN_CODE, Code

TABLES = {locale: message_texts(locale, SIGN_IN_CODE) for locale in sorted(locales())}
CODE = Code("012345")


def email(locale: str, app: str = "Example") -> EmailMessage:
    """The email with the code in the language of `locale`."""
    message: EmailMessage = EMAIL.render(MessageContent(TABLES[locale], CODE, app, minutes=5))
    return message


def sms(locale: str, host: str = "app.example.com") -> TextMessage:
    """The SMS with the code in the language of `locale`."""
    message: TextMessage = SMS.render(MessageContent(TABLES[locale], CODE, "Example", host))
    return message


@pytest.mark.parametrize("locale", TABLES)
def test_the_last_line_of_an_sms_binds_the_code_to_the_host(locale: str) -> None:
    text = sms(locale).text
    assert text.splitlines()[-1] == "@app.example.com #012345"
    assert text.splitlines()[-2] == ""
    assert text.count("012345") == 2
    assert "Example" in text


def test_an_english_sms_is_one_part() -> None:
    text = sms("en").text
    assert len(text) <= 160
    assert text.isascii()


@pytest.mark.parametrize("locale", TABLES)
def test_an_email_contains_the_code_and_its_lifetime_and_loads_nothing(locale: str) -> None:
    mail = email(locale)
    assert "012345" not in mail.subject, "a locked screen shows the subject"
    assert "012345" in mail.text.splitlines(), "the code has a separate line"
    for body in (mail.text, mail.html):
        assert body.count("012345") == 1
        assert "5" in body
        assert "Example" in body
    assert f'<html lang="{locale}" dir="{TABLES[locale]["dir"]}">' in mail.html
    assert not re.search(r"https?://|<img|<script", mail.html), "a mail that loads nothing cannot be tracked"


def test_digits_keep_their_order_in_right_to_left_texts() -> None:
    assert sms("he", "e.example").text.splitlines()[0] == "012345"


def test_the_name_of_the_app_is_escaped_in_html() -> None:
    mail = email("en", app="A & <b>B</b> {code}")
    assert "A &amp; &lt;b&gt;B&lt;/b&gt; {code}" in mail.html
    assert "<b>" not in mail.html


def test_the_repr_of_a_message_contains_no_code() -> None:
    assert "012345" not in repr(email("en"))
    assert "012345" not in repr(sms("en", "e.example"))


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=repr)
def test_neither_a_log_line_nor_json_can_contain_a_message(channel: Channel) -> None:
    message: Any = channel.render(MessageContent(TABLES["en"], CODE, "Example", minutes=5))
    out = StringIO()
    # Powertools keeps the stream of a logger by its name.
    Logger(service=f"a test of {channel.name}", stream=out).warning("a mistake", extra={"shown": message})
    assert json.loads(out.getvalue())["shown"] == repr(message)
    # JSON writes a tuple as a list.
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"shown": message})
