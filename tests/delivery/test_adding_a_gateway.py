"""Adding an SMS gateway is one adapter and one line. The limits of SMS are around it without its help."""

from dataclasses import dataclass, field
from typing import Any

import pytest

import deliver
from passcode.channels.channel import Channel
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS, TextMessage
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown
from tests.support.aws_stubs import Wire, refused_by_aws
from tests.support.deliver_world import DeliverHandler, body
from tests.support.events import EMAIL, PHONE, challenge, code_of
from tests.support.handlers import HandlerOutput

CODE = code_of(challenge())
BY_SMS, BY_EMAIL = ("sms", PHONE), ("email", EMAIL)


@dataclass
class Carrier:
    """An SMS gateway. `result` is what it answers."""

    result: SendResult = field(default_factory=Taken)
    sent: list[Outgoing[TextMessage]] = field(default_factory=list)
    channel: Channel = SMS

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Keep one message."""
        self.sent.append(outgoing)
        return self.result


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def handler(output: HandlerOutput, carrier: Carrier) -> DeliverHandler:
    return DeliverHandler(output.telemetry, more_gateways={"carrier": carrier})


def test_a_message_goes_out_by_the_gateway_and_is_counted(
    handler: DeliverHandler, carrier: Carrier, output: HandlerOutput
) -> None:
    assert handler.deliver(body(BY_SMS, channel="sms")) == []
    (outgoing,) = carrier.sent
    assert outgoing.to == PHONE
    assert outgoing.message.text.endswith(f"@app.example #{CODE}")
    assert handler.sns.calls == []
    assert len(handler.table.sent("update_item")) == 1
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]


def test_a_country_that_is_not_allowed_does_not_reach_the_gateway(
    handler: DeliverHandler, carrier: Carrier
) -> None:
    assert handler.deliver(body(("sms", "+4915112345678"), BY_EMAIL, channel="sms")) == []
    assert carrier.sent == []
    assert handler.table.calls == []
    assert len(handler.ses.calls) == 1


def test_a_budget_that_is_used_up_does_not_reach_the_gateway(
    handler: DeliverHandler, carrier: Carrier
) -> None:
    handler.table = Wire(update_item=refused_by_aws("ConditionalCheckFailedException"))
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    assert carrier.sent == []
    assert len(handler.ses.calls) == 1


def test_what_the_gateway_will_not_take_goes_to_the_next_destination(
    handler: DeliverHandler, carrier: Carrier, output: HandlerOutput
) -> None:
    carrier.result = NotTaken("opted_out", final=True)
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    assert len(handler.ses.calls) == 1
    assert output.counted("send_failed") == [{"channel": "sms", "reason": "opted_out", "country": "US"}]


@pytest.mark.parametrize("result", [NotTaken("later", final=False), Unknown("no answer")], ids=str)
def test_what_the_gateway_may_take_later_comes_back_from_the_queue(
    handler: DeliverHandler, carrier: Carrier, output: HandlerOutput, result: SendResult
) -> None:
    carrier.result = result
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == ["0"]
    assert handler.ses.calls == []
    assert output.counted("send_failed") == [{"channel": "sms", "reason": "unavailable"}]


def test_the_function_has_a_gateway_for_each_channel_and_limits_those_that_are_billed_by_country() -> None:
    gateways = deliver._DISPATCHER.gateways
    assert {gateway.channel for gateway in gateways.values()} == set(CHANNELS.values())
    limited = {name for name, gateway in gateways.items() if gateway is not deliver.GATEWAYS[name]}
    assert limited == {name for name, gateway in gateways.items() if gateway.channel.billed_by_country}
    assert limited == {"sns"}
