"""The handler `deliver` with recorded clients in place of AWS."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import deliver
from passcode.adapters.delivery_table import DeliveryTable
from passcode.adapters.email_budget_table import EmailBudgetTable
from passcode.adapters.kms import KmsMac
from passcode.adapters.received_messages import SqsReceivedMessages
from passcode.adapters.ses import SesEmail
from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.adapters.sns import SnsSms
from passcode.adapters.telemetry import PowertoolsTelemetry
from passcode.channels.channel import MailBrand
from passcode.cognito_messages.deliver import deliver_cognito_message
from passcode.cognito_messages.message import CognitoMessage
from passcode.delivery.dispatcher import Circuit, Dispatcher, NewerMessages, Receive, deliver_notice
from passcode.delivery.dispatcher import deliver as deliver_code
from passcode.delivery.email_limits import EmailBudget, LimitedEmail
from passcode.delivery.envelope import ChangeNotice, Delivery
from passcode.delivery.gateway import Gateway
from passcode.delivery.limits import limit_gateways
from passcode.delivery.sms_limits import LimitedSms, SmsLimits
from passcode.token_service.challenge import Code
from tests.support.aws_stubs import RecordingClient, kms, refused_by_aws
from tests.support.events import ENVIRONMENT, NOW, SALT, challenge, golden

# The cooldown between two messages, in seconds.
COOLDOWN = 30
QUEUE_URL, DEAD_LETTERS_URL = (
    f"https://sqs.eu-central-1.amazonaws.com/123456789012/{name}"
    for name in ("passcode-deliveries", "passcode-dead-letters")
)
# The name of the queue of Cognito's messages.
COGNITO_QUEUE = ENVIRONMENT["COGNITO_QUEUE_URL"].rpartition("/")[2]
LIMITS = SmsLimits(per_day=1000, per_country=500, unanswered=100)


@dataclass
class DeliverHandler:
    """Delivers SQS events at `now`. To test a failure, replace a client.

    `table` has the counters of SMS, and `email_table` the count of emails. `delivery_table` has the records
    and the claims of notices. `receives` is the number of receives of each message, and `seconds_left` the
    time until the time-out of the function. `waits` has the waits between attempts, in seconds.
    """

    telemetry: PowertoolsTelemetry
    ses: RecordingClient = field(default_factory=RecordingClient)
    sns: RecordingClient = field(default_factory=RecordingClient)
    table: RecordingClient = field(default_factory=RecordingClient)
    keys: RecordingClient = field(default_factory=kms)
    delivery_table: RecordingClient = field(default_factory=RecordingClient)
    sqs: RecordingClient = field(default_factory=RecordingClient)
    now: int = NOW + 1
    receives: int = 1
    seconds_left: float = 20.0
    waits: list[float] = field(default_factory=list)
    circuits: dict[str, Circuit] = field(default_factory=dict)
    # The decryptor for the codes in Cognito's own messages.
    opener: Callable[[str], Code] = Code
    more_gateways: dict[str, Gateway] = field(default_factory=dict)
    # The day's emails before these tests: all, and those of the open class.
    emails: tuple[int, int] = (0, 0)
    emails_per_day: int = 50_000
    default_locale: str = "en"
    mail: MailBrand = field(default_factory=MailBrand)
    support_url: str = ""

    def __post_init__(self) -> None:
        self.email_table = RecordingClient({"update_item": self._email_count})
        self.email_budget = EmailBudget(
            EmailBudgetTable(self.email_table, "table"), self.emails_per_day, self.telemetry
        )

    def deliver(self, *bodies: str) -> list[str]:
        """Deliver one event with a record for each body. Returns the ids of the records to retry."""
        event = golden_batch(*bodies, receives=self.receives)
        response = deliver.process_batch(event, self._one, self.queues, self.telemetry, COGNITO_QUEUE)
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    @property
    def queues(self) -> SqsReceivedMessages:
        """The queues of the messages."""
        return SqsReceivedMessages(self.sqs, (QUEUE_URL,), DEAD_LETTERS_URL)

    @property
    def dead_letters(self) -> list[str]:
        """The bodies in the dead-letter queue."""
        return [call["MessageBody"] for call in self.sqs.sent("send_message")]

    @property
    def delays(self) -> list[int]:
        """The seconds after which SQS delivers each failed message again."""
        return [call["VisibilityTimeout"] for call in self.sqs.sent("change_message_visibility")]

    def calls(self) -> int:
        """The number of AWS calls."""
        return sum(
            len(client.calls) for client in (self.ses, self.sns, self.table, self.keys, self.delivery_table)
        )

    @property
    def dispatcher(self) -> Dispatcher:
        """The dispatcher with this object's clients, and `more_gateways` before them."""
        own_gateways: dict[str, Gateway] = {
            "ses": SesEmail(self.ses, "no-reply@app.example", "mail"),
            "sns": SnsSms(self.sns, max_price="0.20"),
        }
        gateways = limit_gateways(
            {**self.more_gateways, **own_gateways},
            by_country=partial(
                LimitedSms,
                counters=SmsBudgetTable(self.table, "table"),
                limits=LIMITS,
                countries=frozenset({"US"}),
                salt=SALT,
            ),
            by_day=partial(LimitedEmail, budget=self.email_budget),
        )
        return Dispatcher(
            gateways,
            "Example",
            "app.example",
            self.waits.append,
            self.circuits,
            self.default_locale,
            mail=self.mail,
            support_url=self.support_url,
        )

    def _email_count(self, call: dict[str, Any]) -> dict[str, Any]:
        added = call["ExpressionAttributeValues"]
        names = zip(("sent", "open"), self.emails, strict=True)
        return {"Attributes": {n: {"N": str(number + int(added[f":{n}"]["N"]))} for n, number in names}}

    def _one(self, message: Delivery | ChangeNotice | CognitoMessage, receives: int) -> None:
        receive = Receive(self.now, receives, lambda: self.seconds_left)
        table = DeliveryTable(self.delivery_table, "table")
        if isinstance(message, CognitoMessage):
            deliver_cognito_message(message, lambda: self.opener, self.dispatcher, self.telemetry, receive)
        elif isinstance(message, ChangeNotice):
            deliver_notice(message, self.dispatcher, self.telemetry, receive, table)
        else:
            mac, newer = KmsMac(self.keys, "key"), NewerMessages(table.newest_sent_at, COOLDOWN)
            deliver_code(message, mac, SALT, self.dispatcher, self.telemetry, receive, newer)


