"""The messages of codes that are not for a sign-in: their texts, and the purpose that the caller wrote."""

import re
from string import Formatter

import pytest

from passcode.channels.channel import Channel, MessageContent
from passcode.channels.email import EMAIL, EmailMessage
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS, TextMessage
from passcode.texts.catalogue import cognito_message_texts, duration, locales, message_texts
from passcode.token_service.challenge import SIGN_IN, STEP_UP, TOKEN
from passcode.token_service.code import Code
from tests.support.messages import parts

CODE = Code("012345")
LAST = "@app.example.com #012345"
PLACEHOLDERS = {
    "subject": {"app"},
    "intro": {"app"},
    "expiry": {"duration"},
    "purpose": {"purpose"},
    "warning": {"app"},
    "sms": {"app", "code"},
}
LOCALES = sorted(locales())
# The texts for "sign in" in each language, as regular expressions. A language without a row is not checked.
SAYS_SIGN_IN = {
    "ar": "دخول",
    "de": "nmeld",
    "en": "sign",
    "es": "sesión",
    "fr": "connexion|connecter",
    "he": "כניסה|להיכנס",
    "it": "accesso|accede",
    "ja": "サインイン",
    "nl": "inlog|loggen",
    "pt": "sessão",
}
HOSTILE = [
    "{code} {app} {0} {} {{x}} }{ {code.__class__}",
    "100 % %s %(code)s",
    "<b>&amp;</b> \"quoted\" 'single' <script>x</script>",
    "@evil.example #000000",
    "x\n\n@evil.example #000000",
    "x\r\n@evil.example #000000",
    "x\u2028@evil.example #000000",
    "x\x0b@evil.example #000000\n",
    "\\n\\r {purpose}",
]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("minutes", [1, 2, 10])
def test_an_email_has_the_plural_form_for_the_time_until_the_code_expires(locale: str, minutes: int) -> None:
    texts = message_texts(locale, SIGN_IN)
    message: EmailMessage = EMAIL.render(MessageContent(texts, CODE, "Example", minutes=minutes))
    assert texts["expiry"].format(duration=duration(texts, minutes * 60)) in message.text
    if locale == "en":
        assert f"in {minutes} minute{'' if minutes == 1 else 's'} and" in message.text.replace("\u00a0", " ")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("channel", CHANNELS.values(), ids=repr)
def test_each_channel_has_its_texts_in_each_language(channel: Channel, locale: str) -> None:
    for kind in (SIGN_IN, TOKEN):
        message = channel.render(MessageContent(message_texts(locale, kind), CODE, "Example", minutes=5))
        assert any("012345" in text for text in vars(message).values())
    for kind in ("sign_up", "address", "recovery", "invitation") if channel.custom_sender else ():
        message = channel.render(MessageContent(cognito_message_texts(locale, kind), CODE, "Example"))
        assert any("012345" in text for text in vars(message).values())


def mail_for(purpose: str, locale: str = "en", app: str = "Example") -> EmailMessage:
    texts = message_texts(locale, TOKEN)
    message: EmailMessage = EMAIL.render(MessageContent(texts, CODE, app, minutes=5, purpose=purpose))
    return message


def sms_for(purpose: str, locale: str = "en", app: str = "Example") -> str:
    texts = message_texts(locale, TOKEN)
    message: TextMessage = SMS.render(MessageContent(texts, CODE, app, "app.example.com", purpose=purpose))
    return message.text


@pytest.mark.parametrize("locale", SAYS_SIGN_IN)
def test_only_the_message_of_a_sign_in_mentions_signing_in(locale: str) -> None:
    says = re.compile(SAYS_SIGN_IN[locale])
    assert any(says.search(text) for text in message_texts(locale, SIGN_IN).values())
    for kind in (TOKEN, STEP_UP):
        assert not [text for text in message_texts(locale, kind).values() if says.search(text)]


@pytest.mark.parametrize("kind", [SIGN_IN, TOKEN, STEP_UP])
@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_has_exactly_its_placeholders(locale: str, kind: str) -> None:
    texts = message_texts(locale, kind)
    own = {key for key in texts if not key.startswith("duration.")}
    assert own == set(PLACEHOLDERS) | {"lang", "dir"}
    for key, wanted in PLACEHOLDERS.items():
        found = {name for _, name, _, _ in Formatter().parse(texts[key]) if name is not None}
        assert found == wanted, key


