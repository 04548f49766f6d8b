"""The messages, in every language that there is a table for."""

import json
import re
from pathlib import Path

import pytest

from passcode.channels.channel import MessageContent
from passcode.channels.email import EMAIL, EmailMessage
from passcode.channels.sms import SMS, TextMessage
from passcode.texts.catalogue import best_locale
from passcode.token_service.code import Code

FOLDER = Path(__file__).parents[2] / "triggers" / "passcode" / "texts" / "messages"
TABLES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
CODE = Code("012345")
BY_KIND = {"subject", "intro", "warning", "sms"}
KEYS = BY_KIND | {"lang", "dir", "expiry", "purpose", "other", "cognito"}


def email(locale: str, app: str = "Example") -> EmailMessage:
    """The email with the code in the language of `locale`."""
    message: EmailMessage = EMAIL.render(MessageContent(TABLES[locale], CODE, app, minutes=5))
    return message


def sms(locale: str, host: str = "app.example.com") -> TextMessage:
    """The SMS with the code in the language of `locale`."""
    message: TextMessage = SMS.render(MessageContent(TABLES[locale], CODE, "Example", host))
    return message


@pytest.mark.parametrize("locale", TABLES)
def test_a_table_is_whole(locale: str) -> None:
    words = TABLES[locale]
    assert set(words) == KEYS
    assert set(words["other"]) == BY_KIND
    assert words["lang"] == locale
    assert words["dir"] == ("rtl" if locale in ("ar", "he") else "ltr")
    assert "{code}" in words["sms"]
    assert "{minutes}" in words["expiry"]
    assert all("{code}" not in text for key, text in words.items() if key not in ("sms", "other", "cognito"))
    assert "{purpose}" not in str(words | {"purpose": "", "cognito": ""}), (
        "a subject is a header, and a code has one purpose"
    )


@pytest.mark.parametrize("locale", TABLES)
def test_the_last_line_of_an_sms_is_bound_to_the_host(locale: str) -> None:
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
def test_a_mail_says_the_code_its_life_and_a_warning(locale: str) -> None:
    mail = email(locale)
    assert "012345" not in mail.subject, "a subject is shown on locked screens"
    for body in (mail.text, mail.html):
        assert body.count("012345") == 1
        assert "5" in body
        assert "Example" in body
    assert f'<html lang="{locale}" dir="{TABLES[locale]["dir"]}">' in mail.html
    assert not re.search(r"https?://|<img|<script", mail.html), "nothing is fetched, so nothing is tracked"


def test_digits_keep_their_order_in_a_line_that_runs_from_right_to_left() -> None:
    assert "\u2066012345\u2069" in email("ar").text
    assert "\u2066012345\u2069" in sms("he", "e.example").text


def test_the_apps_name_is_text_and_not_html() -> None:
    mail = email("en", app="A & <b>B</b> {code}")
    assert "A &amp; &lt;b&gt;B&lt;/b&gt; {code}" in mail.html
    assert "<b>" not in mail.html


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
    assert best_locale(wanted, frozenset(TABLES)) == locale


def test_a_message_does_not_show_itself() -> None:
    assert "012345" not in repr(email("en"))
    assert "012345" not in repr(sms("en", "e.example"))
