"""`deliver`: what is sent, over which channel, and when nothing is sent."""

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.support.aws_stubs import Wire, kms, refused_by_aws
from tests.support.deliver_world import Desk, body
from tests.support.events import EMAIL, NOW, PHONE, challenge, code_of
from tests.support.handlers import Heard

CODE = code_of(challenge())
BY_EMAIL = ("email", EMAIL)
BY_SMS = ("sms", PHONE)
TELLING = (CODE, EMAIL, "ada@", PHONE, "0147", "123456", "An error occurred", "Traceback")


@pytest.fixture
def desk(heard: Heard) -> Desk:
    return Desk(heard.telemetry)


def test_a_mail_with_the_code(desk: Desk, heard: Heard) -> None:
    assert desk.deliver(body(BY_EMAIL, BY_SMS)) == []
    (mail,) = desk.ses.sent("send_email")
    assert mail["Destination"] == {"ToAddresses": [EMAIL]}
    simple = mail["Content"]["Simple"]
    assert CODE not in simple["Subject"]["Data"], "a subject shows on a locked screen"
    assert CODE in simple["Body"]["Text"]["Data"].splitlines()
    assert f">{CODE}<" in simple["Body"]["Html"]["Data"]
    assert "expires in 5\u00a0minutes" in simple["Body"]["Text"]["Data"]
    assert desk.sns.calls == desk.table.calls == []
    assert len(desk.keys.calls) == 1
    assert heard.counted("sent") == [{"channel": "email"}]


def test_an_sms_whose_last_line_a_phone_fills_in(desk: Desk, heard: Heard) -> None:
    assert desk.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    (sms,) = desk.sns.sent("publish")
    assert sms["PhoneNumber"] == PHONE
    first, *_, last = sms["Message"].split("\n")
    assert first.startswith(f"{CODE} is your Example sign-in code")
    assert last == f"@app.example #{CODE}"
    assert desk.ses.calls == []
    assert heard.counted("sent") == [{"channel": "sms", "country": "US"}]


@pytest.mark.parametrize("locale", ["ar", "he", "de-AT", "ja", "", "xx", "../../etc", "x" * 10_000])
def test_in_every_language_the_last_line_is_the_same(desk: Desk, locale: str) -> None:
    assert desk.deliver(body(BY_SMS, locale=locale)) == []
    (sms,) = desk.sns.sent("publish")
    assert sms["Message"].split("\n")[-1] == f"@app.example #{CODE}"


def test_nothing_goes_to_nobody(desk: Desk, heard: Heard) -> None:
    assert desk.deliver(body(BY_EMAIL, BY_SMS, decoy=True)) == []
    assert desk.calls() == 0
    assert heard.counted("decoys") == [{}]


@pytest.mark.parametrize("later", [300, 301, 10_000])
def test_nothing_goes_out_too_late(desk: Desk, heard: Heard, later: int) -> None:
    desk.now = NOW + later
    assert desk.deliver(body(BY_EMAIL)) == ["0"]
    assert desk.calls() == 0
    assert heard.counted("send_failed") == [{"channel": "email", "reason": "expired"}]


def test_a_mail_that_ses_refuses_goes_by_sms(desk: Desk, heard: Heard) -> None:
    desk.ses = Wire(send_email=refused_by_aws("MessageRejected"))
    assert desk.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert CODE in desk.sns.sent("publish")[0]["Message"]
    assert heard.counted("send_failed") == [{"channel": "email", "reason": "MessageRejected"}]
    assert heard.counted("sent") == [{"channel": "sms", "country": "US"}]


@pytest.mark.parametrize(
    ("number", "counted"),
    [
        (PHONE, {"reason": "InvalidParameter", "country": "US"}),
        ("+4915112345678", {"reason": "country"}),
        ("+18005550100", {"reason": "country"}),
    ],
)
def test_a_number_that_takes_no_sms_goes_by_mail(
    desk: Desk, heard: Heard, number: str, counted: dict[str, str]
) -> None:
    desk.sns = Wire(publish=refused_by_aws("InvalidParameter"))
    assert desk.deliver(body(("sms", number), BY_EMAIL, channel="sms")) == []
    assert len(desk.ses.sent("send_email")) == 1
    assert heard.counted("send_failed") == [{"channel": "sms"} | counted]
    assert heard.counted("sent") == [{"channel": "email"}]


def test_a_budget_that_is_used_up_goes_by_mail_and_publishes_nothing(desk: Desk, heard: Heard) -> None:
    desk.table = Wire(update_item=refused_by_aws("ConditionalCheckFailedException"))
    assert desk.deliver(body(BY_SMS, BY_EMAIL)) == []
    assert desk.sns.calls == []
    assert len(desk.ses.calls) == 1
    assert heard.counted("send_failed") == [{"channel": "sms", "reason": "budget", "country": "US"}]


def test_when_no_channel_takes_it_it_is_counted_and_not_tried_again(desk: Desk, heard: Heard) -> None:
    desk.ses = Wire(send_email=refused_by_aws("MessageRejected"))
    desk.sns = Wire(publish=refused_by_aws("InvalidParameter"))
    assert desk.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert [m["channel"] for m in heard.counted("send_failed")] == ["email", "sms"]
    assert heard.counted("sent") == []


@pytest.mark.parametrize("wire", ["ses", "keys"])
@pytest.mark.parametrize(
    "error",
    [
        refused_by_aws("TooManyRequestsException"),
        refused_by_aws("InternalFailure"),
        ReadTimeoutError(endpoint_url=f"https://{EMAIL}"),
        RuntimeError(f"{EMAIL} {PHONE} {CODE}"),
    ],
)
def test_what_may_pass_is_tried_again_and_goes_nowhere_else(
    desk: Desk, heard: Heard, wire: str, error: Exception
) -> None:
    setattr(desk, wire, Wire(send_email=error, generate_mac=error))
    assert desk.deliver(body(BY_EMAIL, BY_SMS)) == ["0"]
    assert desk.sns.calls == []
    assert heard.counted("sent") == []
    assert not [word for word in TELLING if word in heard.text]
    desk.ses, desk.keys = Wire(), kms()
    assert desk.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert CODE in str(desk.ses.calls)


def test_nothing_of_a_delivery_stands_in_a_log_or_a_metric(desk: Desk, heard: Heard) -> None:
    desk.deliver(body(BY_EMAIL), body(BY_SMS), body(BY_SMS, decoy=True))
    desk.ses = Wire(send_email=refused_by_aws("MessageRejected"))
    desk.sns = Wire(publish=refused_by_aws("InvalidParameter"))
    desk.deliver(body(BY_EMAIL, BY_SMS))
    assert {line["message"] for line in heard.lines} == {"sent", "not deliverable"}
    assert {line.get("correlation_id") for line in heard.lines} == {challenge().nonce}
    assert not [word for word in TELLING if word in heard.text]
