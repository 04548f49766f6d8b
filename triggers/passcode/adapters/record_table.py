"""The records in DynamoDB: one conditional UpdateItem per write. A refused write returns the old item.

Each condition has the meaning of a predicate in the tests (`is_clear`, `may_record_attempt`). The contract
tests compare the two. Each write may be repeated after a lost response, because the item has its id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from passcode.adapters.botocore_clients import read_item, write_if
from passcode.token_service.challenge import address_type, record_key
from passcode.token_service.policy import (
    COOLDOWN_AFTER_SUCCESS,
    DAY,
    KEEP_SECONDS,
    LONG_DIGITS,
    Policy,
    day_of,
)
from passcode.token_service.store import Attempt, Evidence, Failure, Record, WriteResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Each is one attribute. The mappings of a record are attributes with a prefix: `to_<type>` and
# `prev_to_<type>`, `w<day>` and `ok_<type>_<day>`, with the type of the address (`address_type`), and
# `failed_<channel>`. A day's counter is an attribute with the day in its name, because no update expression
# can set back a counter at midnight.
_ATTRIBUTES = [name for name, kind in Record.__annotations__.items() if kind in (int, str)]
_OF_MESSAGE = (
    "nonce",
    "digits",
    "issued_at",
    "expires_at",
    "channel",
    "context",
    "sent_at",
    "send_tat",
    "issue_id",
)
# A new challenge removes the counters of so many days. An item that is not used for longer is deleted.
_OLD_DAYS = KEEP_SECONDS // DAY + 2
Values = dict[str, int | str]
_FAILURE_PREFIX = "failed_"
_FAILURE = re.compile(r"([0-9]{1,12}) (\S*)")


class Change(NamedTuple):
    """The change of a write: an update expression, with the values and names that only it needs."""

    update: str
    values: Values
    names: Mapping[str, str] = MappingProxyType({})


@dataclass(eq=False, repr=False)
class RecordTable:
    """The store of records, in one table. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str
    policy: Policy

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        """Start a challenge if every condition holds. One WCU."""
        day = day_of(now)
        # The open challenge is spent, expired, or short and close to its expiry;
        open_is_over = (
            "(attribute_not_exists(issued) OR spent = issued OR expires_at <= :now"
            " OR (expires_at < :keeps AND digits < :long))"
        )
        # the cooldown after the last message is over, or the shorter one after an accepted code;
        cooled = (
            "(attribute_not_exists(sent_at) OR sent_at <= :cooled"
            " OR (spent = issued AND spent_at <= :cooled_after_success))"
        )
        # no limit applies, and there were few wrong answers, so the code is short.
        in_rate = "(attribute_not_exists(send_tat) OR send_tat <= :now)"
        below_cap = f"(attribute_not_exists(#ok{day}) OR #ok{day} < :cap)"
        short = (
            "(attribute_not_exists(failures) OR failures < :hard)"
            f" AND (attribute_not_exists(w{day}) OR w{day} < :long_after)"
        )
        limits: Values = {
            "now": now,
            "keeps": now + self.policy.resend_keeps_code_seconds,
            "long": LONG_DIGITS,
            "cooled": now - self.policy.cooldown_seconds,
            "cooled_after_success": now - COOLDOWN_AFTER_SUCCESS,
            "cap": cap,
            "hard": self.policy.hard_limit,
            "long_after": self.policy.long_after,
        }
        old = _old_counters(draft.channel, day) | _removed_failures(draft)
        change = Change(
            "SET issued = if_not_exists(issued, :zero) + :one, spent = if_not_exists(spent, :zero),"
            " failures = if_not_exists(failures, :zero), prev_nonce = if_not_exists(nonce, :empty),"
            f" {_sets(_OF_MESSAGE)}, {_sets_sent_to(draft)}, #ttl = :ttl REMOVE {', '.join(old)}",
            _values(draft, _OF_MESSAGE) | {"zero": 0, "one": 1, "empty": ""},
            _sent_to_names(draft) | old | {f"#ok{day}": f"ok_{address_type(draft.channel)}_{day}"},
        )
        condition = " AND ".join((open_is_over, cooled, in_rate, below_cap, short))
        return self._write(key, condition, limits, change, now)

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        """Replace the challenge that the caller saw, if it is still there. One WCU."""
        written = ("issued", "prev_nonce", *_OF_MESSAGE)
        # During an attack every challenge is written here, so here too old counters are removed.
        old = _old_counters(new.channel, day_of(now)) | _removed_failures(new)
        change = Change(
            f"SET {_sets(written)}, {_sets_sent_to(new)}, #ttl = :ttl REMOVE {', '.join(old)}",
            _values(new, written),
            _sent_to_names(new) | old,
        )
        unchanged = ("issued", "nonce", "sent_at", "spent")
        condition = " AND ".join(f"{name} = :seen_{name}" for name in unchanged)
        as_seen: Values = {f"seen_{name}": getattr(seen, name) for name in unchanged}
        return self._write(key, condition, as_seen, change, now)

    def refund_message(self, key: str, issue_id: str) -> None:
        """Lower `send_tat` by one message, if the newest one is that of `issue_id`. One WCU."""
        write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression="SET send_tat = send_tat - :interval, refund_id = :id",
            ConditionExpression="issue_id = :id AND (attribute_not_exists(refund_id) OR refund_id <> :id)",
            ExpressionAttributeValues={
                ":id": {"S": issue_id},
                ":interval": {"N": str(self.policy.send_interval_seconds)},
            },
        )

    def read(self, key: str) -> Record:
        """The record as it is now. One RCU."""
        # Consistent: the write that it must see may be milliseconds old.
        item = read_item(
            self.client.get_item, TableName=self.name, Key={"pk": {"S": key}}, ConsistentRead=True
        )
        return read_record(item)

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        """Spend the counter or count a wrong answer, if the challenge is open. One WCU."""
        day = day_of(attempt.now)
        # The nonce too: a record that was deleted and created again counts from one again.
        condition = "spent < :counter AND issued >= :counter AND (nonce = :nonce OR prev_nonce = :nonce)"
        limits: Values = {"counter": attempt.counter, "nonce": attempt.nonce}
        if attempt.is_short:
            condition += f" AND failures < :hard AND (attribute_not_exists(w{day}) OR w{day} <= :most)"
            most = self.policy.wrong_answers_per_day - attempt.weight
            limits |= {"hard": self.policy.hard_limit, "most": most}
        if attempt.channel:
            change = _accepted(attempt, self.policy)
        else:
            condition += " AND (attribute_not_exists(failed_id) OR failed_id <> :id)"
            change = _failed(attempt)
        return self._write(key, condition, limits, change, attempt.now)

    def _write(self, key: str, condition: str, limits: Values, change: Change, now: int) -> WriteResult:
        values: Values = {**limits, **change.values, "ttl": now + KEEP_SECONDS}
        accepted, found = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression=change.update,
            ConditionExpression=condition,
            ExpressionAttributeNames={"#ttl": "ttl", **change.names},
            ExpressionAttributeValues={f":{name}": _typed(value) for name, value in values.items()},
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return WriteResult(accepted, read_record(found["Attributes"] if accepted else found))


