"""The inbox of the local stack: the code in every message, without the emulator's samples."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from demo_client.web import responses
from demo_client.web.stack_data import message_id
from passcode.channels.channel import MessageContent
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.channels.voice import VOICE
from passcode.texts.catalogue import cognito_message_texts, locales, message_texts, notice_texts
from passcode.token_service.challenge import Code
from tests.support.demo_page import NOW, FakeStackData
from tests.support.users import code_in
from tools.local_stack import cli, inbox, notices
from tools.local_stack import stack as local
from tools.local_stack.inbox import Attachment, Message, secret_in
from tools.local_stack.stack import Stack

LONG = "12345678901234567890"
GROUPS = "1234 5678 9012 3456 7890"
PNG = b64encode(b"\x89PNG a logo").decode()
KINDS = ("sign_in", "sign_in_password", "sign_in_code", "step_up")
COGNITO_KINDS = ("sign_up", "address", "recovery", "invitation", "a_new_kind")


def sms(text: str) -> Message:
    return Message("sms", "+12065550100", "", text, "", NOW)


def email(html: str = "", *attachments: Attachment) -> Message:
    return Message(
        "email", "ada@people.example", "Your code", "Enter it:\n\n123456", html, NOW, attachments=attachments
    )


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        # A line with the secret alone, in emails and SMS.
        ("028174\nYour Example code.\n\n@app.example #028174", "028174"),
        ("Enter this code:\n\n12345678\n\nIt expires in 5 minutes.\n", "12345678"),
        (f"Enter this code:\n\n{GROUPS}\n\nIt expires.", LONG),
        (f"{GROUPS}\nYour Example code.\n\n@app.example #{LONG}", LONG),
        ("הקוד:\n\n" + GROUPS.replace(" ", "\u00a0") + "\n", LONG),
        ("رمزك هو:\n\n\u2066123456\u2069\n\nلا تشاركه.", "123456"),
        ("In 2026 we are 10 years old.\n\n123 456\n\nRequested: 2026-11-29 07:30 UTC", "123456"),
        ("123456\r\nYour code.\r\nPurpose: Pay order 98765432", "123456"),
        ("654321\nYour code.\nPurpose: 123456", "654321"),
        # Temporary passwords.
        ("Aa1<>&\"'x\nYour temporary password for Example.\nYour username: ada1815", "Aa1<>&\"'x"),
        ("Use this password:\n\nbV7-$eq.#12@\n\nYour username: ada.l\n\nIt expires.", "bV7-$eq.#12@"),
        ("12345678\nYour temporary password for Example.", "12345678"),
        # A code in a sentence.
        ("028174 is your code.\n\n@app.example #028174", "028174"),
        (f"{GROUPS} is your code.\nPurpose: order 7654321", LONG),
        ("Your verification code is 123456.", "123456"),
        ("\u2066123456\u2069 هو رمزك.", "123456"),
        # No code.
        ("Example: your codes now go to another email address.\nYour username: 12345678", None),
        ("Requested: 2026-11-29 07:30 UTC\nWasn't you? Get help:\nhttps://help.example/?topic=2", None),
        ("Call +12065550100 #123456789012345678901234", None),
        ("", None),
    ],
)
def test_the_secret_of_a_message_is_found(text: str, secret: str | None) -> None:
    assert secret_in(sms(text)) == secret


@pytest.mark.parametrize("code", ["012345", "12345678", LONG])
@pytest.mark.parametrize("purpose", ["", "Pay 20 EUR for order 7654321", "1 2 3"])
def test_the_code_of_a_call_is_found(code: str, purpose: str) -> None:
    texts = message_texts("en", "token")
    content = MessageContent(texts, Code(code), "Example 24", purpose=purpose, in_groups=code == LONG)
    # The local stack shows a call as its text, with spaces for the breaks.
    spoken = " ".join(re.sub("<.*?>", " ", VOICE.render(content).ssml).split())
    assert secret_in(replace(sms(spoken), channel="voice")) == code
    notice = MessageContent(notice_texts("en", "email"), None, "Example 24")
    assert secret_in(replace(sms(VOICE.render(notice).ssml), channel="voice")) is None


# A code in the name of the app, or a line break, is not possible: the template and `deliver` see to that.
NAMES = st.text(st.characters(categories=["L", "Zs"], include_characters="&.'-"), min_size=1, max_size=16)
PURPOSES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=200)
@given(st.data())
def test_the_code_of_each_message_that_the_stack_renders_is_found(data: st.DataObject) -> None:
    locale = data.draw(st.sampled_from(sorted(locales())))
    is_cognito = data.draw(st.booleans())
    kind = data.draw(st.sampled_from(COGNITO_KINDS if is_cognito else KINDS))
    code = data.draw(st.from_regex(r"[0-9]{6}|[0-9]{8}|[0-9]{20}", fullmatch=True))
    content = MessageContent(
        texts=(cognito_message_texts if is_cognito else message_texts)(locale, kind),
        code=Code(code),
        app=data.draw(NAMES),
        host=data.draw(st.sampled_from(["", "app.example"])),
        minutes=5,
        purpose=data.draw(PURPOSES),
        in_groups=len(code) == 20,
    )
    assert secret_in(sms(EMAIL.render(content).text)) == code
    assert secret_in(sms(SMS.render(content).text)) == code


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(locales())),
    st.from_regex(r"[a-z][0-9][!-9;-~]{6,18}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
)
def test_the_temporary_password_of_an_invitation_is_found(locale: str, password: str, user: str) -> None:
    texts = cognito_message_texts(locale, "invitation")
    content = MessageContent(texts=texts, code=Code(password), app="Example", purpose=user)
    assert secret_in(sms(EMAIL.render(content).text)) == password
    assert secret_in(sms(SMS.render(content).text)) == password


@pytest.mark.parametrize("locale", sorted(locales()))
def test_a_notice_has_no_code(locale: str) -> None:
    for texts in (notice_texts(locale, "email"), cognito_message_texts(locale, "notice")):
        content = MessageContent(texts=texts, code=None, app="Example", purpose="12345678")
        assert secret_in(sms(EMAIL.render(content).text)) is None
        assert secret_in(sms(SMS.render(content).text)) is None


def rendered(message: Message) -> tuple[str, str]:
    """The HTML in the frame of the page, and its policy."""
    response = responses.get(FakeStackData([message]), f"/mail/{message_id(message)}", "")
    return response.body.decode(), response.policy


@pytest.mark.parametrize("reference", ["cid:logo", "cid:lo%67o", "cid:l&#111;go"])
def test_an_attached_image_is_in_the_email(reference: str) -> None:
    logo = Attachment("logo.png", "image/png", "logo", b"\x89PNG a logo")
    html, policy = rendered(email(f'<img src="{reference}"><img src="cid:logo2">', logo))
    assert html == f'<img src="data:image/png;base64,{PNG}"><img src="cid:logo2">'
    assert "img-src data:;" in policy
    assert "script" not in policy


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", 'image/png"><script>', ""])
def test_an_attachment_of_another_type_is_not_in_the_email(kind: str) -> None:
    html = '<img src="cid:logo">'
    assert rendered(email(html, Attachment("logo", kind, "logo", b"<script>")))[0] == html


# The command.

SENT = [
    Message(
        "email",
        "ada@people.example",
        "Your [red]Example[/] code",
        "Enter it:\n\n1234 5678 9012 3456 7890\n\n\x1b[2J\x1b]0;taken\x07",
        "<p>1234</p>",
        NOW,
        "Beispiel Bank <no-reply@passcode.example>",
        (("Auto-Submitted", "auto-generated"),),
        (Attachment("logo.png", "image/png", "logo", b"\x89PNG"),),
    ),
    Message(
        "sms", "+12065550100", "", "Aa1<>&\"'x\nYour temporary password.", "", NOW + timedelta(seconds=1)
    ),
    Message("sms", "+12065550100", "", "Your codes go to another address.", "", NOW + timedelta(seconds=2)),
]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `inbox` on a stack that has sent SENT. Returns the output."""

    def read(stack: object, to: str | None = None, with_emulator: bool = False) -> list[Message]:
        return [message for message in SENT if to in (None, message.to)]

    monkeypatch.setattr(local, "load", object)
    monkeypatch.setattr(notices, "read", list)
    monkeypatch.setattr(inbox, "read", read)

    def run(*options: str) -> str:
        result = CliRunner().invoke(cli.app, ["inbox", *options])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_the_command_shows_the_code_first(run: Any) -> None:
    lines = [line.strip() for line in run().splitlines()]
    assert lines[0].startswith("email to ada@people.example")
    assert lines[1:5] == [
        f"Code:  {LONG}",
        "From: Beispiel Bank <no-reply@passcode.example>",
        "Auto-Submitted: auto-generated",
        "Subject: Your [red]Example[/] code",
    ]
    assert "Temporary password:  Aa1<>&\"'x" in lines


