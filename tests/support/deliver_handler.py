"""The handler `deliver` with recorded clients in place of AWS."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import deliver
from passcode.adapters.kms import KmsMac
from passcode.adapters.ses import SesEmail
from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.adapters.sns import SnsSms
from passcode.adapters.telemetry import PowertoolsTelemetry
from passcode.cognito_messages.deliver import deliver_cognito_message
from passcode.cognito_messages.message import CognitoMessage
from passcode.delivery.dispatcher import Dispatcher, deliver_notice
from passcode.delivery.dispatcher import deliver as deliver_code
from passcode.delivery.envelope import ChangeNotice, Delivery
from passcode.delivery.gateway import Gateway
from passcode.delivery.sms_limits import SmsLimits, limit_gateways
from passcode.token_service.code import Code
from tests.support.aws_stubs import RecordingClient, kms
from tests.support.events import NOW, SALT, challenge, golden

LIMITS = SmsLimits(per_day=1000, per_country=500, unanswered=100)


@dataclass
class DeliverHandler:
    """Delivers SQS events at `now`. To test a failure, replace a client."""

    telemetry: PowertoolsTelemetry
    ses: RecordingClient = field(default_factory=RecordingClient)
    sns: RecordingClient = field(default_factory=RecordingClient)
    table: RecordingClient = field(default_factory=RecordingClient)
    keys: RecordingClient = field(default_factory=kms)
    now: int = NOW + 1
    # The decryptor for the codes in Cognito's own messages.
    opener: Callable[[str], Code] = Code
    more_gateways: dict[str, Gateway] = field(default_factory=dict)

    def deliver(self, *bodies: str) -> list[str]:
        """Deliver one event with a record for each body. Returns the ids of the records to retry."""
        response = deliver.process_batch(golden_batch(*bodies), self._one, self.telemetry)
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def calls(self) -> int:
        """The number of AWS calls."""
        return sum(len(client.calls) for client in (self.ses, self.sns, self.table, self.keys))

    @property
    def dispatcher(self) -> Dispatcher:
        """The dispatcher with this object's clients, and `more_gateways` before them."""
        own_gateways: dict[str, Gateway] = {
            "ses": SesEmail(self.ses, "no-reply@app.example", "mail"),
            "sns": SnsSms(self.sns, max_price="0.20"),
        }
        budget = SmsBudgetTable(self.table, "table")
        gateways = limit_gateways({**self.more_gateways, **own_gateways}, budget, LIMITS, frozenset({"US"}))
        return Dispatcher(gateways, app="Example", host="app.example")

    def _one(self, message: Delivery | ChangeNotice | CognitoMessage) -> None:
        if isinstance(message, CognitoMessage):
            deliver_cognito_message(message, lambda: self.opener, self.dispatcher, self.telemetry, self.now)
        elif isinstance(message, ChangeNotice):
            deliver_notice(message, self.dispatcher, self.telemetry, self.now)
        else:
            mac = KmsMac(self.keys, "key")
            deliver_code(message, mac, SALT, self.dispatcher, self.telemetry, self.now)


def golden_batch(*bodies: str) -> dict[str, Any]:
    """The golden SQS event with a record for each body; their ids are 0, 1, 2 …"""
    event = golden_event()
    (record,) = event["Records"]
    event["Records"] = [record | {"body": body, "messageId": str(i)} for i, body in enumerate(bodies)]
    return event


def golden_event() -> dict[str, Any]:
    """The golden SQS event, unchanged."""
    return golden("deliver_one")


def body(*to: tuple[str, str], locale: str = "en-GB", **changes: Any) -> str:
    """A body for the queue: the golden delivery with other destinations or a changed challenge."""
    found: dict[str, Any] = json.loads(golden_event()["Records"][0]["body"])
    found |= {"challenge": challenge(**changes).pack(), "locale": locale}
    addresses = [{"channel": channel, "address": address} for channel, address in to]
    return json.dumps(found | ({"to": addresses} if addresses else {}))
