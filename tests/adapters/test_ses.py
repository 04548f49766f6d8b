"""The SES adapter, checked against the model of AWS: the exact call, and the meaning of each error."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from passcode.adapters.ses import SesEmail
from passcode.channels.email import EmailMessage
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown
from tests.support.aws_stubs import RecordingClient, Stubs, client, modelled
from tests.support.events import EMAIL, NOW

MAIL = EmailMessage(subject="Betreff ✓", text="654321", html="<p>654321</p>")
MAIL_CALL = {
    "FromEmailAddress": "no-reply@app.example",
    "Destination": {"ToAddresses": [EMAIL]},
    "ConfigurationSetName": "mail",
    "Content": {
        "Simple": {
            "Subject": {"Data": "Betreff ✓", "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": "654321", "Charset": "UTF-8"},
                "Html": {"Data": "<p>654321</p>", "Charset": "UTF-8"},
            },
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


def send() -> SendResult:
    """Send the email of these tests."""
    mail = SesEmail(client("sesv2"), "no-reply@app.example", "mail")
    return mail.send(Outgoing(EMAIL, MAIL, NOW, is_open_class=True))


def test_an_email_is_sent_with_one_call(aws: Stubs) -> None:
    aws.ses.add_response("send_email", {"MessageId": "1"}, MAIL_CALL)
    assert send() == Taken()


@pytest.mark.parametrize("code", sorted(modelled("sesv2", "SendEmail") - TRANSIENT))
def test_a_permanent_error_of_ses_is_final(aws: Stubs, code: str) -> None:
    aws.ses.add_client_error("send_email", code, f"{EMAIL} is not wanted")
    assert send() == NotTaken(code, final=True)


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
