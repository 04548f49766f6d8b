"""The records in DynamoDB: one conditional UpdateItem per write. A refused write returns the old item.

Each condition has the meaning of a predicate in the tests (`is_clear`, `may_record_attempt`). The contract
tests compare the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from passcode.adapters.botocore_clients import unavailable, write_if
from passcode.token_service.challenge import SIGN_IN, record_key
from passcode.token_service.policy import Policy
from passcode.token_service.store import Evidence, Record, VerifiedCode, WriteResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTRIBUTES = [f.name for f in fields(Record)]
_DRAFTED = ("nonce", "issued_at", "expires_at", "channel", "bound", "sent_at", "send_tat")
Values = dict[str, int | str]


@dataclass(frozen=True)
class Change:
    """The change of a write: an update expression, with the values and names that only it needs."""

    update: str
    values: Values
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordTable:
    """The store of records, in one table. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str
    policy: Policy

    def start_challenge(self, key: str, draft: Record, now: int) -> WriteResult:
        """Start a challenge if every condition holds. One WCU."""
        # The open challenge is spent, or close to its expiry;
        open_is_over = "(attribute_not_exists(issued) OR spent = issued OR expires_at < :keeps)"
        # the cooldown after the last message is over, or its code is spent;
        cooled = "(attribute_not_exists(sent_at) OR spent = issued OR sent_at <= :cooled)"
        # and neither the message quota nor the limit of failures is reached.
        in_quota = "(attribute_not_exists(send_tat) OR send_tat <= :now)"
        unlocked = "(attribute_not_exists(failures) OR failures < :free)"
        limits: Values = {
            "keeps": now + self.policy.resend_keeps_code_seconds,
            "cooled": now - self.policy.cooldown_seconds,
            "now": now,
            "free": self.policy.free_failures,
        }
        fields = ", ".join(f"{name} = :{name}" for name in _DRAFTED)
        change = Change(
            f"SET issued = if_not_exists(issued, :zero) + :one, spent = if_not_exists(spent, :zero),"
            f" failures = if_not_exists(failures, :zero), #ttl = :ttl, {fields}",
            {name: getattr(draft, name) for name in _DRAFTED} | {"zero": 0, "one": 1},
        )
        condition = " AND ".join((open_is_over, cooled, in_quota, unlocked))
        return self._write(key, condition, limits, change, now)

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        """Replace the challenge that the caller saw, if it is still there. One WCU."""
        written = ("issued", *_DRAFTED)
        fields = ", ".join(f"{name} = :{name}" for name in written)
        change = Change(f"SET #ttl = :ttl, {fields}", {name: getattr(new, name) for name in written})
        condition = "issued = :seen_issued AND sent_at = :seen_sent_at AND spent = :seen_spent"
        as_seen: Values = {"seen_issued": seen.issued, "seen_sent_at": seen.sent_at, "seen_spent": seen.spent}
        return self._write(key, condition, as_seen, change, now)

    def read(self, key: str) -> Record:
        """The record as it is now. One RCU."""
        with unavailable("the table"):
            # Consistent: the write that it must see may be milliseconds old.
            answer = self.client.get_item(TableName=self.name, Key={"pk": {"S": key}}, ConsistentRead=True)
        return _record(answer.get("Item", {}))

    def record_attempt(
        self, key: str, counter: int, *, right: bool, now: int, given: VerifiedCode | None = None
    ) -> WriteResult:
        """Spend the counter or count a failure, if it is unspent and the failures allow that. One WCU."""
        open_counter = "spent < :counter AND issued >= :counter"
        budget = "(failures < :free OR (failures < :hard AND failed_at <= :unlocked))"
        limits: Values = {
            "counter": counter,
            "free": self.policy.free_failures,
            "hard": self.policy.hard_limit,
            "unlocked": now - self.policy.lock_seconds,
        }
        judged = _accepted(now, given) if right else _failed(now, "failures + :one")
        return self._write(key, f"{open_counter} AND {budget}", limits, judged, now)

    def record_attempt_after_pause(
        self,
        key: str,
        counter: int,
        seen: Record,
        *,
        right: bool,
        now: int,
        given: VerifiedCode | None = None,
    ) -> WriteResult:
        """The same after a pause. Only the first call is accepted, and restarts the count. One WCU."""
        condition = "spent < :counter AND issued >= :counter AND failures = :seen AND failed_at = :seen_at"
        limits: Values = {"counter": counter, "seen": seen.failures, "seen_at": seen.failed_at}
        return self._write(
            key, condition, limits, _accepted(now, given) if right else _failed(now, ":one"), now
        )

    def _write(self, key: str, condition: str, limits: Values, change: Change, now: int) -> WriteResult:
        values: Values = {**limits, **change.values, "ttl": now + self.policy.keep_seconds}
        accepted, found = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression=change.update,
            ConditionExpression=condition,
            ExpressionAttributeNames={"#ttl": "ttl"} | change.names,
            ExpressionAttributeValues={f":{name}": _typed(value) for name, value in values.items()},
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return WriteResult(accepted, _record(found["Attributes"] if accepted else found))


def _accepted(now: int, given: VerifiedCode | None) -> Change:
    update = "SET spent = :counter, failures = :zero, #ttl = :ttl"
    values: Values = {"zero": 0}
    names: dict[str, str] = {}
    if given:
        update += ", #last = :given, #first = if_not_exists(#first, :given)"
        values = values | {"given": f"{now} {given.channel}"}
        names = {"#first": f"first_{given.client_id}", "#last": f"last_{given.client_id}"}
    return Change(f"{update} REMOVE failed_at, send_tat", values, names)


def _failed(now: int, failures: str) -> Change:
    return Change(f"SET failures = {failures}, failed_at = :now, #ttl = :ttl", {"one": 1, "now": now})


def _typed(value: int | str) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _record(item: Mapping[str, Mapping[str, Any]]) -> Record:
    found = {name: item[name] for name in _ATTRIBUTES if name in item}
    return Record(**{name: int(v["N"]) if "N" in v else v["S"] for name, v in found.items()})  # type: ignore[arg-type]


@dataclass(frozen=True)
class EvidenceTable:
    """Reads evidence. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str

    def read(self, subject: str, client_id: str) -> tuple[Evidence | None, Evidence | None]:
        """The first and the last accepted code of `subject` through the app client. Raises `Unavailable`."""
        with unavailable("the table"):
            answer = self.client.get_item(
                TableName=self.name,
                Key={"pk": {"S": record_key(SIGN_IN, subject)}},
                ProjectionExpression="#first, #last",
                ExpressionAttributeNames={"#first": f"first_{client_id}", "#last": f"last_{client_id}"},
                # The write may be milliseconds old.
                ConsistentRead=True,
            )
        item = answer.get("Item", {})
        return _evidence(item.get(f"first_{client_id}")), _evidence(item.get(f"last_{client_id}"))


def _evidence(attribute: Mapping[str, Any] | None) -> Evidence | None:
    if attribute is None:
        return None
    at, _, channel = attribute["S"].partition(" ")
    return Evidence(int(at), channel)
