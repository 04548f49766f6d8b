"""The adapter of SES against AWS's own model: the exact call, and what each error means."""

from collections.abc import Iterator

import pytest

from passcode.adapters.ses import SesEmail
from passcode.channels.email import EmailMessage
from passcode.delivery.gateway import NotTaken
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import Stubs, client, modelled
from tests.support.events import EMAIL

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
# As the model has it, these pass; so do the errors that every service has.
TRANSIENT = {"TooManyRequestsException", "LimitExceededException"}
COMMON = ["InternalFailure", "ThrottlingException", "AccessDenied"]


@pytest.fixture
def aws() -> Iterator[Stubs]:
    with Stubs() as stubs:
        yield stubs


def send() -> None:
    """Send the mail of these tests."""
    SesEmail(client("sesv2"), "no-reply@app.example", "mail").send(EMAIL, MAIL)


def test_a_mail_is_one_simple_send(aws: Stubs) -> None:
    aws.ses.add_response("send_email", {"MessageId": "1"}, MAIL_CALL)
    send()


@pytest.mark.parametrize("code", sorted(modelled("sesv2", "SendEmail") - TRANSIENT))
def test_what_ses_will_never_take_is_undeliverable(aws: Stubs, code: str) -> None:
    aws.ses.add_client_error("send_email", code, f"{EMAIL} is not wanted")
    with pytest.raises(NotTaken, match=f"^{code}$"):
        send()


@pytest.mark.parametrize("code", [*sorted(TRANSIENT), *COMMON])
def test_what_ses_may_take_later_is_unavailable(aws: Stubs, code: str) -> None:
    aws.ses.add_client_error("send_email", code, f"{EMAIL} later")
    with pytest.raises(Unavailable, match=f"^SES answered {code}$") as unavailable:
        send()
    assert unavailable.value.__suppress_context__


def test_a_mail_does_not_show_itself_when_it_is_printed() -> None:
    assert "654321" not in repr(MAIL)
