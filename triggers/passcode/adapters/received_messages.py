"""The queues from which `deliver` gets its messages: another delivery after seconds, and the dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from passcode.adapters.botocore_clients import unavailable
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS gives a record these attributes if its queue is a FIFO queue. Then the dead-letter queue is one too.
_FIFO_ATTRIBUTES = ("MessageGroupId", "MessageDeduplicationId")


@dataclass(frozen=True)
class SqsReceivedMessages:
    """Received messages. `client` is a botocore SQS client. A record is one of an SQS event of Lambda."""

    client: "SQSClient"
    queue_urls: Sequence[str]
    dead_letters_url: str

    def delay(self, record: Mapping[str, Any], seconds: int) -> None:
        """Have SQS deliver a message again after `seconds`. Raises `Unavailable`."""
        # An ARN and a URL end with the name of the queue.
        name = record.get("eventSourceARN", "").rpartition(":")[2]
        urls = [url for url in self.queue_urls if url.rpartition("/")[2] == name]
        if not name or not urls:
            raise Unavailable("the queue of the message is not in the settings")
        with unavailable("the queue"):
            self.client.change_message_visibility(
                QueueUrl=urls[0], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds
            )

    def move_to_dead_letters(self, record: Mapping[str, Any]) -> None:
        """Copy a message to the dead letters. Lambda deletes it from its queue. Raises `Unavailable`.

        The dead-letter queue is encrypted, and a body has addresses but no code.
        """
        attributes = record.get("attributes", {})
        fifo: Any = {name: attributes[name] for name in _FIFO_ATTRIBUTES if name in attributes}
        with unavailable("the dead-letter queue"):
            self.client.send_message(QueueUrl=self.dead_letters_url, MessageBody=record["body"], **fifo)
