"""Emails as people see them: their HTML, the code in its line, and the look of the app."""

import re
import string
import struct
import unicodedata
import zlib
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import deliver
from passcode.channels.channel import Destination, MailBrand, MessageContent
from passcode.channels.email import EMAIL, EmailMessage
from passcode.channels.sms import SMS
from passcode.cognito_messages.message import read_message
from passcode.delivery.envelope import ChangeNotice
from passcode.texts.catalogue import cognito_message_texts, isolate, locales, message_texts
from passcode.texts.colors import DARK, LIGHT, contrast
from passcode.token_service.challenge import TOKEN, Code, parse_answer
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import EMAIL as ADDRESS
from tests.support.events import NOW, golden
from tests.support.handlers import HandlerOutput
from tests.support.html_document import Document
from tests.support.template import RESOURCES, TEMPLATE
from tools.artefacts.mail_layout import html_faults
from tools.mail_preview import Sender, contents, emails

LOCALES = sorted(locales())
RIGHT_TO_LEFT = [locale for locale in LOCALES if message_texts(locale, TOKEN)["dir"] == "rtl"]
NAMES = sorted(contents("en", Sender()))
# The signs in Cognito's temporary passwords, beside letters and digits.
COGNITO_SIGNS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
APP_NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='<>@"#'), min_size=1, max_size=40
)


