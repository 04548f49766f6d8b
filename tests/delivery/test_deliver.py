"""`deliver`: the messages, their channels, and the cases without a message."""

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.support.aws_stubs import RecordingClient, kms, refused_by_aws
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import EMAIL, NOW, PHONE, challenge, code_of
from tests.support.handlers import HandlerOutput

CODE = code_of(challenge())
BY_EMAIL = ("email", EMAIL)
BY_SMS = ("sms", PHONE)
SECRETS = (CODE, EMAIL, "ada@", PHONE, "0147", "123456", "An error occurred", "Traceback")


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


def test_an_email_contains_the_code(handler: DeliverHandler, output: HandlerOutput) -> None:
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    (mail,) = handler.ses.sent("send_email")
    assert mail["Destination"] == {"ToAddresses": [EMAIL]}
    simple = mail["Content"]["Simple"]
    assert CODE not in simple["Subject"]["Data"], "a locked screen shows the subject"
    assert CODE in simple["Body"]["Text"]["Data"].splitlines()
    assert f">{CODE}<" in simple["Body"]["Html"]["Data"]
    assert "expires in 5\u00a0minutes" in simple["Body"]["Text"]["Data"]
    assert handler.sns.calls == handler.table.calls == []
    assert len(handler.keys.calls) == 1
    assert output.counted("sent") == [{"channel": "email"}]


def test_an_sms_ends_with_the_line_for_autofill(handler: DeliverHandler, output: HandlerOutput) -> None:
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    (sms,) = handler.sns.sent("publish")
    assert sms["PhoneNumber"] == PHONE
    first, *_, last = sms["Message"].split("\n")
    assert first.startswith(f"{CODE} is your Example sign-in code")
    assert last == f"@app.example #{CODE}"
    assert handler.ses.calls == []
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]


@pytest.mark.parametrize("locale", ["ar", "he", "de-AT", "ja", "", "xx", "../../etc", "x" * 10_000])
def test_the_last_line_of_an_sms_is_the_same_in_every_language(handler: DeliverHandler, locale: str) -> None:
    assert handler.deliver(body(BY_SMS, locale=locale)) == []
    (sms,) = handler.sns.sent("publish")
    assert sms["Message"].split("\n")[-1] == f"@app.example #{CODE}"


def test_a_decoy_gets_no_message(handler: DeliverHandler, output: HandlerOutput) -> None:
    assert handler.deliver(body(BY_EMAIL, BY_SMS, decoy=True)) == []
    assert handler.calls() == 0
    assert output.counted("decoys") == [{}]


@pytest.mark.parametrize("later", [300, 301, 10_000])
def test_an_expired_code_is_not_sent(handler: DeliverHandler, output: HandlerOutput, later: int) -> None:
    handler.now = NOW + later
    assert handler.deliver(body(BY_EMAIL)) == ["0"]
    assert handler.calls() == 0
    assert output.counted("send_failed") == [{"channel": "email", "reason": "expired"}]


def test_an_email_that_ses_refuses_is_sent_by_sms(handler: DeliverHandler, output: HandlerOutput) -> None:
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert CODE in handler.sns.sent("publish")[0]["Message"]
    assert output.counted("send_failed") == [{"channel": "email", "reason": "MessageRejected"}]
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]


@pytest.mark.parametrize(
    ("number", "counted"),
    [
        (PHONE, {"reason": "InvalidParameter", "country": "US"}),
        ("+4915112345678", {"reason": "country"}),
        ("+18005550100", {"reason": "country"}),
    ],
)
def test_a_number_that_cannot_get_an_sms_falls_back_to_email(
    handler: DeliverHandler, output: HandlerOutput, number: str, counted: dict[str, str]
) -> None:
    handler.sns = RecordingClient(publish=refused_by_aws("InvalidParameter"))
    assert handler.deliver(body(("sms", number), BY_EMAIL, channel="sms")) == []
    assert len(handler.ses.sent("send_email")) == 1
    assert output.counted("send_failed") == [{"channel": "sms"} | counted]
    assert output.counted("sent") == [{"channel": "email"}]


def test_with_a_used_up_sms_budget_the_code_goes_by_email(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.table = RecordingClient(update_item=refused_by_aws("ConditionalCheckFailedException"))
    assert handler.deliver(body(BY_SMS, BY_EMAIL)) == []
    assert handler.sns.calls == []
    assert len(handler.ses.calls) == 1
    assert output.counted("send_failed") == [{"channel": "sms", "reason": "budget", "country": "US"}]


def test_a_message_that_every_channel_refuses_is_counted_and_not_retried(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    handler.sns = RecordingClient(publish=refused_by_aws("InvalidParameter"))
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert [m["channel"] for m in output.counted("send_failed")] == ["email", "sms"]
    assert output.counted("sent") == []


@pytest.mark.parametrize("failing_client", ["ses", "keys"])
@pytest.mark.parametrize(
    "error",
    [
        refused_by_aws("TooManyRequestsException"),
        refused_by_aws("InternalFailure"),
        ReadTimeoutError(endpoint_url=f"https://{EMAIL}"),
        RuntimeError(f"{EMAIL} {PHONE} {CODE}"),
    ],
)
def test_a_temporary_failure_is_retried_on_the_same_channel(
    handler: DeliverHandler, output: HandlerOutput, failing_client: str, error: Exception
) -> None:
    setattr(handler, failing_client, RecordingClient(send_email=error, generate_mac=error))
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == ["0"]
    assert handler.sns.calls == []
    assert output.counted("sent") == []
    assert not [secret for secret in SECRETS if secret in output.text]
    handler.ses, handler.keys = RecordingClient(), kms()
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert CODE in str(handler.ses.calls)


def test_logs_and_metrics_contain_no_secret_of_a_delivery(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.deliver(body(BY_EMAIL), body(BY_SMS), body(BY_SMS, decoy=True))
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    handler.sns = RecordingClient(publish=refused_by_aws("InvalidParameter"))
    handler.deliver(body(BY_EMAIL, BY_SMS))
    assert {line["message"] for line in output.lines} == {"sent", "not deliverable"}
    assert {line.get("correlation_id") for line in output.lines} == {challenge().nonce}
    assert not [secret for secret in SECRETS if secret in output.text]
