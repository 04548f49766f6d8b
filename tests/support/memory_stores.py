"""Stores in memory. Each one follows the contract of its port.

`is_clear` and `may_record_attempt` are the conditions of a store's writes as plain predicates. The contract
tests compare the conditions of the DynamoDB table with them.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from threading import Lock

from passcode.confirmation.idempotency import IdempotencyClaim
from passcode.token_service.challenge import SIGN_IN, record_key
from passcode.token_service.issue import has_no_open_challenge
from passcode.token_service.policy import DAY, Policy, answer_wait
from passcode.token_service.store import Evidence, Record, VerifiedCode, WriteResult


def is_clear(record: Record, now: int, policy: Policy) -> bool:
    """True if a new challenge may start at once."""
    return (
        (has_no_open_challenge(record) or record.expires_at < now + policy.resend_keeps_code_seconds)
        and (has_no_open_challenge(record) or record.sent_at <= now - policy.cooldown_seconds)
        and record.send_tat <= now
        and record.failures < policy.free_failures
    )


def may_record_attempt(record: Record, counter: int, now: int, policy: Policy) -> bool:
    """True if an answer to `counter` may be checked now."""
    return (
        record.spent < counter <= record.issued
        and record.failures < policy.hard_limit
        and answer_wait(record.failures, record.failed_at, now, policy) == 0
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
    # The first and the last accepted code, by key and app client.
    evidence: dict[tuple[str, str], tuple[Evidence, Evidence]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def start_challenge(self, key: str, draft: Record, now: int) -> WriteResult:
        with self.lock:
            old = self._old("start_challenge", key)
            new = replace(
                draft,
                issued=old.issued + 1,
                spent=old.spent,
                failures=old.failures,
                failed_at=old.failed_at,
            )
            return self._put(key, old, new, is_clear(old, now, self.policy))

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        with self.lock:
            old = self._old("replace_challenge", key)
            same = (old.issued, old.sent_at, old.spent) == (seen.issued, seen.sent_at, seen.spent)
            merged = replace(new, spent=old.spent, failures=old.failures, failed_at=old.failed_at)
            return self._put(key, old, merged, same)

    def read(self, key: str) -> Record:
        with self.lock:
            return self.records.get(key, Record())

    def record_attempt(
        self, key: str, counter: int, *, right: bool, now: int, given: VerifiedCode | None = None
    ) -> WriteResult:
        with self.lock:
            old = self._old("record_attempt", key)
            new = _spent(old, counter) if right else replace(old, failures=old.failures + 1, failed_at=now)
            accepted = may_record_attempt(old, counter, now, self.policy)
            return self._attempt(key, old, new, now, accepted=accepted, given=given if right else None)

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
        with self.lock:
            old = self._old("record_attempt_after_pause", key)
            same = (old.failures, old.failed_at) == (seen.failures, seen.failed_at)
            new = _spent(old, counter) if right else replace(old, failures=1, failed_at=now)
            accepted = same and old.spent < counter <= old.issued
            return self._attempt(key, old, new, now, accepted=accepted, given=given if right else None)

    def read_evidence(self, subject: str, client_id: str) -> tuple[Evidence | None, Evidence | None]:
        """The first and the last accepted code of `subject` through the app client."""
        with self.lock:
            return self.evidence.get((record_key(SIGN_IN, subject), client_id), (None, None))

    def _attempt(
        self, key: str, old: Record, new: Record, now: int, *, accepted: bool, given: VerifiedCode | None
    ) -> WriteResult:
        if accepted and given:
            last = Evidence(now, given.channel)
            first, _ = self.evidence.get((key, given.client_id), (last, last))
            self.evidence[key, given.client_id] = first, last
        return self._put(key, old, new, accepted)

    def _old(self, write: str, key: str) -> Record:
        self.writes.append(write)
        return self.records.get(key, Record())

    def _put(self, key: str, old: Record, new: Record, accepted: bool) -> WriteResult:
        if accepted:
            self.records[key] = new
        return WriteResult(accepted, new if accepted else old)


def _spent(old: Record, counter: int) -> Record:
    return replace(old, spent=counter, failures=0, failed_at=0, send_tat=0)


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
            self.claims[claim.key] = replace(claim, nonce=nonce), now
            return None

    def release(self, claim: IdempotencyClaim, nonce: str) -> None:
        with self.lock:
            held, _ = self.claims.get(claim.key, (claim, 0))
            if held.nonce == nonce:
                del self.claims[claim.key]
