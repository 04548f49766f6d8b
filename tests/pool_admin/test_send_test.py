"""The test message of SES and SNS."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.account_in_memory import refusal
from tools.pool_admin.errors import AdminError
from tools.pool_admin.output import Output, show_sent_message
from tools.pool_admin.users.send_test import GatewayClients, SentMessage, send
from tools.pool_admin.users.suppression import Suppression

SETTINGS = {
    "APP_NAME": "People",
    "SENDER_EMAIL": "a@b.example",
    "CONFIGURATION_SET": "set",
    "SMS_COUNTRIES": "US",
    "SMS_MAX_PRICE": "0.20",
    "SMS_GATEWAY": "SNS",
    "SMS_OPTIONS": "origination_identity=PEOPLE",
}


class FakeGateways:
    """A fake client of SES and SNS. It keeps the last request. `refuses` is the error code of every call."""

    def __init__(self, refuses: str = "", says: str = "") -> None:
        self.refuses, self.says, self.last_request = refuses, says, dict[str, Any]()
        self.suppressed: dict[str, Any] = {}
        # The events in the answer to each question.
        self.reports: list[list[dict[str, Any]]] = []

    def send_email(self, **request: Any) -> dict[str, str]:
        self.last_request = request
        if self.refuses:
            raise refusal(self.refuses, "SendEmail", self.says)
        return {"MessageId": "m-1"}

    publish = send_text_message = send_voice_message = send_email

    def get_suppressed_destination(self, **request: str) -> dict[str, Any]:
        if request["EmailAddress"] not in self.suppressed:
            raise refusal("NotFoundException", "GetSuppressedDestination")
        return {"SuppressedDestination": self.suppressed[request["EmailAddress"]]}

    def get_message_insights(self, **request: str) -> dict[str, Any]:
        assert request == {"MessageId": "m-1"}
        if not self.reports:
            raise refusal("AccessDeniedException", "GetMessageInsights")
        return {"Insights": [{"Events": self.reports.pop(0)}]}


def send_message(client: Any, to: str, **settings: str) -> SentMessage:
    return send(GatewayClients(client, client, client), SETTINGS | settings, to, lambda _seconds: None)


def call(client: Any, to: str, settings: dict[str, str]) -> SentMessage:
    return send(GatewayClients(client, client, client), SETTINGS | settings, to, is_call=True)


def test_a_test_message_goes_through_the_gateway_of_the_stack() -> None:
    provider = FakeGateways()
    options = "origination_identity=pool-1,configuration_set=otp"
    end_user_messaging = {"SMS_GATEWAY": "END_USER_MESSAGING", "SMS_OPTIONS": options}
    assert send_message(provider, "+12065550100", **end_user_messaging).provider == "End User Messaging"
    assert {name: value for name, value in provider.last_request.items() if name != "MessageBody"} == {
        "DestinationPhoneNumber": "+12065550100",
        "MessageType": "TRANSACTIONAL",
        "MaxPrice": "0.20",
        "OriginationIdentity": "pool-1",
        "ConfigurationSetName": "otp",
    }
    refusing = FakeGateways("ConflictException", "The account is in the sandbox.")
    with pytest.raises(AdminError, match="End User Messaging refused it: The account is in the sandbox"):
        send_message(refusing, "+12065550100", **end_user_messaging)


CALLS = {"SMS_OPTIONS": "voice_origination_identity=+12065550199,configuration_set=otp,voice_id_en=AMY"}


@pytest.mark.parametrize("gateway", ["SNS", "END_USER_MESSAGING"])
def test_a_test_call_is_made_as_deliver_calls(gateway: str) -> None:
    provider = FakeGateways()
    settings = CALLS | {"SMS_GATEWAY": gateway, "APP_NAME": "A & B"}
    sent = call(provider, " +12065550100", settings)
    assert (sent.channel, sent.provider, sent.message_id) == ("voice", "End User Messaging", "m-1")
    ssml = provider.last_request.pop("MessageBody")
    assert ssml.count("This is a test of the sign-in messages of A &amp; B.") == 2
    assert ssml.startswith("<speak>")
    assert provider.last_request == {
        "DestinationPhoneNumber": "+12065550100",
        "MessageBodyTextType": "SSML",
        "VoiceId": "AMY",
        "OriginationIdentity": "+12065550199",
        "MaxPricePerMinute": "0.20",
        "ConfigurationSetName": "otp",
    }


@pytest.mark.parametrize(
    ("to", "settings", "text"),
    [
        ("+12065550100", {}, "The stack makes no calls: SmsOptions has no voice_origination_identity."),
        ("x@y.example", CALLS, "A call needs a phone number."),
        ("+447400123456", CALLS, r"The stack sends no SMS to GB"),
        ("+12065550100", CALLS | {"GATEWAY_FUNCTION_ARN": "voice=arn"}, "Your gateway function sends such"),
    ],
)
def test_a_refused_test_call_has_a_reason(to: str, settings: dict[str, str], text: str) -> None:
    provider = FakeGateways()
    with pytest.raises(AdminError, match=text):
        call(provider, to, settings)
    assert provider.last_request == {}


def test_a_call_that_aws_refuses_has_a_reason() -> None:
    provider = FakeGateways("ValidationException", "The number cannot call.")
    with pytest.raises(AdminError, match="End User Messaging refused it: The number cannot call"):
        call(provider, "+12065550100", CALLS)


def test_it_says_where_the_event_of_a_call_is(capsys: pytest.CaptureFixture[str]) -> None:
    show_sent_message(Output(as_json=False), SentMessage("voice", "End User Messaging", "m-1"))
    shown = " ".join(capsys.readouterr().out.split())
    assert "its event is in the log of `delivery_events`" in shown
    show_sent_message(Output(as_json=False), SentMessage("sms", "SNS", "m-1"))
    assert "SMS by SNS have no events" in " ".join(capsys.readouterr().out.split())


def test_notify_sends_no_test_message() -> None:
    provider, notify = FakeGateways(), {"SMS_GATEWAY": "NOTIFY", "SMS_OPTIONS": "notify_configuration=nc-1"}
    with pytest.raises(AdminError, match="for codes only"):
        send_message(provider, "+12065550100", **notify)
    assert provider.last_request == {}


def test_a_test_message_is_sent_as_deliver_sends() -> None:
    provider = FakeGateways()
    assert send_message(provider, "x@y.example").message_id == "m-1"
    assert provider.last_request["ConfigurationSetName"] == "set"
    # The same name as in the emails of `deliver`.
    assert provider.last_request["FromEmailAddress"] == "People <a@b.example>"
    assert send_message(provider, "+12065550100").provider == "SNS"
    attributes = provider.last_request["MessageAttributes"]
    assert {name: value["StringValue"] for name, value in attributes.items()} == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.MaxPrice": "0.20",
        "AWS.SNS.SMS.SenderID": "PEOPLE",
    }


def test_a_test_message_goes_to_the_form_of_the_address_that_deliver_uses() -> None:
    provider = FakeGateways()
    send_message(provider, "ann@bücher.example")
    assert provider.last_request["Destination"] == {"ToAddresses": ["ann@xn--bcher-kva.example"]}
    send_message(provider, " +12065550100")
    assert provider.last_request["PhoneNumber"] == "+12065550100"


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("x@y.example", "SES refused it: Email address is not verified. Run `doctor`"),
        ("+12065550100", "SNS refused it: Email address is not verified"),
        ("+123", "Give --to an email address"),
        ("x@y", "SES refused it"),
        ("x@y.example,z@y.example", "Give --to an email address"),
        ("änn@y.example", "This address gets no code \\(not_ascii\\). It has letters outside ASCII"),
        ("+881612345678", "This number cannot receive SMS \\(number\\)"),
        ("+447400123456", "The stack sends no SMS to GB"),
        ("ada", "Give --to an email address"),
    ],
)
def test_a_refused_test_message_has_a_reason(to: str, text: str) -> None:
    provider = FakeGateways("MessageRejected", "Email address is not verified.")
    with pytest.raises(AdminError, match=text.replace("+", r"\+")):
        send_message(provider, to)


@pytest.mark.parametrize(("to", "channel"), [("+12065550100", "sms"), ("x@y.example", "email")])
def test_a_message_that_the_operators_function_sends_is_not_tested_at_aws(to: str, channel: str) -> None:
    provider = FakeGateways()
    other = {"sms": "email", "email": "sms"}[channel]
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:gateway"
    with pytest.raises(AdminError, match="Your gateway function sends such messages"):
        send_message(provider, to, GATEWAY_FUNCTION_ARN=f"{channel}={arn}")
    assert provider.last_request == {}
    assert send_message(provider, to, GATEWAY_FUNCTION_ARN=f"{other}={arn}").message_id == "m-1"


BOUNCE = {
    "Bounce": {"BounceType": "PERMANENT", "BounceSubType": "General", "DiagnosticCode": "550 x@y.example"}
}


@pytest.mark.parametrize(
    ("reports", "outcome"),
    [
        # The account has no Virtual Deliverability Manager.
        ([], ""),
        ([[], [("SEND", 1, {})], [("SEND", 1, {}), ("DELIVERY", 2, {})]], "DELIVERY"),
        ([[("BOUNCE", 3, BOUNCE), ("SEND", 1, {})]], "BOUNCE (PERMANENT, General)"),
        ([[("SEND", 1, {})]] * 5, ""),
    ],
)
def test_it_says_what_ses_reports_of_an_email(reports: list[Any], outcome: str) -> None:
    provider = FakeGateways()
    provider.reports = [
        [{"Type": kind, "Timestamp": at, "Details": details} for kind, at, details in events]
        for events in reports
    ]
    sent = send_message(provider, "x@y.example")
    assert (sent.outcome, sent.suppression) == (outcome, None)


def test_it_says_that_an_address_is_on_the_suppression_list(capsys: pytest.CaptureFixture[str]) -> None:
    provider = FakeGateways()
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    provider.suppressed["x@y.example"] = {"LastUpdateTime": at, "Reason": "COMPLAINT"}
    sent = send_message(provider, "x@y.example")
    assert sent.suppression == Suppression(int(at.timestamp()), "COMPLAINT")
    show_sent_message(Output(as_json=False), sent)
    shown = " ".join(capsys.readouterr().out.split())
    assert "has been on the suppression list since 2026-01-02 03:04:05 UTC, reason COMPLAINT" in shown
