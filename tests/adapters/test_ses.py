"""The SES adapter, checked against the model of AWS: the exact call, and the meaning of each error."""

from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.stub import ANY
from hypothesis import example, given
from hypothesis import strategies as st

from passcode.adapters.ses import SesEmail, named_sender
from passcode.channels.email import EmailMessage
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown
from tests.support.aws_stubs import RecordingClient, Stubs, client, modelled
from tests.support.events import EMAIL, NOW

MAIL = EmailMessage(subject="Betreff ✓", text="654321", html="<p>654321</p>")
# botocore's stub compares a list of dictionaries with ==, so its ANY works inside them.
MAIL_CALL: dict[str, Any] = {
    "FromEmailAddress": "no-reply@app.example",
    "Destination": {"ToAddresses": [EMAIL]},
    "ConfigurationSetName": "mail",
    "EmailTags": [],
    "Content": {
        "Simple": {
            "Subject": {"Data": "Betreff ✓", "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": "654321", "Charset": "UTF-8"},
                "Html": {"Data": "<p>654321</p>", "Charset": "UTF-8"},
            },
            "Headers": [
                {"Name": "Auto-Submitted", "Value": "auto-generated"},
                {"Name": "X-Entity-Ref-ID", "Value": ANY},
            ],
        }
    },
}
# Errors of the model that are temporary. The errors of all services are temporary too.
TRANSIENT = {"TooManyRequestsException", "LimitExceededException"}
COMMON = ["ThrottlingException", "AccessDenied"]


@pytest.fixture
def aws() -> Iterator[Stubs]:
    with Stubs() as stubs:
        yield stubs


def send(message: EmailMessage = MAIL) -> SendResult:
    """Send the email of these tests, or another one."""
    mail = SesEmail(client("sesv2"), "no-reply@app.example", "mail")
    return mail.send(Outgoing(EMAIL, message, NOW, is_open_class=True))


def test_an_email_is_sent_with_one_call(aws: Stubs) -> None:
    aws.ses.add_response("send_email", {"MessageId": "1"}, MAIL_CALL)
    assert send() == Taken(message_id="1")


def test_an_email_without_a_configuration_set_names_none(aws: Stubs) -> None:
    """SES refuses an empty name. Without one, the default set of the identity applies."""
    without = {name: value for name, value in MAIL_CALL.items() if name != "ConfigurationSetName"}
    aws.ses.add_response("send_email", {"MessageId": "1"}, without)
    mail = SesEmail(client("sesv2"), "no-reply@app.example", "")
    assert mail.send(Outgoing(EMAIL, MAIL, NOW, is_open_class=True)) == Taken(message_id="1")


def test_the_logo_is_an_inline_attachment(aws: Stubs) -> None:
    """The stub checks the names and types of the attachment against the model of AWS."""
    simple = MAIL_CALL["Content"]["Simple"]
    attachment = {
        "RawContent": b"\x89PNG",
        "FileName": "logo.png",
        "ContentType": "image/png",
        "ContentDisposition": "INLINE",
        "ContentId": "logo",
        "ContentTransferEncoding": "BASE64",
    }
    content = {"Simple": {**simple, "Attachments": [attachment]}}
    aws.ses.add_response("send_email", {"MessageId": "1"}, {**MAIL_CALL, "Content": content})
    assert send(replace(MAIL, logo=b"\x89PNG")) == Taken(message_id="1")


def test_each_message_has_another_reference() -> None:
    """Gmail shows messages with one reference as one conversation."""
    recording = RecordingClient({"send_email": {"MessageId": "1"}})
    for _ in range(2):
        mail = SesEmail(recording, "no-reply@app.example", "mail")
        assert mail.send(Outgoing(EMAIL, MAIL, NOW, is_open_class=True)) == Taken(message_id="1")
    headers = [call["Content"]["Simple"]["Headers"] for call in recording.sent("send_email")]
    references = [{each["Name"]: each["Value"] for each in mail}["X-Entity-Ref-ID"] for mail in headers]
    assert len({UUID(reference) for reference in references}) == 2


