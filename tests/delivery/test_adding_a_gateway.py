"""A new SMS gateway needs one adapter and one line. The SMS limits apply to it automatically."""

from dataclasses import dataclass, field
from typing import Any

import pytest

import deliver
from passcode.channels.channel import Channel
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS, TextMessage
from passcode.channels.voice import VOICE
from passcode.delivery.email_limits import LimitedEmail
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown
from passcode.delivery.sms_limits import LimitedSms
from tests.support.deliver_handler import DeliverHandler, body, refusing
from tests.support.events import EMAIL, PHONE, challenge, code_of
from tests.support.handlers import HandlerOutput

CODE = code_of(challenge(), "sms")
BY_SMS, BY_EMAIL = ("sms", PHONE), ("email", EMAIL)


@dataclass
class Carrier:
    """An SMS gateway. Each call of `send` returns `result`."""

    result: SendResult = field(default_factory=Taken)
    sent: list[Outgoing[TextMessage]] = field(default_factory=list)
    channel: Channel = SMS

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Record one message."""
        self.sent.append(outgoing)
        return self.result


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def handler(output: HandlerOutput, carrier: Carrier) -> DeliverHandler:
    return DeliverHandler(output.telemetry, more_gateways={"carrier": carrier})


def test_the_new_gateway_sends_a_message_and_the_metric_counts_it(
    handler: DeliverHandler, carrier: Carrier, output: HandlerOutput
) -> None:
    assert handler.deliver(body(BY_SMS, channel="sms")) == []
    (outgoing,) = carrier.sent
    assert outgoing.to == PHONE
    assert outgoing.message.text.endswith(f"@app.example #{CODE}")
    assert handler.sns.calls == []
    assert len(handler.table.sent("update_item")) == 2
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]


def test_the_gateway_gets_no_message_for_a_country_that_is_not_allowed(
    handler: DeliverHandler, carrier: Carrier
) -> None:
    assert handler.deliver(body(("sms", "+4915112345678"), BY_EMAIL, channel="sms")) == []
    assert carrier.sent == []
    assert handler.table.calls == []
    assert len(handler.ses.calls) == 1


@pytest.mark.parametrize("refused", ["sms_to#", "sms_day#"])
def test_the_gateway_gets_no_message_when_a_limit_is_reached(
    handler: DeliverHandler, carrier: Carrier, refused: str
) -> None:
    handler.table = refusing(refused)
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    assert carrier.sent == []
    assert len(handler.ses.calls) == 1


def test_a_message_that_the_gateway_refuses_goes_to_the_next_destination(
    handler: DeliverHandler, carrier: Carrier, output: HandlerOutput
) -> None:
    carrier.result = NotTaken("opted_out", final=True)
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    assert len(handler.ses.calls) == 1
    assert output.counted("send_failed") == [{"channel": "sms", "reason": "opted_out", "country": "US"}]
    assert len(handler.table.sent("update_item")) == 4, "the SMS is given back"


@pytest.mark.parametrize(
    ("result", "attempts", "reason"),
    [(NotTaken("later", final=False), 3, "unavailable"), (Unknown("no answer"), 1, "unknown")],
    ids=["not taken", "unknown"],
)
def test_after_a_temporary_failure_of_the_gateway_the_message_goes_to_the_next_destination(
    handler: DeliverHandler,
    carrier: Carrier,
    output: HandlerOutput,
    result: SendResult,
    attempts: int,
    reason: str,
) -> None:
    carrier.result = result
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    assert (len(carrier.sent), len(handler.ses.calls)) == (attempts, 1)
    assert output.counted("send_failed") == [{"channel": "sms", "reason": reason}]


def test_each_channel_has_a_gateway_and_email_and_channels_billed_by_country_have_limits() -> None:
    gateways = deliver._DISPATCHER.gateways
    # SNS makes no calls. The default stack does not use the channel.
    assert {gateway.channel for gateway in gateways.values()} == set(CHANNELS.values()) - {VOICE}
    assert {name: type(gateway) for name, gateway in gateways.items()} == {
        "ses": LimitedEmail,
        "sns": LimitedSms,
    }
