"""SQS with a virtual clock: visibility, receive counts, FIFO groups and deduplication, dead letters."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.faults.deployment import ACCOUNT, REGION, QueueSettings
from tests.support.fault_proxy import AwsAnswer, AwsRequest, Fault, error_answer

# SQS drops a message of a FIFO queue with the same deduplication id for five minutes.
DEDUPLICATION_SECONDS = 300
_numbers = count(1)


@dataclass
class QueuedMessage:
    """One message. Times are in seconds since the epoch."""

    id: str
    body: str
    group: str
    deduplication_id: str
    sent_at: float
    visible_at: float
    receives: int = 0
    first_received_at: float = 0.0
    receipt: str = ""

    def record(self, queue: str) -> dict[str, Any]:
        """Return the message as Lambda passes it to a function."""
        attributes = {
            "ApproximateReceiveCount": str(self.receives),
            "SentTimestamp": str(int(self.sent_at * 1000)),
            "SenderId": "AROAEXAMPLE:passcode",
            "ApproximateFirstReceiveTimestamp": str(int(self.first_received_at * 1000)),
        }
        if self.group:
            attributes |= {"MessageGroupId": self.group, "MessageDeduplicationId": self.deduplication_id}
        return {
            "messageId": self.id,
            "receiptHandle": self.receipt,
            "body": self.body,
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": _md5(self.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
            "awsRegion": REGION,
        }


@dataclass
class VirtualQueue:
    """One queue. `expired` has the messages that SQS deleted at the end of their retention."""

    settings: QueueSettings
    messages: list[QueuedMessage] = field(default_factory=list)
    expired: list[QueuedMessage] = field(default_factory=list)
    seen: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name, as in the URL."""
        return f"{self.settings.name}.fifo" if self.settings.is_fifo else self.settings.name

    def put(self, body: str, group: str, deduplication_id: str, now: float) -> str:
        """Add a message and return its id. A FIFO queue drops a duplicate."""
        key = (group, deduplication_id or hashlib.sha256(body.encode()).hexdigest())
        if self.settings.is_fifo:
            if now - self.seen.get(key, -1e12) < DEDUPLICATION_SECONDS:
                return "duplicate"
            self.seen[key] = now
        message = QueuedMessage(f"message-{next(_numbers)}", body, group, key[1], now, now)
        self.messages.append(message)
        return message.id

    def next_at(self) -> float | None:
        """Return the time at which the next message can be received."""
        return min((message.visible_at for message in self._heads()), default=None)

    def receive(self, batch: int, now: float, dead_letters: "VirtualQueue | None") -> list[QueuedMessage]:
        """Receive up to `batch` messages. Those that were received too often go to the dead letters."""
        old = [m for m in self.messages if now - m.sent_at >= self.settings.retention]
        self.expired += old
        self.messages = [m for m in self.messages if m not in old]
        received: list[QueuedMessage] = []
        for message in [m for m in self._heads() if m.visible_at <= now][:batch]:
            if message.receives >= self.settings.max_receives and dead_letters:
                self.messages.remove(message)
                dead_letters.put(message.body, message.group, f"redrive-{message.id}", now)
                continue
            message.receives += 1
            message.first_received_at = message.first_received_at or now
            message.receipt = f"receipt-{next(_numbers)}"
            message.visible_at = now + self.settings.visibility
            received.append(message)
        return received

    def delete(self, receipt: str) -> None:
        """Delete the message of a receipt."""
        self.messages = [m for m in self.messages if m.receipt != receipt]

    def _heads(self) -> list[QueuedMessage]:
        """Return the messages that no older message of their group holds up."""
        if not self.settings.is_fifo:
            return list(self.messages)
        first: dict[str, QueuedMessage] = {}
        for message in self.messages:
            first.setdefault(message.group, message)
        return list(first.values())


@dataclass
class Sqs:
    """The service: its queues by logical id."""

    queues: dict[str, VirtualQueue]
    now: Callable[[], float]

    def __call__(self, request: AwsRequest) -> AwsAnswer:
        """Answer a request."""
        call = json.loads(request.body)
        queue = self.by_name(call["QueueUrl"].rpartition("/")[2])
        if queue is None:
            return error_answer("sqs", Fault("", code="AWS.SimpleQueueService.NonExistentQueue"))
        if queue.settings.is_fifo and request.operation == "SendMessage" and not call.get("MessageGroupId"):
            return error_answer("sqs", Fault("", code="MissingParameter"))
        operations = {
            "SendMessage": self._send,
            "ChangeMessageVisibility": self._change_visibility,
            "DeleteMessage": self._delete,
            "GetQueueAttributes": self._attributes,
        }
        if request.operation not in operations:
            return error_answer("sqs", Fault("", code="UnsupportedOperation"))
        found = operations[request.operation](queue, call)
        return AwsAnswer(200, json.dumps(found).encode(), {"Content-Type": "application/x-amz-json-1.0"})

    def by_name(self, name: str) -> VirtualQueue | None:
        """Return the queue with this name, or None."""
        return next((q for q in self.queues.values() if q.name == name), None)

    def _change_visibility(self, queue: VirtualQueue, call: dict[str, Any]) -> dict[str, Any]:
        for message in queue.messages:
            if message.receipt == call["ReceiptHandle"]:
                message.visible_at = self.now() + call["VisibilityTimeout"]
        return {}

    def _delete(self, queue: VirtualQueue, call: dict[str, Any]) -> dict[str, Any]:
        queue.delete(call["ReceiptHandle"])
        return {}

    def _attributes(self, queue: VirtualQueue, _call: dict[str, Any]) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.name}"}}

    def _send(self, queue: VirtualQueue, call: dict[str, Any]) -> dict[str, Any]:
        body = call["MessageBody"]
        id_ = queue.put(
            body, call.get("MessageGroupId", ""), call.get("MessageDeduplicationId", ""), self.now()
        )
        return {"MessageId": id_, "MD5OfMessageBody": _md5(body)}


def _md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
