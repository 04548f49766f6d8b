"""Check an answer: derive, compare, and let exactly one accepted write make it count."""

from dataclasses import dataclass

from passcode.token_service.challenge import Challenge, record_key
from passcode.token_service.code import code_from_mac, parse_answer
from passcode.token_service.policy import Policy, answer_wait, pause_is_over
from passcode.token_service.refusal import Refusal
from passcode.token_service.store import CodeMac, Record, RecordStore, VerifiedCode, WriteResult


@dataclass(frozen=True)
class Verdict:
    """Accepted, or the one reason why not.

    `retry_after`: seconds until an answer is checked again; None: not before an operator unlocks.
    `attempts_left`: how many more answers are checked without a wait.
    """

    refusal: Refusal | None = None
    retry_after: int | None = 0
    attempts_left: int = 0

    @property
    def accepted(self) -> bool:
        """True if the answer was right and this caller's write spent the code."""
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
    """Check `answer`, whatever it is. Raises `Unavailable` if the key or the store is out.

    What cannot be a code, and what comes too late, is refused without a call and without being counted: it
    had no chance to be right. Everything else costs one derivation and one write, right or wrong, known
    user or decoy, so that neither time nor cost tells them apart.
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
        # The same refusal for a right answer as for a wrong one: a guess must learn nothing from it.
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
    # Nothing in the record speaks against it: it was swept, or it changed between two looks.
    return Verdict(Refusal.NO_CHALLENGE)