def _sets_sent_to(record: Record) -> str:
    places = range(len(record.sent_to))
    return ", ".join(f"#to{n} = :to{n}, #prev_to{n} = if_not_exists(#to{n}, :to{n})" for n in places)


def _sent_to_names(record: Record) -> dict[str, str]:
    names: dict[str, str] = {}
    for n, of in enumerate(record.sent_to):
        names |= {f"#to{n}": f"to_{of}", f"#prev_to{n}": f"prev_to_{of}"}
    return names


def _sets(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} = :{name}" for name in names)


def _values(record: Record, names: tuple[str, ...]) -> Values:
    sent_to = {f"to{n}": to for n, to in enumerate(record.sent_to.values())}
    return {name: getattr(record, name) for name in names} | sent_to


def _old_counters(channel: str, day: int) -> dict[str, str]:
    """Return the attributes of the days before `day`, by their placeholders."""
    days = range(day - _OLD_DAYS, day)
    of = address_type(channel)
    return {f"#w{d}": f"w{d}" for d in days} | {f"#ok{d}": f"ok_{of}_{d}" for d in days}


def _removed_failures(record: Record) -> dict[str, str]:
    """Return the attributes of the failures that a write removes, by their placeholders."""
    removed = [channel for channel, failure in record.failed.items() if not failure.at]
    return {f"#failed{n}": f"failed_{channel}" for n, channel in enumerate(removed)}