def refusing(prefix: str) -> RecordingClient:
    """A table that refuses the writes of items whose key starts with `prefix`."""

    def respond(call: dict[str, Any]) -> dict[str, Any]:
        if call["Key"]["pk"]["S"].startswith(prefix):
            raise refused_by_aws("ConditionalCheckFailedException")
        return {}

    return RecordingClient({"update_item": respond})


def golden_batch(*bodies: str, receives: int = 1) -> dict[str, Any]:
    """The golden SQS event with a record for each body; their ids are 0, 1, 2 …"""
    event = golden_event()
    (record,) = event["Records"]
    record["attributes"]["ApproximateReceiveCount"] = str(receives)
    event["Records"] = [
        record | {"body": body, "messageId": str(i)} | _source(body) for i, body in enumerate(bodies)
    ]
    return event


def _source(body: str) -> dict[str, str]:
    """The queue of a message of Cognito; other messages are in that of the golden event."""
    is_cognitos = '"kind": "cognito"' in body
    return {"eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{COGNITO_QUEUE}"} if is_cognitos else {}


def golden_event() -> dict[str, Any]:
    """The golden SQS event, unchanged."""
    return golden("deliver_one")


def body(*to: tuple[str, str], locale: str = "en-GB", **changes: Any) -> str:
    """A body for the queue: the golden delivery with other destinations or a changed challenge."""
    found: dict[str, Any] = json.loads(golden_event()["Records"][0]["body"])
    found |= {"challenge": challenge(**changes).pack(), "locale": locale}
    addresses = [{"channel": channel, "address": address} for channel, address in to]
    return json.dumps(found | ({"to": addresses} if addresses else {}))
