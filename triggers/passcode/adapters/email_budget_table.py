"""The count of emails of the stack in the table: one item for each UTC day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters.botocore_clients import unavailable
from passcode.delivery.email_limits import EmailCount
from passcode.token_service.policy import DAY, date_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class EmailBudgetTable:
    """The count of emails. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    table: str

    def add(self, count: EmailCount, now: int) -> EmailCount:
        """Add `count` to that of the day and return the new one. One WCU. Raises `Unavailable`."""
        values = {":sent": count.sent, ":open": count.open_class, ":ttl": now + 2 * DAY}
        with unavailable("the table"):
            response = self.client.update_item(
                TableName=self.table,
                Key={"pk": {"S": f"email_day#{date_of(now)}"}},
                UpdateExpression="SET #ttl = :ttl ADD sent :sent, #open :open",
                ExpressionAttributeNames={"#ttl": "ttl", "#open": "open"},
                ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
                ReturnValues="ALL_NEW",
            )
        item = response["Attributes"]
        return EmailCount(int(item["sent"]["N"]), int(item["open"]["N"]))
