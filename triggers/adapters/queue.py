"""The queue between `create` and `deliver`. It is encrypted, because addresses stand in it."""

from dataclasses import dataclass
from typing import Any

from adapters.clients import unavailable
from token_service.delivery import Delivery


@dataclass(frozen=True)
class Queue:
    """Puts deliveries on the queue. `client` is a boto3 SQS client."""

    client: Any
    url: str

    def put(self, delivery: Delivery) -> None:
        """Queue one delivery. Raises `Unavailable`."""
        with unavailable("the queue"):
            self.client.send_message(QueueUrl=self.url, MessageBody=delivery.pack())
