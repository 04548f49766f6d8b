"""The queue to `deliver`. It is encrypted, because addresses stand in it."""

from dataclasses import dataclass
from typing import Any

from passcode.adapters.botocore_clients import unavailable
from token_service.delivery import Delivery
from token_service.sealed import Sealed


@dataclass(frozen=True)
class Queue:
    """Puts deliveries on the queue. `client` is a botocore SQS client."""

    client: Any
    url: str

    def put(self, delivery: Delivery | Sealed) -> None:
        """Queue one delivery. Raises `Unavailable`."""
        with unavailable("the queue"):
            self.client.send_message(QueueUrl=self.url, MessageBody=delivery.pack())

    def check(self) -> None:
        """Raises `Unavailable` if the queue does not answer."""
        with unavailable("the queue"):
            self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
