"""Services and stores with one fault in the counts of messages and answers."""

from dataclasses import dataclass, field
from threading import Barrier

from passcode.token_service.challenge import SIGN_IN_CODE, Challenge
from passcode.token_service.policy import COOLDOWN_AFTER_SUCCESS
from passcode.token_service.refusal import Refusal, Unavailable
from passcode.token_service.store import Attempt, Record, WriteResult
from tests.attacks.service import HOUR, Service
from tests.support.memory_stores import MemoryStore


@dataclass
class LocksAfterWrongAnswers(Service):
    """Fault: five wrong answers lock the account for an hour."""

    wrong: int = 0
    locked_until: int = 0

    def answer(self, challenge: Challenge, answer: object) -> Refusal | None:
        if self.now < self.locked_until:
            return Refusal.QUOTA
        refusal = super().answer(challenge, answer)
        self.wrong = self.wrong + 1 if refusal else 0
        if self.wrong == 5:
            self.wrong, self.locked_until = 0, self.now + HOUR
        return refusal


class OneRecordForAllKinds(Service):
    """Fault: sign-ins with and without a password share one record."""

    def start(
        self, kind: str = "", subject: str = "ada", channel: str = "email", cap: int = 100
    ) -> Challenge | None:
        return super().start(SIGN_IN_CODE, subject, channel, cap)


class RightAnswerClearsLimits(MemoryStore):
    """Fault: an accepted code deletes the counts of the user."""

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        write = super().record_attempt(key, attempt)
        if write.accepted and attempt.channel:
            was = write.record
            self.records[key] = Record(issued=was.issued, spent=was.spent, nonce=was.nonce)
        return write


class CountsPerSession(MemoryStore):
    """Fault: each start has new counters (AuthQuake, and samples for Cognito)."""

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        self.records.pop(key, None)
        return super().start_challenge(key, draft, cap, now)


class NewCodeResetsAnswers(MemoryStore):
    """Fault: a new code resets the count of wrong answers (better-auth#11162)."""

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        self.records[key] = self.records.get(key, Record())._replace(wrong={}, failures=0)
        return super().start_challenge(key, draft, cap, now)


@dataclass
class CountsPerCode(MemoryStore):
    """Fault: the code before the newest one has a separate count of wrong answers."""

    counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        self.records[key] = self.records[key]._replace(wrong=self.counts.get(attempt.nonce, {}))
        write = super().record_attempt(key, attempt)
        self.counts[attempt.nonce] = dict(write.record.wrong)
        return write


class ForgetsTheNonce(MemoryStore):
    """Fault: a challenge is recognised by its counter only."""

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        return super().record_attempt(key, attempt._replace(nonce=self.records[key].nonce))


@dataclass
class ChecksThenDeletes(Service):
    """Fault: the code is compared and deleted in two steps (CVE-2026-22751)."""

    gate: Barrier = field(default_factory=lambda: Barrier(20))
    is_spent: bool = False

    def answer(self, challenge: Challenge, answer: object) -> Refusal | None:
        is_right = not self.is_spent and answer == self.code(challenge)
        self.gate.wait(timeout=60)
        self.is_spent = self.is_spent or is_right
        return None if is_right else Refusal.WRONG


@dataclass
class ReadsThenCounts(Service):
    """Fault: the count of wrong answers is read and written in two steps (CVE-2023-47111)."""

    gate: Barrier = field(default_factory=lambda: Barrier(40))
    wrong: int = 0

    def answer(self, challenge: Challenge, answer: object) -> Refusal | None:
        wrong = self.wrong
        self.gate.wait(timeout=60)
        if wrong >= self.policy.wrong_answers_per_day:
            return Refusal.LONGER_CODE
        self.wrong = wrong + 1
        return None if answer == self.code(challenge) else Refusal.WRONG


class StoreThatFails(MemoryStore):
    """Attempts fail: the write is lost, or is made and its response is lost if `only_responses`."""

    only_responses = False
    is_down = False

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        if self.is_down and not self.only_responses:
            raise Unavailable("DynamoDB: timeout")
        write = super().record_attempt(key, attempt)
        if self.is_down:
            raise Unavailable("DynamoDB: timeout")
        return write


class AcceptsWithoutStore(Service):
    """Fault: if the store fails, the answer is compared without a count."""

    def answer(self, challenge: Challenge, answer: object) -> Refusal | None:
        try:
            return super().answer(challenge, answer)
        except Unavailable:
            return None if answer == self.code(challenge) else Refusal.WRONG


class RollsBackTheCount(Service):
    """Fault: an error after the count undoes the count (CVE-2026-35597)."""

    def answer(self, challenge: Challenge, answer: object) -> Refusal | None:
        before = dict(self.store.records)
        try:
            return super().answer(challenge, answer)
        except Unavailable:
            self.store.records = before
            raise


class NoMessageLimit(MemoryStore):
    """Fault: each start sends a message."""

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        was = self.records.get(key, Record())
        over = now - COOLDOWN_AFTER_SUCCESS
        self.records[key] = was._replace(spent=was.issued, sent_at=0, spent_at=over, send_tat=0)
        return super().start_challenge(key, draft, cap, now)


class RefusesAtTheLimit(Service):
    """Fault: a start that may not send a message is refused, although a code is open."""

    def start(
        self, kind: str = SIGN_IN_CODE, subject: str = "ada", channel: str = "email", cap: int = 100
    ) -> Challenge | None:
        messages = len(self.sent)
        challenge = super().start(kind, subject, channel, cap)
        return challenge if len(self.sent) > messages else None