def png(width: int, height: int) -> bytes:
    """A PNG file with white pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\xff" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def has_invisible(text: str) -> bool:
    """Whether the text has a character that people do not see: a mark, a joiner, a control character."""
    return any(unicodedata.category(character) in ("Cc", "Cf") for character in text)


def mail(locale: str = "en", **changes: Any) -> EmailMessage:
    """The email of a sign-in."""
    rendered: EmailMessage = EMAIL.render(contents(locale, Sender())["sign-in"]._replace(**changes))
    return rendered


# Mail programs.


@pytest.mark.parametrize("locale", LOCALES)
def test_an_email_has_only_what_mail_programs_support(locale: str) -> None:
    for sender in (Sender(), Sender(mail=MailBrand("#ffd400", png(300, 60)), support_url="")):
        for name, email in emails(locale, sender).items():
            assert list(html_faults(email.html)) == [], name


@settings(max_examples=200)
@given(APP_NAMES, st.text(max_size=64))
@example("{code} $code ${code} $", "<!-- if code --> $subject <!-- end -->")
@example("<b>A</b> & 'B' \\1 \\g<0>", '"><img src=x> {0} %s')
def test_no_name_and_no_purpose_changes_the_email(app: str, purpose: str) -> None:
    content = contents("en", Sender())["verification-with-purpose"]._replace(app=app)
    plain = EMAIL.render(content._replace(app="x", purpose="x"))
    shown = EMAIL.render(content._replace(purpose=purpose))
    assert list(html_faults(shown.html)) == []
    document = Document(shown.html)
    if purpose:
        assert document.tags == [(tag, {**attrs}) for tag, attrs in Document(plain.html).tags]
    assert document.title == f"Your {isolate(content.texts, app)} verification code"
    assert shown.subject == f"Your {app} verification code"
    assert " ".join(purpose.splitlines()) in document.text
    assert shown.text.count("482915") == 1 + f"{app}{purpose}".count("482915")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_name_in_another_direction_does_not_change_the_order_of_a_line(locale: str) -> None:
    """Without an isolate, `Yahoo!` in an Arabic line would be shown as `!Yahoo`."""
    app = "Bank!" if locale in RIGHT_TO_LEFT else "בנק 24"
    email = mail(locale, app=app)
    lines = f"{email.text}\n{Document(email.html).text}"
    assert lines.count(app) == lines.count(f"\u2068{app}\u2069") >= 4
    assert not has_invisible(email.subject)
    assert ("\u2068Bank!" in mail(locale, app="Bank!").text) is (locale in RIGHT_TO_LEFT)


def test_the_address_for_help_runs_from_left_to_right_in_every_language() -> None:
    """Without the direction, the slash at the end would be shown at the beginning in an Arabic line."""
    (link,) = Document(mail("ar", support_url="https://app.example/help/").html).all("a")
    assert link["dir"] == "ltr"


def test_an_email_without_its_style_element_has_the_light_scheme() -> None:
    """Some programs drop the element. All colours, sizes and alignments are also at the elements."""
    html = re.sub("<style>.*?</style>", "", mail().html, flags=re.DOTALL)
    for attributes in Document(html).all("p") + Document(html).all("h1"):
        assert {"color", "font-size", "line-height"} <= set(
            re.findall(r"(?:^|;)([\w-]+):", attributes["style"])
        )


def test_the_preview_in_the_list_of_emails_is_the_expiry() -> None:
    """The first text of the body is hidden. Without it, the list could show the code on a locked screen."""
    hidden = re.search(r"<body[^>]*>\s*<div style=\"display:none;[^\"]*\">(.*?)</div>", mail().html)
    assert hidden
    assert hidden[1].replace("\u00a0", " ") == "It expires in 5 minutes and can be used once."


# The secret.


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_secret_stands_alone_without_invisible_characters(locale: str, name: str) -> None:
    content = contents(locale, Sender())[name]
    email: EmailMessage = EMAIL.render(content)
    if content.code is None:
        assert "monospace" not in email.html
        return
    secret = content.code.reveal()
    lines = [line for line in email.text.splitlines() if re.sub(r"\s", "", line) == secret]
    assert len(lines) == 1
    assert not has_invisible(lines[0])
    (cell,) = re.findall(r"<td [^>]*monospace[^>]*>(.*?)</td>", email.html)
    assert re.sub(r"\s", "", cell) == secret
    assert not has_invisible(cell)
    if not content.in_groups:
        assert (lines[0], cell) == (secret, secret)
    else:
        assert parse_answer(cell, len(secret)) == secret


@settings(max_examples=200)
@given(
    st.text(
        string.ascii_letters + string.digits + "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-", min_size=6, max_size=99
    )
)
def test_a_temporary_password_is_shown_unchanged_in_every_direction(password: str) -> None:
    for locale in ("en", *RIGHT_TO_LEFT):
        texts = cognito_message_texts(locale, "invitation")
        email = EMAIL.render(MessageContent(texts, Code(password), "Example", purpose="ada"))
        assert password in email.text.splitlines()
        assert password in Document(email.html).text.splitlines()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_groups_of_a_long_code_keep_their_order(locale: str) -> None:
    """In a line from right to left, groups with spaces change places (UAX 9). No-break spaces keep them."""
    email: EmailMessage = EMAIL.render(contents(locale, Sender())["sign-in-long-code"])
    (line,) = [line for line in email.text.splitlines() if line.startswith("4829")]
    separators = {unicodedata.bidirectional(each) for each in line if not each.isdigit()}
    assert separators == ({"CS"} if locale in RIGHT_TO_LEFT else {"WS"})
    assert parse_answer(line, 20) == "48291507364918205573"


@pytest.mark.parametrize("locale", LOCALES)
def test_an_email_is_aligned_in_the_direction_of_its_language(locale: str) -> None:
    start, other = ("right", "left") if locale in RIGHT_TO_LEFT else ("left", "right")
    for name, email in emails(locale, Sender()).items():
        assert f'dir="{message_texts(locale, TOKEN)["dir"]}"' in email.html, name
        assert f"text-align:{start}" in email.html, name
        assert f"text-align:{other}" not in email.html, name
        if "monospace" in email.html:
            (cell,) = re.findall(r"<td [^>]*monospace[^>]*>", email.html)
            assert f'dir="ltr" align="{start}"' in cell
            assert f"direction:ltr;text-align:{start}" in cell


# What the email says.


def test_the_text_part_has_the_same_content() -> None:
    assert mail().text.replace("\u00a0", " ") == (
        "Enter this code to sign in to Harbour Bank without a password:\n\n482915\n\n"
        "It expires in 5 minutes and can be used once.\n"
        "Don't share it with anyone: Harbour Bank staff will never ask for it. If you didn't try to sign in, "
        "someone else entered your username. Ignore this message: no one can sign in without the code.\n\n"
        "Requested: 2026-11-29 07:30 UTC\n"
        "Wasn't you? Get help: https://harbour-bank.example/help\n"
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_the_html_part_has_the_content_of_the_text_part(locale: str) -> None:
    for name, email in emails(locale, Sender()).items():
        shown = " ".join(Document(email.html).text.split())
        for line in email.text.splitlines():
            assert " ".join(line.split()) in shown, name


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (
            "https://app.example/help?topic=a&b=c",
            '<a class="name" dir="ltr" href="https://app.example/help?topic=a&amp;b=c"',
        ),
        ("mailto:help@app.example", '<a class="name" dir="ltr" href="mailto:help@app.example"'),
    ],
)
def test_an_email_links_to_help_for_users_who_requested_nothing(url: str, link: str) -> None:
    email = mail(support_url=url)
    assert link in email.html
    assert list(html_faults(email.html)) == []
    assert f"Wasn't you? Get help: {url}" in email.text
    assert Document(email.html).text.count("mailto:") == 0


def test_an_email_without_a_support_address_and_a_time_has_no_lines_for_them() -> None:
    email = mail(support_url="", requested_at=0)
    for part in (email.text, Document(email.html).text):
        assert "Wasn't you" not in part
        assert "Requested" not in part
    assert "<a" not in email.html


WITHOUT_LINK = ("changed-email", "changed-phone", "cognito-notice", "cognito-invitation")


@pytest.mark.parametrize("locale", LOCALES)
def test_no_link_has_a_code_and_a_notice_has_no_link(locale: str) -> None:
    for name, content in contents(locale, Sender()).items():
        links = Document(EMAIL.render(content).html).all("a")
        secret = content.code.reveal() if content.code else ""
        assert len(links) == (
            name not in ("changed-email", "changed-phone", "cognito-notice", "cognito-invitation")
        )
        assert not [link for link in links if secret in link["href"] or not secret]


# The look.


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
@example("#000000")
@example("#ffffff")
@example("#ffff00")
def test_every_text_is_readable_in_any_brand_colour(color: str) -> None:
    html = mail(mail=MailBrand(color)).html
    (name,) = re.findall(r'<p class="name" style="[^"]*;color:(#\w{6})', html)
    dark = dict(re.findall(r"\.(\w+) \{[^}]*?(?<!-)color: (#\w{6})", html))
    backgrounds = dict(re.findall(r"\.(\w+) \{ background-color: (#\w{6})", html))
    (box,) = re.findall(r"background-color:(#\w{6});border-radius:8px;font-family:Menlo", html)
    assert contrast(name, LIGHT) >= 4.5
    assert contrast("#1a1d23", box) >= 4.5
    assert backgrounds["card"] == DARK
    assert all(contrast(dark[each], DARK) >= 4.5 for each in ("name", "text", "quiet"))
    assert contrast(dark["box"], backgrounds["box"]) >= 4.5


@pytest.mark.parametrize(
    ("size", "shown"),
    [((80, 80), (40, 40)), ((300, 60), (200, 40)), ((1200, 60), (240, 12)), ((20, 10), (80, 40))],
)
def test_the_logo_is_an_attachment_with_its_size(size: tuple[int, int], shown: tuple[int, int]) -> None:
    logo = png(*size)
    email = mail(mail=MailBrand("#0b6e6e", logo), app="Harbour & Bank")
    (image,) = Document(email.html).all("img")
    assert email.logo == logo
    assert (image["src"], image["alt"]) == ("cid:logo", "Harbour & Bank")
    assert (int(image["width"]), int(image["height"])) == shown


def test_an_email_without_a_logo_shows_the_name_and_has_no_attachment() -> None:
    email = mail()
    assert email.logo == b""
    assert Document(email.html).all("img") == []
    assert '<p class="name"' in email.html


@pytest.mark.parametrize("logo", [b"", b"\x89PNG\r\n\x1a\n", b"no picture at all, but long enough"])
def test_a_wrong_logo_stops_no_email(logo: bytes) -> None:
    assert "482915" in mail(mail=MailBrand("#0b6e6e", logo)).html


# From the queue to SES.


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


def test_the_email_has_the_look_and_the_support_address_of_the_stack(handler: DeliverHandler) -> None:
    handler.mail = MailBrand("#c01048", png(80, 40))
    handler.support_url = "https://app.example/help"
    assert handler.deliver(body(("email", ADDRESS))) == []
    (sent,) = handler.ses.sent("send_email")
    simple = sent["Content"]["Simple"]
    assert [(each["ContentId"], each["RawContent"]) for each in simple["Attachments"]] == [
        ("logo", png(80, 40))
    ]
    assert "#c01048" in simple["Body"]["Html"]["Data"]
    for part in simple["Body"].values():
        assert "https://app.example/help" in part["Data"]
        assert "Requested: 2026-01-01 00:00 UTC" in part["Data"]


def cognito_body(name: str) -> str:
    """The body of a golden Cognito message. A handler without a decryptor reads its secret as plain text."""
    event = golden(name)
    event["request"]["code"] = "271828"
    return read_message(event, NOW).pack()


TO = (Destination(EMAIL, ADDRESS),)
NOTICE = ChangeNotice(SMS, TO, "", "sub", "nonce", "0123")
COGNITO_NOTICE = replace(
    read_message(golden("custom_email_account_take_over"), NOW), ciphertext="", destinations=TO
)


@pytest.mark.parametrize(
    ("queued", "has_time", "has_link"),
    [
        (cognito_body("custom_email_forgot_password"), True, True),
        (cognito_body("custom_email_sign_up"), True, True),
        (cognito_body("custom_email_admin_create_user"), False, False),
        (COGNITO_NOTICE.pack(), False, False),
        (NOTICE.pack(), False, False),
    ],
    ids=["recovery", "sign up", "invitation", "notice of cognito", "changed address"],
)
def test_every_other_email_has_the_look_and_only_the_lines_that_fit(
    handler: DeliverHandler, queued: str, has_time: bool, has_link: bool
) -> None:
    handler.mail = MailBrand("#c01048", png(80, 40))
    handler.support_url = "https://app.example/help"
    assert handler.deliver(queued) == []
    simple = handler.ses.sent("send_email")[0]["Content"]["Simple"]
    assert "#c01048" in simple["Body"]["Html"]["Data"]
    assert simple["Attachments"][0]["RawContent"] == png(80, 40)
    for part in simple["Body"].values():
        assert ("Requested: 2026-01-01 00:00 UTC" in part["Data"]) is has_time
        assert ("https://app.example/help" in part["Data"]) is has_link


@pytest.mark.parametrize(
    ("uri", "logo"),
    [
        ("", b""),
        (f"data:image/png;base64,{b64encode(png(9, 9)).decode()}", png(9, 9)),
        # Mail programs show no SVG, and some no WebP: the email has the name.
        (f"data:image/svg+xml;base64,{b64encode(b'<svg/>').decode()}", b""),
        (f"data:image/webp;base64,{b64encode(b'RIFF').decode()}", b""),
        ("data:image/png;base64,abc", b""),
        ("data:image/png;base64,-_-_", b""),
        ("data:image/png,abcd", b""),
        # Base64, but no PNG: the email would show a broken picture and no name.
        ("data:image/png;base64,AAAA", b""),
        (f"data:image/png;base64,{b64encode(png(9, 9)[:8]).decode()}", b""),
        (f"data:image/png;base64,{b64encode(png(0, 9)).decode()}", b""),
        (f"data:image/png;base64,{b64encode(b'GIF89a' + png(9, 9)[6:]).decode()}", b""),
    ],
)
def test_only_a_png_is_a_logo_and_a_wrong_value_stops_no_email(uri: str, logo: bytes) -> None:
    assert deliver._png(uri) == logo


def test_the_largest_logo_fits_the_variables_of_deliver_with_ordinary_values() -> None:
    """Lambda refuses a function whose variables have more than 4,096 bytes together."""
    variables = {
        **TEMPLATE["Globals"]["Function"]["Environment"]["Variables"],
        **RESOURCES["Deliver"]["Properties"]["Environment"]["Variables"],
    }
    arn = "arn:aws:kms:ap-southeast-2:123456789012:key/00000000-0000-4000-8000-000000000000"
    # A stack whose name has 20 characters.
    queue = "https://sqs.ap-southeast-2.amazonaws.com/123456789012/my-company-passcode-CognitoMessages.fifo"
    values = dict.fromkeys(variables, "1000000") | {
        "METRICS_NAMESPACE": "CognitoPasscode/my-company-passcode-1",
        "MONITORING": "FULL",
        **{name: queue for name in variables if name.endswith(("_QUEUE_URL", "_LETTERS_URL"))},
        "SALT": arn[-36:],
        "TABLE_NAME": "my-company-passcode-1-Table-ABCDEFGHIJKLM",
        "CODE_KEY_ID": arn,
        "SENDER_KEY_ID": arn,
        "APP_NAME": "界" * 40,
        "SENDER_EMAIL": "no-reply@notifications.my-company.example.com",
        "SIGN_IN_HOST": "sign-in.customers.my-company.example.com",
        "CONFIGURATION_SET": "my-company-passcode-MailConfiguration-ABCDEFGHIJKL",
        "SMS_COUNTRIES": ",".join(["US"] * 60),
        "SUPPORT_URL": "https://www.my-company.example.com/en/help/security/codes-you-did-not-request",
        "BRAND_LOGO": f"data:image/svg+xml;base64,{'A' * 1900}==",
        "USER_POOL_ID": "ap-southeast-2_AbCdEfGhI",
    }
    assert re.fullmatch(TEMPLATE["Parameters"]["BrandLogo"]["AllowedPattern"], values["BRAND_LOGO"])
    assert set(values) == set(variables)
    size = sum(len(f"{name}{value}".encode()) for name, value in values.items())
    assert size <= 4_096
    assert size - 1_928 - 10 <= 2_100, "docs/messages.md"
