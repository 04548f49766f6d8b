"""The messages of our codes: their texts by kind, long codes, and the purpose that the caller wrote."""

import re
from string import Formatter

import pytest

from passcode.channels.channel import Channel, MessageContent
from passcode.channels.email import EMAIL, EmailMessage
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS, TextMessage
from passcode.texts.catalogue import cognito_message_texts, duration, locales, message_texts
from passcode.token_service.challenge import (
    KINDS,
    SIGN_IN_CODE,
    SIGN_IN_KINDS,
    SIGN_IN_PASSWORD,
    STEP_UP,
    TOKEN,
    Code,
    parse_answer,
)
from tests.support.messages import parts

CODE = Code("012345")
LONG, GROUPS = Code("01234567890123456789"), "0123 4567 8901 2345 6789"
LAST = "@app.example.com #012345"
PLACEHOLDERS: dict[str, set[str]] = {
    "subject": {"app"},
    "intro": {"app"},
    "expiry": {"duration"},
    "purpose": {"purpose"},
    "warning": {"app"},
    "requested": {"time"},
    "support": {"url"},
    "sms": {"app"},
    "sms_warning": set(),
    "sms_short": {"app"},
    "voice": set(),
    "voice_caller": {"app"},
    "voice_again": set(),
    "voice_warning": set(),
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
    "hi": "लॉगिन",
    "it": "accesso|accede",
    "ja": "サインイン",
    "ko": "로그인",
    "nl": "inlog|loggen",
    "pl": "log(ow|uj)",
    "pt": "sessão",
    "sv": "logga|inlogg",
    "tr": "[Gg]iriş",
    "zh-Hans": "登录",
}
# The texts for "password" and "without a password" in each language, as regular expressions.
SAYS_PASSWORD = {
    "ar": ("كلمة", "دون كلمة"),
    "de": ("Passwort", "ohne Passwort"),
    "en": ("password", "without a password"),
    "es": ("contraseña", "sin contraseña"),
    "fr": ("mot de passe", "sans mot de passe"),
    "he": ("סיסמה", "בלי סיסמה"),
    "hi": ("पासवर्ड", "बिना पासवर्ड"),
    "it": ("password", "senza password"),
    "ja": ("パスワード", "パスワードを使わずに"),
    "ko": ("비밀번호", "비밀번호 없"),
    "nl": ("wachtwoord", "zonder wachtwoord"),
    "pl": ("hasł", "bez hasła"),
    "pt": ("palavra-passe", "sem palavra-passe"),
    "sv": ("lösenord", "utan lösenord"),
    "tr": ("şifre", "şifresiz"),
    "zh-Hans": ("密码", "免密"),
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
    texts = message_texts(locale, TOKEN)
    message: EmailMessage = EMAIL.render(MessageContent(texts, CODE, "Example", minutes=minutes))
    assert texts["expiry"].format(duration=duration(texts, minutes * 60)) in message.text
    if locale == "en":
        assert f"in {minutes} minute{'' if minutes == 1 else 's'} and" in message.text.replace("\u00a0", " ")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("channel", CHANNELS.values(), ids=repr)
def test_each_channel_has_its_texts_in_each_language(channel: Channel, locale: str) -> None:
    for kind in (SIGN_IN_PASSWORD, SIGN_IN_CODE, TOKEN):
        texts = message_texts(locale, kind, usable=channel.locales)
        message = channel.render(MessageContent(texts, CODE, "Example", minutes=5))
        # The digits of a call have breaks between them.
        assert any("012345" in re.sub("<.*?>", "", text) for text in vars(message).values())
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
    for kind in SIGN_IN_KINDS:
        assert any(says.search(text) for text in message_texts(locale, kind).values())
    for kind in (TOKEN, STEP_UP):
        assert not [text for text in message_texts(locale, kind).values() if says.search(text)]


@pytest.mark.parametrize("locale", SAYS_PASSWORD)
def test_the_message_of_a_sign_in_says_whether_a_password_was_entered(locale: str) -> None:
    password, without = SAYS_PASSWORD[locale]
    with_password, code_alone = (message_texts(locale, kind) for kind in (SIGN_IN_PASSWORD, SIGN_IN_CODE))
    for key in ("intro", "sms", "voice"):
        assert password in with_password[key]
        assert without not in with_password[key]
        assert without in code_alone[key]
    # The user has to change the password only if another person has it.
    assert password in with_password["warning"]
    assert password not in code_alone["warning"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_long_code_is_shown_in_groups_of_four_and_filled_in_without_spaces(locale: str, kind: str) -> None:
    content = MessageContent(message_texts(locale, kind), LONG, "Example", "app.example", 5, in_groups=True)
    mail, text = EMAIL.render(content), SMS.render(content).text
    # In a line that runs from right to left, a no-break space keeps the order of the groups.
    in_text = GROUPS.replace(" ", "\u00a0") if locale in ("ar", "he") else GROUPS
    assert in_text in mail.text.splitlines()
    assert f">{GROUPS}</td>" in mail.html
    assert text.splitlines()[0] == GROUPS
    assert text.splitlines()[-1] == "@app.example #01234567890123456789"
    for body in (mail.text, mail.html, text):
        assert body.replace("\u00a0", " ").count(GROUPS) == 1
        assert body.count("01234567890123456789") == (body is text)


def test_a_long_code_is_read_back_from_its_message() -> None:
    assert parse_answer(GROUPS, 20) == LONG.reveal()


def test_a_temporary_password_of_twenty_digits_is_shown_without_spaces() -> None:
    content = MessageContent(cognito_message_texts("en", "invitation"), LONG, "Example")
    for body in (EMAIL.render(content).text, EMAIL.render(content).html, SMS.render(content).text):
        assert LONG.reveal() in body


@pytest.mark.parametrize("kind", KINDS)
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
        # An SMS may lack the marks of letters.
        assert re.match(re.sub("[^\x00-\x7f]", ".", re.escape(label)), line)
        assert line.strip("\u2069").endswith("payment of 20 EUR")
    (shown,) = re.findall(r'^<p [^>]*dir="auto"[^>]*>(.*)</p>$', mail.html, re.MULTILINE)
    assert shown in mail.text.splitlines()
    assert shown.startswith(label)
    assert "payment" not in mail.subject
    assert "payment" not in repr(mail)
    assert text.splitlines()[-2:] == ["", LAST]
    html = mail.html.partition("</style>")[2]
    assert not re.search(r"[{}$]", mail.subject + mail.text + html + text), "a placeholder was left"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_message_without_a_purpose_has_no_line_for_it(locale: str) -> None:
    label = message_texts(locale, TOKEN)["purpose"].partition("{")[0].strip()
    mail, text = mail_for("", locale), sms_for("", locale)
    assert not [body for body in (mail.text, mail.html, text) if label in body]
    assert 'dir="auto"' not in mail.html
    both = (mail.text + text).replace("\u2068Example\u2069", "Example")
    assert not re.search("\n\n\n|\u2068", both)


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
        "012345\nYour Example verification code. Don't share it with anyone.\n"
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
        ("de", "Zahlung über 20 €", False),
        ("en", "Zahlung – “20” 😀", False),
        ("en", "תשלום של 20", True),
        ("en", "\u202e20 RUE fo", True),
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
        assert body.replace("\u2068Example\u2069", "").count("\u2068") == isolated
        assert purpose in body


@pytest.mark.parametrize("kind", SIGN_IN_KINDS)
@pytest.mark.parametrize("code", [CODE, LONG])
def test_the_sms_of_an_english_sign_in_is_one_part(kind: str, code: Code) -> None:
    in_groups = code is LONG
    content = MessageContent(message_texts("en", kind), code, "Example", "app.example", in_groups=in_groups)
    assert parts(SMS.render(content).text) == 1


@pytest.mark.parametrize("kind", SIGN_IN_KINDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_the_sms_of_a_sign_in_with_a_long_code_has_few_parts(locale: str, kind: str) -> None:
    texts = message_texts(locale, kind)
    content = MessageContent(texts, LONG, "A" * 40, "app.example.com", in_groups=True)
    assert parts(SMS.render(content).text) <= (2 if locale in ("de", "en", "fr", "it", "nl") else 3)


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
    content = MessageContent(message_texts(locale, TOKEN), LONG, "A" * 40, "app.example.com", in_groups=True)
    assert parts(SMS.render(content._replace(purpose="p" * 64)).text) <= in_ascii + 1
    assert len(sms_for("\U0001f600" * 64, locale, app="界" * 40).encode()) <= 1600, "the limit of SNS"
