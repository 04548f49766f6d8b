"""`deliver`: the messages, their channels, and the cases without a message."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.support.aws_stubs import RecordingClient, kms, refused_by_aws
from tests.support.deliver_handler import DeliverHandler, body, refusing
from tests.support.events import EMAIL, NOW, PHONE, challenge, code_of
from tests.support.handlers import HandlerOutput

CODE = code_of(challenge())
SMS_CODE = code_of(challenge(), "sms")
BY_EMAIL = ("email", EMAIL)
BY_SMS = ("sms", PHONE)
SECRETS = (CODE, SMS_CODE, EMAIL, "ada@", PHONE, "0147", "123456", "An error occurred", "Traceback")


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
    assert first == SMS_CODE
    assert last == f"@app.example #{SMS_CODE}"
    assert handler.ses.calls == []
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]


@pytest.mark.parametrize("locale", ["ar", "he", "de-AT", "ja", "", "xx", "../../etc", "x" * 10_000])
def test_the_last_line_of_an_sms_is_the_same_in_every_language(handler: DeliverHandler, locale: str) -> None:
    assert handler.deliver(body(BY_SMS, locale=locale)) == []
    (sms,) = handler.sns.sent("publish")
    assert sms["Message"].split("\n")[-1] == f"@app.example #{SMS_CODE}"


def test_a_decoy_gets_no_message(handler: DeliverHandler, output: HandlerOutput) -> None:
    assert handler.deliver(body(BY_EMAIL, BY_SMS, decoy=True)) == []
    assert handler.calls() == 0
    assert output.counted("decoys") == [{}]


@pytest.mark.parametrize("later", [300, 301, 10_000])
def test_an_expired_code_is_not_sent_and_is_a_dead_letter(
    handler: DeliverHandler, output: HandlerOutput, later: int
) -> None:
    handler.now = NOW + later
    assert handler.deliver(body(BY_EMAIL)) == []
    assert handler.calls() == 0
    assert handler.dead_letters == [body(BY_EMAIL)]
    assert output.counted("undelivered") == [{}]
    assert output.counted("send_failed") == [{"channel": "email", "reason": "expired"}]


def test_each_destination_gets_another_code(handler: DeliverHandler) -> None:
    """An attacker who redirects a message receives a code that authenticates no user."""
    others = [("email", "eve@people.example"), ("email", "Ada@people.example"), ("sms", "+12025550148")]
    for to in others:
        assert handler.deliver(body(to)) == []
    mails, (sms,) = handler.ses.sent("send_email"), handler.sns.sent("publish")
    texts = [mail["Content"]["Simple"]["Body"]["Text"]["Data"] for mail in mails] + [sms["Message"]]
    codes = {code for text in texts for code in re.findall(r"\b[0-9]{8}\b", text)}
    assert len(codes) == 3
    assert not codes & {CODE, SMS_CODE}


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": NOW + 1 + 661},
        {"purpose": "sign_in"},
        {"purpose": "other"},
        {"purpose": "sign_in_code:pay 20 EUR"},
        {"purpose": "sign_in_password:"},
        {"nonce": "a" * 31},
        {"nonce": "A" * 32},
        {"nonce": "a" * 32 + "\n"},
        {"digits": 5},
        {"digits": 11},
        {"digits": 19},
        {"digits": 21},
        {"counter": 0},
    ],
    ids=str,
)
def test_a_challenge_that_the_token_service_cannot_have_issued_is_not_sent(
    handler: DeliverHandler, output: HandlerOutput, changes: dict[str, Any]
) -> None:
    """Otherwise a principal that can write to the queue could have any text sent."""
    assert handler.deliver(body(BY_EMAIL, **changes)) == []
    assert handler.calls() == 0
    assert handler.dead_letters == [body(BY_EMAIL, **changes)]
    assert output.counted("errors") == [{}]


@pytest.mark.parametrize("digits", [6, 10, 20])
def test_a_code_has_the_number_of_digits_of_its_challenge(handler: DeliverHandler, digits: int) -> None:
    given: dict[str, Any] = {"digits": digits, "expires_at": NOW + 1 + 660}
    assert handler.deliver(body(BY_EMAIL, **given)) == []
    (mail,) = handler.ses.sent("send_email")
    code = code_of(challenge(**given))
    assert len(code) == digits
    # A message shows a long code in groups.
    assert code in mail["Content"]["Simple"]["Body"]["Text"]["Data"].replace(" ", "").splitlines()


@pytest.mark.parametrize(
    "to",
    [("email", "ada@PEOPLE.example"), ("email", " ada@people.example"), ("sms", "+1 2025550147")],
)
def test_an_address_that_is_not_in_the_form_of_its_channel_is_refused(
    handler: DeliverHandler, to: tuple[str, str]
) -> None:
    """The code is derived for the parsed address, so `verify` would refuse the code of another form."""
    assert handler.deliver(body(to)) == []
    assert handler.calls() == 0
    assert handler.dead_letters == [body(to)]


def test_a_challenge_of_the_release_before_is_refused(handler: DeliverHandler) -> None:
    fields = json.loads(body(BY_EMAIL))
    fields["challenge"] = (
        '{"v":1,"purpose":"sign_in","subject":"6f1d2a52-6c1e-4f0e-9d3a-2b7c9f0a1e44","counter":1,"nonce":'
        '"00112233445566778899aabbccddeeff","issued_at":1767225600,"expires_at":1767225900,"channel":"email",'
        '"bound":"f452a7bb7e45aa5f","decoy":false}'
    )
    assert handler.deliver(json.dumps(fields)) == []
    assert handler.calls() == 0
    assert handler.dead_letters == [json.dumps(fields)]


def test_an_email_that_ses_refuses_is_sent_by_sms(handler: DeliverHandler, output: HandlerOutput) -> None:
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert SMS_CODE in handler.sns.sent("publish")[0]["Message"]
    assert output.counted("send_failed") == [{"channel": "email", "reason": "MessageRejected"}]
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]


@pytest.mark.parametrize(
    ("number", "counted"),
    [
        (PHONE, {"reason": "InvalidParameter", "country": "US"}),
        ("+4915112345678", {"reason": "country"}),
        ("+19005550100", {"reason": "number"}),
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


@pytest.mark.parametrize(("refused", "reason"), [("sms_to#", "number_limit"), ("sms_day#", "budget")])
def test_with_a_used_up_sms_budget_the_code_goes_by_email(
    handler: DeliverHandler, output: HandlerOutput, refused: str, reason: str
) -> None:
    handler.table = refusing(refused)
    assert handler.deliver(body(BY_SMS, BY_EMAIL)) == []
    assert handler.sns.calls == []
    assert len(handler.ses.calls) == 1
    assert output.counted("send_failed") == [{"channel": "sms", "reason": reason, "country": "US"}]


def test_a_message_that_every_channel_refuses_is_a_dead_letter(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    handler.sns = RecordingClient(publish=refused_by_aws("InvalidParameter"))
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert [m["channel"] for m in output.counted("send_failed")] == ["email", "sms"]
    assert output.counted("sent") == []
    assert output.counted("undelivered") == [{}]
    assert output.counted("errors") == []
    assert handler.dead_letters == [body(BY_EMAIL, BY_SMS)]
    assert CODE not in handler.dead_letters[0]


@pytest.mark.parametrize("failing_client", ["ses", "keys"])
@pytest.mark.parametrize(
    "error",
    [
        refused_by_aws("TooManyRequestsException", status=429),
        refused_by_aws("InternalFailure", status=500),
        ReadTimeoutError(endpoint_url=f"https://{EMAIL}"),
        RuntimeError(f"{EMAIL} {PHONE} {CODE}"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_temporary_failure_of_the_only_channel_is_retried_through_the_queue(
    handler: DeliverHandler, output: HandlerOutput, failing_client: str, error: Exception
) -> None:
    setattr(handler, failing_client, RecordingClient(send_email=error, generate_mac=error))
    assert handler.deliver(body(BY_EMAIL)) == ["0"]
    assert output.counted("sent") == []
    assert handler.delays == [5]
    assert handler.dead_letters == []
    assert not [secret for secret in SECRETS if secret in output.text]
    handler.ses, handler.keys = RecordingClient(), kms()
    assert handler.deliver(body(BY_EMAIL)) == []
    assert CODE in str(handler.ses.calls)


def test_logs_and_metrics_contain_no_secret_of_a_delivery(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.deliver(body(BY_EMAIL), body(BY_SMS), body(BY_SMS, decoy=True))
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    handler.sns = RecordingClient(publish=refused_by_aws("InvalidParameter"))
    handler.deliver(body(BY_EMAIL, BY_SMS))
    assert {line["message"] for line in output.lines} == {"sent", "not deliverable", "undelivered"}
    assert {line.get("correlation_id") for line in output.lines} == {challenge().nonce}
    assert not [secret for secret in SECRETS if secret in output.text]
