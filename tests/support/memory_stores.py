"""Stores in memory: each does what its port promises.

`is_clear` and `may_charge` are the conditions of a store's writes as plain predicates. The contract tests
compare the conditions of the DynamoDB table with them.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from threading import Lock

from passcode.confirmation.idempotency import Claim
from passcode.token_service.policy import DAY, Policy, answer_wait
from passcode.token_service.store import Given, Record, Write


def is_clear(record: Record, now: int, policy: Policy) -> bool:
    """True if a new challenge may begin at once."""
    return (
        (record.settled or record.expires_at < now + policy.resend_keeps_code_seconds)
        and (record.settled or record.sent_at <= now - policy.cooldown_seconds)
        and record.send_tat <= now
        and record.failures < policy.free_failures
    )


def may_charge(record: Record, counter: int, now: int, policy: Policy) -> bool:
    """True if an answer to `counter` may be judged now."""
    return (
        record.spent < counter <= record.issued
        and record.failures < policy.hard_limit
        and answer_wait(record.failures, record.failed_at, now, policy) == 0
    )


KEY = b"the key of the tests, 32 bytes..."


def code_mac(message: bytes) -> bytes:
    """What KMS does with an HMAC_256 key."""
    return hmac.digest(KEY, message, hashlib.sha256)


@dataclass
class MemoryStore:
    """The store as the domain describes it: one lock, and the predicates above for conditions."""

    policy: Policy = field(default_factory=Policy)
    records: dict[str, Record] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    # The evidence that the accepted writes kept, by key.
    evidence: dict[str, Given | None] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def issue_if_clear(self, key: str, draft: Record, now: int) -> Write:
        with self.lock:
            old = self._old("issue_if_clear", key)
            new = replace(
                draft,
                issued=old.issued + 1,
                spent=old.spent,
                failures=old.failures,
                failed_at=old.failed_at,
            )
            return self._put(key, old, new, is_clear(old, now, self.policy))

    def issue_over(self, key: str, seen: Record, new: Record, now: int) -> Write:
        with self.lock:
            old = self._old("issue_over", key)
            same = (old.issued, old.sent_at, old.spent) == (seen.issued, seen.sent_at, seen.spent)
            merged = replace(new, spent=old.spent, failures=old.failures, failed_at=old.failed_at)
            return self._put(key, old, merged, same)

    def read(self, key: str) -> Record:
        with self.lock:
            return self.records.get(key, Record())

    def charge(self, key: str, counter: int, *, right: bool, now: int, given: Given | None = None) -> Write:
        with self.lock:
            old = self._old("charge", key)
            new = _spent(old, counter) if right else replace(old, failures=old.failures + 1, failed_at=now)
            accepted = may_charge(old, counter, now, self.policy)
            return self._charge(key, old, new, accepted=accepted, given=given if right else None)

    def charge_after_pause(
        self, key: str, counter: int, seen: Record, *, right: bool, now: int, given: Given | None = None
    ) -> Write:
        with self.lock:
            old = self._old("charge_after_pause", key)
            same = (old.failures, old.failed_at) == (seen.failures, seen.failed_at)
            new = _spent(old, counter) if right else replace(old, failures=1, failed_at=now)
            accepted = same and old.spent < counter <= old.issued
            return self._charge(key, old, new, accepted=accepted, given=given if right else None)

    def _charge(self, key: str, old: Record, new: Record, *, accepted: bool, given: Given | None) -> Write:
        if accepted:
            self.evidence[key] = given
        return self._put(key, old, new, accepted)

    def _old(self, write: str, key: str) -> Record:
        self.writes.append(write)
        return self.records.get(key, Record())

    def _put(self, key: str, old: Record, new: Record, accepted: bool) -> Write:
        if accepted:
            self.records[key] = new
        return Write(accepted, new if accepted else old)


def _spent(old: Record, counter: int) -> Record:
    return replace(old, spent=counter, failures=0, failed_at=0, send_tat=0)


@dataclass
class MemoryRequests:
    """The claims of Idempotency-Keys, each with the time it was made."""

    claims: dict[str, tuple[Claim, int]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def hold(self, claim: Claim, nonce: str, now: int) -> Claim | None:
        with self.lock:
            held, made_at = self.claims.get(claim.key, (claim, 0))
            if held.nonce not in ("", nonce) and now <= made_at + DAY:
                return held
            self.claims[claim.key] = replace(claim, nonce=nonce), now
            return None

    def give_back(self, claim: Claim, nonce: str) -> None:
        with self.lock:
            held, _ = self.claims.get(claim.key, (claim, 0))
            if held.nonce == nonce:
                del self.claims[claim.key]
