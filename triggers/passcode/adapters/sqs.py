"""The queue to `deliver`. It is encrypted, because its messages contain addresses."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from passcode.adapters.botocore_clients import unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Packed(Protocol):
    """A value that can be put on the queue."""

    def pack(self) -> str:
        """Return the body of the queue message."""


@dataclass(frozen=True)
class SqsQueue:
    """Puts deliveries on the queue. `client` is a botocore SQS client."""

    client: "SQSClient"
    url: str

    def put(self, delivery: Packed) -> None:
        """Queue one delivery. Raises `Unavailable`."""
        with unavailable("the queue"):
            self.client.send_message(QueueUrl=self.url, MessageBody=delivery.pack())

    def check(self) -> None:
        """Raise `Unavailable` if the queue does not respond."""
        with unavailable("the queue"):
            self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