def test_the_command_prints_no_control_character(run: Any) -> None:
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", run()) == []


def test_json_has_the_code_and_the_fields_of_each_message(run: Any) -> None:
    mail, invitation, notice = map(json.loads, run("--json").splitlines())
    assert mail["code"] == LONG
    assert mail["sender"] == SENT[0].sender
    assert mail["headers"] == {"Auto-Submitted": "auto-generated"}
    assert mail["attachments"] == [{"name": "logo.png", "content_type": "image/png", "content_id": "logo"}]
    assert mail["sent_at"] == NOW.isoformat()
    assert invitation["code"] == "Aa1<>&\"'x"
    assert notice["code"] is None


def test_the_command_filters_by_address(run: Any) -> None:
    shown = [json.loads(line) for line in run("--json", "--to", "+12065550100").splitlines()]
    assert [message["channel"] for message in shown] == ["sms", "sms"]


# On the local stack.


@pytest.mark.e2e
def test_the_samples_of_the_emulator_are_not_in_the_inbox(local_stack: Stack) -> None:
    cognito = local_stack.client("cognito-idp")
    key = {"UserPoolId": local_stack.user_pool_id, "Username": "new.user@people.example"}
    attributes = {"email": key["Username"], "email_verified": "true", "phone_number": "+12065550166"}
    cognito.admin_create_user(
        **key,
        TemporaryPassword="Aa1-a long passw0rd",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        DesiredDeliveryMediums=["EMAIL"],
    )
    cognito.admin_set_user_password(**key, Password="An0ther long passw0rd!", Permanent=True)
    token = cognito.admin_initiate_auth(
        UserPoolId=key["UserPoolId"],
        ClientId=_password_client(local_stack),
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": key["Username"], "PASSWORD": "An0ther long passw0rd!"},
    )["AuthenticationResult"]["AccessToken"]
    for attribute in ("email", "phone_number"):
        cognito.get_user_attribute_verification_code(AccessToken=token, AttributeName=attribute)

    samples = inbox.read(local_stack, with_emulator=True)
    for to, count in ((key["Username"], 2), (attributes["phone_number"], 1)):
        assert len([message for message in samples if message.to == to]) == count
        assert inbox.read(local_stack, to) == []