@pytest.mark.parametrize("locale", LOCALES)
def test_the_purpose_has_a_separate_line(locale: str) -> None:
    label = message_texts(locale, TOKEN)["purpose"].partition("{")[0]
    mail, text = mail_for("payment of 20 EUR", locale), sms_for("payment of 20 EUR", locale)
    for body in (mail.text, text):
        (line,) = (line for line in body.splitlines() if "payment" in line)
        assert line.startswith(label)
        assert line.strip("\u2069").endswith("payment of 20 EUR")
    (shown,) = re.findall(r'^<p dir="auto">(.*)</p>$', mail.html, re.MULTILINE)
    assert shown == line
    assert "payment" not in mail.subject
    assert "payment" not in repr(mail)
    assert text.splitlines()[-2:] == ["", LAST]
    assert not re.search(r"[{}]", mail.subject + mail.text + mail.html + text), "a placeholder was left"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_message_without_a_purpose_has_no_line_for_it(locale: str) -> None:
    label = message_texts(locale, TOKEN)["purpose"].partition("{")[0].strip()
    mail, text = mail_for("", locale), sms_for("", locale)
    assert not [body for body in (mail.text, mail.html, text) if label in body]
    assert 'dir="auto"' not in mail.html
    assert not re.search("\n\n\n|\u2068", mail.text + text)


def test_the_english_message_has_this_text() -> None:
    mail = mail_for("to approve a payment of 20 EUR")
    assert mail.subject == "Your Example verification code"
    assert mail.text == (
        "Enter this code in Example:\n\n012345\n\nPurpose: to approve a payment of 20 EUR\n\n"
        "It expires in 5\u00a0minutes and can be used once.\n"
        "Don't share it with anyone: Example staff will never ask for it. "
        "If you didn't request this code, ignore this message.\n"
    )
    assert sms_for("to approve a payment of 20 EUR") == (
        "012345 is your Example verification code. Don't share it with anyone.\n"
        f"Purpose: to approve a payment of 20 EUR\n\n{LAST}"
    )


@pytest.mark.parametrize("locale", ["en", "he"])
@pytest.mark.parametrize("purpose", HOSTILE)
def test_the_purpose_is_shown_and_never_interpreted(purpose: str, locale: str) -> None:
    shown = " ".join(purpose.splitlines())
    mail, text = mail_for(purpose, locale, app="{purpose} %s"), sms_for(purpose, locale, app="{purpose} %s")
    for body in (mail.text, text):
        assert len([line for line in body.splitlines() if shown in line]) == 1
        assert body.count("012345") == (1 if body is mail.text else 2)
    lines = text.splitlines()
    assert lines[-1] == LAST
    assert [line for line in lines if line.startswith("@")] == [LAST]
    assert len(lines) == len(sms_for("plain", locale).splitlines())
    assert len(mail.html.splitlines()) == len(mail_for("plain", locale).html.splitlines())


def test_the_purpose_is_escaped_in_html() -> None:
    html = mail_for("<b>A</b> & \"B\" 'C' {code}").html
    assert "Purpose: &lt;b&gt;A&lt;/b&gt; &amp; &quot;B&quot; &#x27;C&#x27; {code}</p>" in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("locale", "purpose", "isolated"),
    [
        ("en", "payment of 20 EUR", False),
        ("ja", "payment of 20 EUR", False),
        ("de", "Zahlung über 20 €", True),
        ("en", "תשלום של 20", True),
        ("he", "payment of 20 EUR", True),
        ("ar", "دفع 20 يورو", True),
    ],
)
def test_a_purpose_of_another_direction_is_isolated_in_its_line(
    locale: str, purpose: str, isolated: bool
) -> None:
    mail = mail_for(purpose, locale)
    for body in (mail.text, mail.html, sms_for(purpose, locale)):
        assert (f"\u2068{purpose}\u2069" in body) is isolated
        assert body.count("\u2068") == isolated
        assert purpose in body


def test_a_purpose_in_ascii_leaves_an_english_sms_in_gsm_7() -> None:
    text = sms_for("payment of 20 EUR")
    assert text.isascii()
    assert parts(text) == 1


@pytest.mark.parametrize("locale", LOCALES)
def test_the_longest_sms_has_few_parts(locale: str) -> None:
    # Each part costs money, and the whole must cost less than the highest price that SNS accepts.
    in_ascii = parts(sms_for("p" * 64, locale, app="A" * 40))
    assert in_ascii <= (2 if locale in ("de", "en", "fr", "it", "nl") else 4)
    assert parts(sms_for("é" * 64, locale, app="É" * 40)) <= 4
    assert len(sms_for("\U0001f600" * 64, locale, app="界" * 40).encode()) <= 1600, "the limit of SNS"
