"""The table as `deliver` uses it, without the counters: newer messages, and claims of notices."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters.botocore_clients import unavailable, write_if
from passcode.delivery.envelope import ChangeNotice
from passcode.token_service.policy import DAY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Longer than a record lives: a record that still has the address before the change reports the change.
_KEEP_SECONDS = 40 * DAY


@dataclass(frozen=True)
class DeliveryTable:
    """`client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str

    def newest_sent_at(self, key: str) -> int:
        """Return the time of the newest message of the record `key`, in seconds since the epoch; 0 if none.

        Half an RCU: the read need not be consistent, because the newer message is seconds old. Raises
        `Unavailable`.
        """
        with unavailable("the table"):
            response = self.client.get_item(
                TableName=self.name, Key={"pk": {"S": key}}, ProjectionExpression="sent_at"
            )
        return int(response.get("Item", {}).get("sent_at", {"N": "0"})["N"])

    def claim(self, notice: ChangeNotice, now: int) -> bool:
        """Claim the notice of a change; False if another challenge has claimed it. One WCU.

        It may be repeated after a lost response. Raises `Unavailable`.
        """
        accepted, _ = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": f"notice#{notice.subject}"}},
            UpdateExpression="SET #channel = :address, #by = :nonce, #ttl = :ttl",
            ConditionExpression="attribute_not_exists(#channel) OR #channel <> :address OR #by = :nonce",
            ExpressionAttributeNames={
                "#channel": notice.channel.name,
                "#by": f"{notice.channel.name}_by",
                "#ttl": "ttl",
            },
            ExpressionAttributeValues={
                ":address": {"S": notice.address_id},
                ":nonce": {"S": notice.nonce},
                ":ttl": {"N": str(now + _KEEP_SECONDS)},
            },
        )
        return accepted