def _password_client(stack: Stack) -> str:
    client = stack.client("cognito-idp").create_user_pool_client(
        UserPoolId=stack.user_pool_id,
        ClientName="passwords",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    found: str = client["UserPoolClient"]["ClientId"]
    return found


@pytest.mark.e2e
def test_an_email_keeps_its_sender_its_headers_and_its_images(local_stack: Stack) -> None:
    before = datetime.now(UTC)
    local_stack.client("sesv2").send_email(
        FromEmailAddress="=?utf-8?q?B=C3=BCcher_AG?= <no-reply@passcode.example>",
        Destination={"ToAddresses": ["reader@people.example"]},
        Content={
            "Simple": {
                "Subject": {"Data": "Ihr Code", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "Ihr Code:\n\n123456\n"}, "Html": {"Data": "<img src='cid:logo'>"}},
                "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
                "Attachments": [
                    {
                        "RawContent": b"\x89PNG a logo",
                        "FileName": "logo.png",
                        "ContentType": "image/png",
                        "ContentDisposition": "INLINE",
                        "ContentId": "logo",
                        "ContentTransferEncoding": "BASE64",
                    }
                ],
            }
        },
    )
    (message,) = inbox.read(local_stack, "Reader@people.example")
    assert message.sender == "Bücher AG <no-reply@passcode.example>"
    assert message.headers == (("Auto-Submitted", "auto-generated"),)
    assert message.attachments == (Attachment("logo.png", "image/png", "logo", b"\x89PNG a logo"),)
    assert message.sent_at > before
    assert code_in(message) == "123456"
    assert rendered(message)[0] == f"<img src='data:image/png;base64,{PNG}'>"