# The characters that AppName allows, without spaces at the ends.
APP_NAMES = st.text(
    st.characters(exclude_characters='<>@"#', exclude_categories=["C", "Z"]), min_size=1, max_size=40
)


def read_from(value: str) -> tuple[str, str]:
    """The name and the address of the sender, as a mail program reads them from a From header."""
    name, address = parseaddr(value)
    return str(make_header(decode_header(name))), address


@given(APP_NAMES)
@example("Harbour Bank, Inc. (Europe)")
@example("Bank \\ Trust")
@example("Hafenbank Köln")
@example("港湾銀行" * 10)
@example("بنك الميناء")
@example("=?utf-8?q?Bank?=")
@example("Bank =?utf-8?b?QmFuaw==?= (Europe)")
def test_the_sender_has_the_name_of_the_app(name: str) -> None:
    value = named_sender(name, "no-reply@app.example")
    assert value.isascii()
    assert value.isprintable()
    assert all(len(word) <= 75 for word in value.split()), "RFC 2047 limits a word to 75 characters"
    assert read_from(value) == (name, "no-reply@app.example")


@pytest.mark.parametrize("code", sorted(modelled("sesv2", "SendEmail") - TRANSIENT))
def test_a_permanent_error_of_ses_is_final(aws: Stubs, code: str) -> None:
    aws.ses.add_client_error("send_email", code, f"{EMAIL} is not wanted")
    assert send() == NotTaken(code, final=True, is_account_wide=code != "BadRequestException")


@pytest.mark.parametrize("code", [*sorted(TRANSIENT), *COMMON])
def test_a_temporary_error_of_ses_is_not_final(aws: Stubs, code: str) -> None:
    aws.ses.add_client_error("send_email", code, f"{EMAIL} later")
    assert send() == NotTaken(f"SES answered {code}", final=False)


def test_an_email_that_ses_cannot_process_now_is_not_taken(aws: Stubs) -> None:
    aws.ses.add_client_error("send_email", "ServiceUnavailable", f"{EMAIL} later", http_status_code=503)
    assert send() == NotTaken("SES answered ServiceUnavailable", final=False)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_after_another_error_of_the_server_the_result_is_unknown(aws: Stubs, status: int) -> None:
    """SES may have accepted the email before the error."""
    aws.ses.add_client_error("send_email", "InternalFailure", EMAIL, http_status_code=status)
    assert send() == Unknown("SES answered InternalFailure")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({}, "SES answered without a message id"),
        ({"message": EMAIL}, "SES answered without a message id"),
        ([], "SES failed with AttributeError"),
    ],
)
def test_after_an_answer_that_the_model_does_not_have_the_result_is_unknown(
    response: object, reason: str
) -> None:
    mail = SesEmail(RecordingClient({"send_email": response}), "no-reply@app.example", "mail")
    assert mail.send(Outgoing(EMAIL, MAIL, NOW, is_open_class=True)) == Unknown(reason)


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, EMAIL), Unknown("SES failed with UnicodeDecodeError")),
        (
            EndpointConnectionError(endpoint_url=EMAIL),
            NotTaken("SES failed with EndpointConnectionError", final=False),
        ),
        (
            ConnectTimeoutError(endpoint_url=EMAIL),
            NotTaken("SES failed with ConnectTimeoutError", final=False),
        ),
        (ReadTimeoutError(endpoint_url=EMAIL), Unknown("SES failed with ReadTimeoutError")),
        (ConnectionClosedError(endpoint_url=EMAIL), Unknown("SES failed with ConnectionClosedError")),
    ],
)
def test_after_a_lost_connection_the_result_is_unknown(error: Exception, result: SendResult) -> None:
    mail = SesEmail(RecordingClient(send_email=error), "no-reply@app.example", "mail")
    assert mail.send(Outgoing(EMAIL, MAIL, NOW, is_open_class=True)) == result


def test_the_repr_of_an_email_contains_no_code_and_no_address() -> None:
    assert "654321" not in repr(MAIL)
    assert EMAIL not in repr(Outgoing(EMAIL, MAIL, NOW, is_open_class=True))
