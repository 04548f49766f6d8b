"""The records in DynamoDB: one conditional UpdateItem each, and a refused one brings the old item back.

Every condition says what a function of the domain says (`is_clear`, `may_charge`); the contract tests hold
the two against each other.
"""

from dataclasses import dataclass, fields
from typing import Any

from botocore.exceptions import ClientError

from adapters.clients import error_code, unavailable
from token_service.policy import Policy
from token_service.ports import Write
from token_service.record import Record

_TYPES = {f.name: f.type for f in fields(Record)}
_DRAFTED = ("nonce", "issued_at", "expires_at", "channel", "bound", "sent_at", "send_tat")


@dataclass(frozen=True)
class Table:
    """The store of records, in one table. `client` is a boto3 DynamoDB client."""

    client: Any
    name: str
    policy: Policy

    def issue_if_clear(self, key: str, draft: Record, now: int) -> Write:
        """Begin a challenge if nothing stands in its way. One WCU."""
        # The open challenge is spent, or nearly out of life;
        open_is_over = "(attribute_not_exists(issued) OR spent = issued OR expires_at < :keeps)"
        # the last message is a cooldown away, unless its code is spent;
        cooled = "(attribute_not_exists(sent_at) OR spent = issued OR sent_at <= :cooled)"
        # and there is no debt of messages and none of failures.
        in_quota = "(attribute_not_exists(send_tat) OR send_tat <= :now)"
        unlocked = "(attribute_not_exists(failures) OR failures < :free)"
        changes = ", ".join(f"{name} = :{name}" for name in _DRAFTED)
        return self._write(
            key,
            update=f"SET issued = if_not_exists(issued, :zero) + :one, spent = if_not_exists(spent, :zero),"
            f" failures = if_not_exists(failures, :zero), #ttl = :ttl, {changes}",
            condition=" AND ".join((open_is_over, cooled, in_quota, unlocked)),
            values={name: getattr(draft, name) for name in _DRAFTED}
            | {
                "keeps": now + self.policy.resend_keeps_code_seconds,
                "cooled": now - self.policy.cooldown_seconds,
                "now": now,
                "free": self.policy.free_failures,
                "zero": 0,
                "one": 1,
            },
            now=now,
        )

    def issue_over(self, key: str, seen: Record, new: Record, now: int) -> Write:
        """Put a challenge in place of the one that was seen, if it is still there. One WCU."""
        changes = ", ".join(f"{name} = :{name}" for name in ("issued", *_DRAFTED))
        return self._write(
            key,
            update=f"SET #ttl = :ttl, {changes}",
            condition="issued = :seen_issued AND sent_at = :seen_sent_at AND spent = :seen_spent",
            values={name: getattr(new, name) for name in ("issued", *_DRAFTED)}
            | {"seen_issued": seen.issued, "seen_sent_at": seen.sent_at, "seen_spent": seen.spent},
            now=now,
        )

    def charge(self, key: str, counter: int, *, right: bool, now: int) -> Write:
        """Spend or count, if the counter is unspent and the budget of failures allows an answer. One WCU."""
        open_counter = "spent < :counter AND issued >= :counter"
        budget = "(failures < :free OR (failures < :hard AND failed_at <= :unlocked))"
        values = {
            "free": self.policy.free_failures,
            "hard": self.policy.hard_limit,
            "unlocked": now - self.policy.lock_seconds,
        }
        wrong = "failures = failures + :one"
        return self._charge(key, counter, f"{open_counter} AND {budget}", values, wrong, right=right, now=now)

    def charge_after_pause(self, key: str, counter: int, seen: Record, *, right: bool, now: int) -> Write:
        """The same after a pause, and only once: the first to come begins the count anew. One WCU."""
        condition = "spent < :counter AND issued >= :counter AND failures = :seen AND failed_at = :seen_at"
        values = {"seen": seen.failures, "seen_at": seen.failed_at}
        return self._charge(key, counter, condition, values, "failures = :one", right=right, now=now)

    def _charge(
        self,
        key: str,
        counter: int,
        condition: str,
        values: dict[str, int],
        wrong: str,
        *,
        right: bool,
        now: int,
    ) -> Write:
        if right:
            update = "SET spent = :counter, failures = :zero, #ttl = :ttl REMOVE failed_at, send_tat"
            values = values | {"zero": 0}
        else:
            update = f"SET {wrong}, failed_at = :now, #ttl = :ttl"
            values = values | {"one": 1, "now": now}
        return self._write(key, update, condition, values | {"counter": counter}, now)

    def _write(self, key: str, update: str, condition: str, values: dict[str, Any], now: int) -> Write:
        bound = values | {"ttl": now + self.policy.keep_seconds}
        with unavailable("the table"):
            try:
                answer = self.client.update_item(
                    TableName=self.name,
                    Key={"pk": {"S": key}},
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#ttl": "ttl"},
                    ExpressionAttributeValues={f":{name}": _typed(value) for name, value in bound.items()},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                old: Any = error.response.get("Item", {})
                return Write(accepted=False, record=_record(old))
        return Write(accepted=True, record=_record(answer["Attributes"]))


def _typed(value: int | str) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _record(item: dict[str, dict[str, str]]) -> Record:
    found = {name: item[name] for name in _TYPES if name in item}
    return Record(**{name: int(v["N"]) if "N" in v else v["S"] for name, v in found.items()})  # type: ignore[arg-type]
