"""The failures in the records, as `delivery_events` writes them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters.botocore_clients import write_if
from passcode.token_service.policy import DAY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class FailureTable:
    """`client` is a botocore DynamoDB client. The role of the function may write this one attribute only."""

    client: "DynamoDBClient"
    name: str

    def record(self, key: str, channel: str, to: str, now: int) -> bool:
        """Record that a message to the address `to` failed. Returns False if the record needs no change.

        A failure of the same address within a day keeps its time: requests that join a challenge compare
        that time with the time of the message. A record that was deleted is not created again. `now` is in
        seconds since the epoch. One WCU. It may be repeated. Raises `Unavailable`.
        """
        accepted, _ = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression="SET #failed = :failure",
            # A time in seconds has ten digits until the year 2286, so texts compare like numbers.
            ConditionExpression=(
                "attribute_exists(pk) AND"
                " (attribute_not_exists(#failed) OR #failed < :yesterday OR NOT contains(#failed, :to))"
            ),
            ExpressionAttributeNames={"#failed": f"failed_{channel}"},
            ExpressionAttributeValues={
                ":failure": {"S": f"{now} {to}"},
                ":yesterday": {"S": str(now - DAY)},
                ":to": {"S": to},
            },
        )
        return accepted
