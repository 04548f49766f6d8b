"""The daily SMS limits of the whole stack, in total and by country, as counters in the table.

Each SMS takes one from its country's budget of unanswered SMS, and each answer gives some back. So this stack
stops SMS to a country whose users do not answer. SMS pumping has this pattern: many messages, no answers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from passcode.adapters.botocore_clients import write_if
from passcode.token_service.policy import DAY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    # For the type only: `verify` gives back, and needs no limits.
    from passcode.delivery.sms_limits import SmsLimits

_GIVEN_BACK = 4


@dataclass(frozen=True)
class SmsBudgetTable:
    """The day's counters, in one item per UTC day. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    table: str

    def take(self, country: str, limits: "SmsLimits", now: int, *, counts_as_unanswered: bool = True) -> bool:
        """Count one SMS to `country`; False if a limit is reached. One WCU. Raises `Unavailable`.

        `counts_as_unanswered`: False if this stack will not learn whether the user answers.
        """
        # The first SMS of a day finds no count in the item, so the condition cannot refuse a limit of 0.
        if 0 in (limits.per_day, limits.per_country):
            return False
        return self._write(
            update="SET #ttl = :ttl ADD sent :one, #sent :one"
            + (", #open :one" if counts_as_unanswered else ""),
            condition="(attribute_not_exists(sent) OR sent < :day)"
            " AND (attribute_not_exists(#sent) OR #sent < :country)"
            " AND (attribute_not_exists(#open) OR #open < :open)",
            names={"#ttl": "ttl", "#sent": f"sent_{country}", "#open": f"open_{country}"},
            values={
                "ttl": now + 2 * DAY,
                "one": 1,
                "day": limits.per_day,
                "country": limits.per_country,
                "open": limits.unanswered,
            },
            now=now,
        )

    def give_back(self, country: str, now: int) -> None:
        """Give back unanswered budget of `country` after an answered SMS. One WCU. Raises `Unavailable`."""
        self._write(
            update="ADD #open :back",
            condition="#open > :zero",
            names={"#open": f"open_{country}"},
            values={"back": -_GIVEN_BACK, "zero": 0},
            now=now,
        )

    def _write(
        self, *, update: str, condition: str, names: dict[str, str], values: dict[str, int], now: int
    ) -> bool:
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        accepted, _ = write_if(
            self.client.update_item,
            TableName=self.table,
            Key={"pk": {"S": f"sms_budget#{day}"}},
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{k}": {"N": str(v)} for k, v in values.items()},
        )
        return accepted