def _accepted(attempt: Attempt, policy: Policy) -> Change:
    # One message is given back, so that signing in again and again needs no wait.
    update = (
        "SET spent = :counter, spent_id = :id, spent_at = :at, failures = :zero,"
        " send_tat = send_tat - :interval, #ttl = :ttl"
    )
    values: Values = {
        "id": attempt.id,
        "at": attempt.now,
        "zero": 0,
        "interval": policy.send_interval_seconds,
        "one": 1,
    }
    names = {
        "#ok": f"ok_{address_type(attempt.channel)}_{day_of(attempt.now)}",
        "#failed": f"failed_{attempt.channel}",
    }
    if attempt.client_id:
        update += ", #last = :given, #first = if_not_exists(#first, :given)"
        values["given"] = f"{attempt.now} {attempt.channel}"
        names |= {"#first": f"first_{attempt.client_id}", "#last": f"last_{attempt.client_id}"}
    return Change(f"{update} REMOVE #failed ADD #ok :one", values, names)


def _failed(attempt: Attempt) -> Change:
    if not attempt.is_short:
        # Not counted: a long code cannot be guessed. The write keeps time and cost the same.
        return Change("SET failed_id = :id, #ttl = :ttl", {"id": attempt.id})
    return Change(
        f"SET failures = failures + :one, failed_id = :id, #ttl = :ttl ADD w{day_of(attempt.now)} :weight",
        {"id": attempt.id, "one": 1, "weight": attempt.weight},
    )


def _typed(value: int | str) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def read_record(item: Mapping[str, Mapping[str, Any]]) -> Record:
    """Return the record of an item. Unknown attributes are ignored, and failures in another form."""
    failed = _read_failures(item)
    values: dict[str, Any] = {
        name: int(v["N"]) if "N" in v else v.get("S", "")
        for name, v in item.items()
        if name in _ATTRIBUTES or not name.startswith(_FAILURE_PREFIX)
    }
    known: dict[str, Any] = {name: values[name] for name in _ATTRIBUTES if name in values}
    sent_to: dict[str, str] = {}
    sent_to_before: dict[str, str] = {}
    wrong: dict[int, int] = {}
    accepted: dict[tuple[str, int], int] = {}
    for name, value in values.items():
        if name.startswith("to_"):
            sent_to[name.removeprefix("to_")] = value
        elif name.startswith("prev_to_"):
            sent_to_before[name.removeprefix("prev_to_")] = value
        elif name.startswith("ok_"):
            of, _, day = name.removeprefix("ok_").rpartition("_")
            accepted[of, int(day)] = value
        elif name[0] == "w" and name[1:].isdecimal():
            wrong[int(name[1:])] = value
    return Record(
        **known,
        sent_to=sent_to,
        sent_to_before=sent_to_before,
        wrong=wrong,
        accepted=accepted,
        failed=failed,
    )


def _read_failures(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Failure]:
    """Return the failures by channel. `delivery_events` may write any value, and none may stop a sign-in."""
    failures: dict[str, Failure] = {}
    for name, value in item.items():
        if name.startswith(_FAILURE_PREFIX) and name not in _ATTRIBUTES:
            found = _FAILURE.fullmatch(value.get("S", ""))
            if found:
                failures[name.removeprefix(_FAILURE_PREFIX)] = Failure(int(found[1]), found[2])
    return failures


@dataclass(eq=False, repr=False)
class EvidenceTable:
    """Reads evidence. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str

    def read(self, kind: str, subject: str, client_id: str) -> tuple[Evidence | None, Evidence | None]:
        """The first and the last accepted code of `subject` through the app client. Raises `Unavailable`.

        `kind` is the kind of purpose of the client's sign-ins.
        """
        item = read_item(
            self.client.get_item,
            TableName=self.name,
            Key={"pk": {"S": record_key(kind, subject)}},
            ProjectionExpression="#first, #last",
            ExpressionAttributeNames={"#first": f"first_{client_id}", "#last": f"last_{client_id}"},
            # The write may be milliseconds old.
            ConsistentRead=True,
        )
        return _evidence(item.get(f"first_{client_id}")), _evidence(item.get(f"last_{client_id}"))


def _evidence(attribute: Mapping[str, Any] | None) -> Evidence | None:
    if attribute is None:
        return None
    at, _, channel = attribute["S"].partition(" ")
    return Evidence(int(at), channel)
