"""Stores in memory. Each one follows the contract of its port.

`is_clear` and `may_record_attempt` are the conditions of a store's writes as plain predicates. The contract
tests compare the conditions of the DynamoDB table with them.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from threading import Lock

from passcode.confirmation.idempotency import IdempotencyClaim
from passcode.token_service.challenge import address_type, record_key
from passcode.token_service.issue import has_no_open_challenge
from passcode.token_service.policy import COOLDOWN_AFTER_SUCCESS, DAY, LONG_DIGITS, Policy, day_of
from passcode.token_service.store import Attempt, Evidence, Failure, Record, WriteResult


def is_clear(record: Record, channel: str, cap: int, now: int, policy: Policy) -> bool:
    """True if a new challenge with a short code may start at once."""
    day = day_of(now)
    is_over = has_no_open_challenge(record) or record.expires_at <= now
    ends_soon = record.expires_at < now + policy.resend_keeps_code_seconds and record.digits < LONG_DIGITS
    after_success = (
        record.issued > 0
        and has_no_open_challenge(record)
        and record.spent_at <= now - COOLDOWN_AFTER_SUCCESS
    )
    return (
        (is_over or ends_soon)
        and (record.sent_at <= now - policy.cooldown_seconds or after_success)
        and record.send_tat <= now
        and record.accepted.get((address_type(channel), day), 0) < cap
        and record.failures < policy.hard_limit
        and record.wrong.get(day, 0) < policy.long_after
    )


def may_record_attempt(record: Record, attempt: Attempt, policy: Policy) -> bool:
    """True if the attempt may be written."""
    day = day_of(attempt.now)
    in_budget = (
        record.failures < policy.hard_limit
        and record.wrong.get(day, 0) + attempt.weight <= policy.wrong_answers_per_day
    )
    return (
        record.spent < attempt.counter <= record.issued
        and attempt.nonce in (record.nonce, record.prev_nonce)
        and (in_budget or not attempt.is_short)
        and (attempt.channel != "" or record.failed_id != attempt.id)
    )


KEY = b"the key of the tests, 32 bytes..."


def code_mac(message: bytes) -> bytes:
    """The MAC that KMS makes with an HMAC_256 key."""
    return hmac.digest(KEY, message, hashlib.sha256)


@dataclass
class MemoryStore:
    """The store of records in memory: one lock, with the predicates above as conditions."""

    policy: Policy = field(default_factory=Policy)
    records: dict[str, Record] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    # The first and the last evidence by key and app client, as in the table.
    evidence: dict[tuple[str, str], tuple[Evidence, Evidence]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        with self.lock:
            old = self._old("start_challenge", key)
            new = _of_message(old, draft, now)._replace(issued=old.issued + 1, prev_nonce=old.nonce)
            return self._put(key, old, new, is_clear(old, draft.channel, cap, now, self.policy))

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        with self.lock:
            old = self._old("replace_challenge", key)
            same = (old.issued, old.nonce, old.sent_at, old.spent) == (
                seen.issued,
                seen.nonce,
                seen.sent_at,
                seen.spent,
            )
            merged = _of_message(old, new, now)._replace(issued=new.issued, prev_nonce=new.prev_nonce)
            return self._put(key, old, merged, same)

    def refund_message(self, key: str, issue_id: str) -> None:
        with self.lock:
            old = self._old("refund_message", key)
            tat = old.send_tat - self.policy.send_interval_seconds
            is_new = old.issue_id == issue_id != old.refund_id
            self._put(key, old, old._replace(send_tat=tat, refund_id=issue_id), is_new)

    def read(self, key: str) -> Record:
        with self.lock:
            return self.records.get(key, Record())

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        with self.lock:
            old = self._old("record_attempt", key)
            new = _spent(old, attempt, self.policy) if attempt.channel else _failed(old, attempt)
            write = self._put(key, old, new, may_record_attempt(old, attempt, self.policy))
            if write.accepted and attempt.channel and attempt.client_id:
                given = Evidence(attempt.now, attempt.channel)
                first, _ = self.evidence.get((key, attempt.client_id), (given, given))
                self.evidence[key, attempt.client_id] = first, given
            return write

    def read_evidence(
        self, kind: str, subject: str, client_id: str
    ) -> tuple[Evidence | None, Evidence | None]:
        return self.evidence.get((record_key(kind, subject), client_id), (None, None))

    def _old(self, write: str, key: str) -> Record:
        self.writes.append(write)
        return self.records.get(key, Record())

    def _put(self, key: str, old: Record, new: Record, accepted: bool) -> WriteResult:
        if accepted:
            self.records[key] = new
        return WriteResult(accepted, new if accepted else old)


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


def _of_message(old: Record, new: Record, now: int) -> Record:
    today = day_of(now)
    return old._replace(
        wrong={day: count for day, count in old.wrong.items() if day >= today},
        accepted={
            (of, day): count
            for (of, day), count in old.accepted.items()
            if day >= today or of != address_type(new.channel)
        },
        **{name: getattr(new, name) for name in _OF_MESSAGE},
        sent_to={**old.sent_to, **new.sent_to},
        sent_to_before={
            **old.sent_to_before,
            **{channel: old.sent_to.get(channel, to) for channel, to in new.sent_to.items()},
        },
        failed={
            channel: failure
            for channel, failure in old.failed.items()
            if new.failed.get(channel) != Failure()
        },
    )


def _spent(old: Record, attempt: Attempt, policy: Policy) -> Record:
    today = address_type(attempt.channel), day_of(attempt.now)
    return old._replace(
        spent=attempt.counter,
        spent_id=attempt.id,
        spent_at=attempt.now,
        failures=0,
        send_tat=old.send_tat - policy.send_interval_seconds,
        accepted={**old.accepted, today: old.accepted.get(today, 0) + 1},
        failed={channel: failure for channel, failure in old.failed.items() if channel != attempt.channel},
    )


def _failed(old: Record, attempt: Attempt) -> Record:
    if not attempt.is_short:
        return old._replace(failed_id=attempt.id)
    day = day_of(attempt.now)
    return old._replace(
        failures=old.failures + 1,
        failed_id=attempt.id,
        wrong={**old.wrong, day: old.wrong.get(day, 0) + attempt.weight},
    )


@dataclass
class MemoryIdempotencyStore:
    """The claims of Idempotency-Keys, each with its creation time."""

    claims: dict[str, tuple[IdempotencyClaim, int]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def claim(self, claim: IdempotencyClaim, nonce: str, now: int) -> IdempotencyClaim | None:
        with self.lock:
            held, made_at = self.claims.get(claim.key, (claim, 0))
            if held.nonce not in ("", nonce) and now <= made_at + DAY:
                return held
            self.claims[claim.key] = claim._replace(nonce=nonce, made_at=now), now
            return None

    def release(self, claim: IdempotencyClaim, nonce: str) -> None:
        with self.lock:
            held, _ = self.claims.get(claim.key, (claim, 0))
            if held.nonce == nonce:
                del self.claims[claim.key]
