"""The counters of one subject in the stack's table: counts and times, never a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from passcode.token_service.policy import Policy, answer_wait, send_wait
from tools.pool_admin.errors import error_code
from tools.pool_admin.users.counter_keys import Subject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class CounterState:
    """The counters of a subject, and the times until the next answer and the next message are allowed.

    Times are seconds since the epoch, 0 for never. Waits are seconds from now; `answer_wait` is None if only
    `unlock` ends it. `known` is whether the table has counters of the subject.
    """

    subject: Subject
    known: bool
    codes_sent: int
    open_until: int
    wrong_answers: int
    last_wrong_at: int
    last_sent_at: int
    answer_wait: int | None
    send_wait: int


@dataclass(frozen=True)
class CounterTable:
    """The table of a stack. `policy` has the limits of that stack."""

    dynamodb: DynamoDBClient
    table: str
    policy: Policy

    def state(self, subject: Subject, now: int) -> CounterState:
        """Return the counters of the subject at `now`, in seconds since the epoch."""
        response = self.dynamodb.get_item(TableName=self.table, Key=_key(subject), ConsistentRead=True)
        item = response.get("Item", {})
        count = {name: int(value["N"]) for name, value in item.items() if "N" in value}
        failures, failed_at = count.get("failures", 0), count.get("failed_at", 0)
        is_open = count.get("issued", 0) > count.get("spent", 0)
        return CounterState(
            subject=subject,
            known=bool(item),
            codes_sent=count.get("issued", 0),
            open_until=count.get("expires_at", 0) if is_open else 0,
            wrong_answers=failures,
            last_wrong_at=failed_at,
            last_sent_at=count.get("sent_at", 0),
            answer_wait=answer_wait(failures, failed_at, now, self.policy),
            send_wait=send_wait(count.get("send_tat", 0), now, self.policy),
        )

    def unlock(self, subject: Subject) -> bool:
        """Reset the wrong answers and the message quota. Returns False if the subject has no counters.

        The counts of issued and used codes stay, so that a used code cannot work again.
        """
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(subject),
                UpdateExpression="SET failures = :zero REMOVE failed_at, send_tat",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":zero": {"N": "0"}},
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _key(subject: Subject) -> dict[str, dict[str, str]]:
    return {"pk": {"S": subject.record_key}}
