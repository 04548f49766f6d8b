"""The records of one subject in the stack's table: counts and times, never a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from passcode.adapters.record_table import read_record
from passcode.token_service.policy import (
    KEEP_SECONDS,
    LONG_DIGITS,
    Policy,
    day_of,
    needs_long_code,
    next_send_tat,
    send_wait,
    short_answers_left,
)
from passcode.token_service.store import Record
from tools.pool_admin.users.counter_keys import Subject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Without the evidence of the first code, refreshed tokens would describe a later one and look fresher.
_KEPT = re.compile(r"(pk|ttl|(first|last)_.*)\Z")


@dataclass(frozen=True)
class RecordState:
    """The record of one kind of purpose. `known` is whether the table has counters of that kind.

    Times are seconds since the epoch, 0 for never; days are UTC days. `messages_left` may be sent now without
    a wait for the message rate, and `message_wait` is that wait in seconds. `answers_left` is the most
    wrong answers to short codes that are still checked today. `accepted_today` counts by channel.
    `failed_at` has the times of failed messages, after which codes go to another address, by channel.
    """

    kind: str
    known: bool
    codes_issued: int
    last_issued_at: int
    last_message_at: int
    last_channel: str
    last_accepted_at: int
    open_until: int
    open_digits: int
    next_is_long: bool
    messages_left: int
    message_wait: int
    wrong_today: int
    wrong_in_a_row: int
    answers_left: int
    accepted_today: Mapping[str, int]
    failed_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CounterTable:
    """The table of a stack. `policy` has the limits of that stack."""

    dynamodb: DynamoDBClient
    table: str
    policy: Policy

    def state(self, subject: Subject, kind: str, now: int) -> RecordState:
        """The record of the subject for `kind` at `now`, in seconds since the epoch."""
        counters = self._counters(subject, kind)
        return _state(kind, read_record(counters), self.policy, now, known=bool(counters))

    def reset(self, subject: Subject, kind: str) -> None:
        """Remove the counters and the open challenge of the subject for `kind`, if there are any.

        A used code stays useless: a code is accepted only while the record has the nonce of its challenge.
        """
        names = sorted(self._counters(subject, kind))
        if names:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(subject, kind),
                UpdateExpression="REMOVE " + ", ".join(f"#n{at}" for at in range(len(names))),
                ExpressionAttributeNames={f"#n{at}": name for at, name in enumerate(names)},
            )

    def _counters(self, subject: Subject, kind: str) -> dict[str, Any]:
        """Return the attributes of the record without its key, its end and its evidence."""
        key = _key(subject, kind)
        item = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item", {})
        return {name: value for name, value in item.items() if not _KEPT.match(name)}


def _key(subject: Subject, kind: str) -> dict[str, Any]:
    return {"pk": {"S": subject.record_key(kind)}}


def _state(kind: str, record: Record, policy: Policy, now: int, *, known: bool) -> RecordState:
    wrong_today = record.wrong.get(day_of(now), 0)
    is_open = record.issued > record.spent and record.expires_at > now
    # An open long code is never replaced by a short one.
    is_long = is_open and record.digits == LONG_DIGITS
    return RecordState(
        kind=kind,
        known=known,
        codes_issued=record.issued,
        last_issued_at=record.issued_at,
        last_message_at=record.sent_at,
        last_channel=record.channel,
        last_accepted_at=record.spent_at,
        open_until=record.expires_at if is_open else 0,
        open_digits=record.digits if is_open else 0,
        next_is_long=is_long or needs_long_code(record.failures, wrong_today, policy),
        messages_left=_messages_left(record.send_tat, now, policy),
        message_wait=send_wait(record.send_tat, now, policy),
        wrong_today=wrong_today,
        wrong_in_a_row=record.failures,
        answers_left=short_answers_left(
            record.failures, wrong_today, policy, policy.answer_weight(len(record.sent_to))
        ),
        accepted_today={
            channel: count for (channel, day), count in record.accepted.items() if day == day_of(now)
        },
        failed_at={
            channel: failure.at
            for channel, failure in record.failed.items()
            if failure.to == record.sent_to.get(channel) and failure.at > now - KEEP_SECONDS
        },
    )


def _messages_left(send_tat: int, now: int, policy: Policy) -> int:
    left = 0
    while send_wait(send_tat, now, policy) == 0:
        send_tat = next_send_tat(send_tat, now, policy)
        left += 1
    return left
