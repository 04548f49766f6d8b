"""The queues to `deliver`. They are encrypted, because their messages contain addresses.

They are FIFO queues: SQS drops a message whose id it had in the last five minutes. Each message is a
separate group, so no message waits for another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from passcode.adapters.botocore_clients import unavailable
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from passcode.channels.channel import Destination


class Packed(Protocol):
    """A value that can be put on a queue.

    `id` has at most 128 letters, digits and punctuation marks. A repeat of the same message has the same id.
    """

    @property
    def id(self) -> str: ...

    def pack(self) -> str:
        """Return the body of the queue message."""


class PackedWithDestinations(Packed, Protocol):
    """A code or a notice. Its first destination selects the queue."""

    @property
    def destinations(self) -> "Sequence[Destination]": ...


@dataclass(eq=False, repr=False)
class SqsQueue:
    """Puts messages on one queue. `client` is a botocore SQS client."""

    client: "SQSClient"
    url: str

    def put(self, message: Packed) -> None:
        """Queue one message, unless SQS had it in the last five minutes. Raises `Unavailable`."""
        with unavailable("the queue"):
            response = self.client.send_message(
                QueueUrl=self.url,
                MessageBody=message.pack(),
                MessageGroupId=message.id,
                MessageDeduplicationId=message.id,
            )
        # An answer without an id does not say that the queue has the message.
        if not response.get("MessageId"):
            raise Unavailable("the queue gave an empty answer")

    def check(self) -> None:
        """Raise `Unavailable` if the queue does not respond."""
        with unavailable("the queue"):
            self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])


@dataclass(eq=False, repr=False)
class SqsQueues:
    """Puts codes and notices on the queue of their channel: `phone_queue` if it is billed by country.

    A slow provider of one queue does not delay the messages of the other.
    """

    email_queue: SqsQueue
    phone_queue: SqsQueue

    def put(self, message: PackedWithDestinations) -> None:
        """Queue one message, as `SqsQueue.put` does. Raises `Unavailable`."""
        by_phone = message.destinations[0].channel.billed_by_country
        (self.phone_queue if by_phone else self.email_queue).put(message)

    def check(self) -> None:
        """Raise `Unavailable` if one of the queues does not respond."""
        self.email_queue.check()
        self.phone_queue.check()
