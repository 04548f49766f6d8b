"""Check an answer: derive the code, compare, and write the attempt. Only one write can spend a code."""

from dataclasses import dataclass

from passcode.token_service.challenge import Challenge, record_key
from passcode.token_service.code import code_from_mac, parse_answer
from passcode.token_service.policy import Policy, answer_wait, pause_is_over
from passcode.token_service.refusal import Refusal
from passcode.token_service.store import CodeMac, Record, RecordStore, VerifiedCode, WriteResult


@dataclass(frozen=True)
class Verdict:
    """The result of a check: accepted, or the one reason for the refusal.

    `retry_after` is in seconds; None means that an operator has to unlock the subject first.
    `attempts_left` is the number of answers that can still be checked without a wait.
    """

    refusal: Refusal | None = None
    retry_after: int | None = 0
    attempts_left: int = 0

    @property
    def accepted(self) -> bool:
        """True if the answer was right and the write of this check spent the code."""
        return self.refusal is None


def check(
    challenge: Challenge,
    answer: object,
    *,
    code_mac: CodeMac,
    store: RecordStore,
    policy: Policy,
    now: int,
    given: VerifiedCode | None = None,
) -> Verdict:
    """Check `answer`, a value of any type. `now` is in seconds since the epoch.

    `given` is stored as evidence with an accepted answer. An answer that cannot be a code or comes too late
    is refused without a call and without a count, because it could not be right. Every other answer costs one
    MAC and one write, right or wrong, for users and decoys. So time and cost do not reveal whether a user
    exists. Raises `Unavailable` if the key or the store does not respond.
    """
    digits = parse_answer(answer, policy.code_digits)
    if digits is None:
        return Verdict(Refusal.MALFORMED)
    if now >= challenge.expires_at:
        return Verdict(Refusal.EXPIRED)
    expected = code_from_mac(code_mac(challenge.mac_message()), policy.code_digits)
    right = expected.matches(digits) and not challenge.decoy
    write = _record_attempt(challenge, store, policy, right=right, now=now, given=given)
    if not write.accepted:
        # A right and a wrong answer get the same refusal: an attacker must learn nothing about a guess.
        return _refused(write.record, challenge.counter, policy, now)
    if right:
        return Verdict()
    return Verdict(Refusal.WRONG, attempts_left=max(0, policy.free_failures - write.record.failures))


def _record_attempt(
    challenge: Challenge,
    store: RecordStore,
    policy: Policy,
    *,
    right: bool,
    now: int,
    given: VerifiedCode | None,
) -> WriteResult:
    key = record_key(challenge.purpose, challenge.subject)
    write = store.record_attempt(key, challenge.counter, right=right, now=now, given=given)
    seen = write.record
    if not write.accepted and pause_is_over(seen.failures, seen.failed_at, now, policy):
        return store.record_attempt_after_pause(
            key, challenge.counter, seen, right=right, now=now, given=given
        )
    return write


def _refused(record: Record, counter: int, policy: Policy, now: int) -> Verdict:
    if record.spent >= counter:
        return Verdict(Refusal.SPENT)
    wait = answer_wait(record.failures, record.failed_at, now, policy)
    if wait != 0:
        return Verdict(Refusal.PAUSED if record.failures >= policy.hard_limit else Refusal.LOCKED, wait)
    # The record gives no reason for the refusal. It was deleted, or another request changed it meanwhile.
    return Verdict(Refusal.NO_CHALLENGE)
