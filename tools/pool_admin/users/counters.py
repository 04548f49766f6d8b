"""What is counted of one subject, and how to let them go on: counters and times, never a code."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from passcode.token_service.policy import Policy, answer_wait, send_wait
from tools.pool_admin.errors import code_of
from tools.pool_admin.users.counter_keys import Subject


@dataclass(frozen=True)
class Standing:
    """How a subject stands. Times are seconds since the epoch, 0 for never; waits are seconds from now.

    `answer_wait` is None if only `unlock` ends it.
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
class Counters:
    """The table of a stack. `policy` has the limits that hold there."""

    dynamodb: Any
    table: str
    policy: Policy

    def standing(self, subject: Subject, now: int) -> Standing:
        """How the subject stands at `now`."""
        found = self.dynamodb.get_item(TableName=self.table, Key=_key(subject), ConsistentRead=True)
        item = found.get("Item", {})
        count = {name: int(value["N"]) for name, value in item.items() if "N" in value}
        failures, failed_at = count.get("failures", 0), count.get("failed_at", 0)
        is_open = count.get("issued", 0) > count.get("spent", 0)
        return Standing(
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
        """Forget the wrong answers and the quota of messages, and nothing else; False if none is known.

        What was issued and spent stays: a code that worked once must not work again.
        """
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(subject),
                UpdateExpression="SET failures = :none REMOVE failed_at, send_tat",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":none": {"N": "0"}},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _key(subject: Subject) -> dict[str, dict[str, str]]:
    return {"pk": {"S": subject.key}}
