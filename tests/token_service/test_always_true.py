"""Invariants 1 to 4 of docs/architecture.md, for any order of starts, answers, resends and waits.

The model knows only what an outsider sees: the sent messages, the checked answers and the accepted ones. It
calculates the limits itself and does not call the code under test for them.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from passcode.token_service.challenge import SIGN_IN, TOKEN, Challenge, purpose_of
from passcode.token_service.check import Verdict, check
from passcode.token_service.code import code_from_mac
from passcode.token_service.issue import IssueRequest, issue
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from tests.support.memory_stores import MemoryStore, code_mac

CHECKED = (None, Refusal.WRONG)


@dataclass(frozen=True)
class Sent:
    at: int
    challenge: Challenge


class SignIns(RuleBasedStateMachine):
    """One subject, any number of sessions. Time is in whole seconds and never goes back.

    The text of a purpose changes nothing: a subject has one budget for each kind of purpose.
    """

    @initialize(
        policy=st.builds(
            Policy,
            cooldown_seconds=st.integers(5, 60),
            resend_keeps_code_seconds=st.integers(1, 400),
            code_life_seconds=st.integers(60, 600),
            send_burst=st.integers(1, 5),
            send_interval_seconds=st.integers(60, 900),
            free_failures=st.sampled_from([3, 4, 48, 50]),
            lock_seconds=st.integers(30, 300),
            hard_limit=st.integers(50, 52),
            pause_seconds=st.sampled_from([0, 1000, 86_400]),
        ),
        purposes=st.sampled_from([[SIGN_IN], [purpose_of(TOKEN, words) for words in ("", "one", "two")]]),
    )
    def begin(self, policy: Policy, purposes: list[str]) -> None:
        self.policy, self.purposes = policy, purposes
        self.store = MemoryStore(policy)
        self.now = 1_800_000_000
        self.drawn = 0
        self.sent: list[Sent] = []  # since the last success
        self.last: Sent | None = None
        self.delivered: set[bytes] = set()  # all messages since the start
        self.known: list[Challenge] = []
        self.spent: set[tuple[str, int]] = set()
        self.highest_spent = 0
        self.refused_at: list[int] = []  # times of wrong answers since the last success

    @rule(seconds=st.one_of(st.integers(0, 3), st.integers(1, 700), st.just(3600), st.just(86_400)))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        channel=st.sampled_from(["email", "sms"]),
        moved=st.sampled_from([False] * 9 + [True]),
        pick=st.sampled_from([0, 0, 0, 1, 2]),
    )
    def start_or_resend(self, channel: str, moved: bool, pick: int) -> None:
        self.drawn += 1
        nonce = f"{self.drawn:032x}"
        purpose = self.purposes[pick % len(self.purposes)]
        bound = f"{purpose} {'there' if not moved else nonce}"
        ask = IssueRequest(purpose, "subject", channel, bound, False, nonce, self.now)
        try:
            issued = issue(ask, self.store, self.policy)
        except Refused:
            return
        challenge = issued.challenge
        assert challenge.expires_at - challenge.issued_at == self.policy.code_life_seconds
        assert self.now < challenge.expires_at
        if issued.sent:
            self._count_message(challenge)
        else:
            # Rejoined: a message with the same code was sent before, and the code is not spent.
            assert challenge.mac_message() in self.delivered
            assert (challenge.nonce, challenge.counter) not in self.spent
        self.known.append(challenge)

    def _count_message(self, challenge: Challenge) -> None:
        if self.last and (self.last.challenge.nonce, self.last.challenge.counter) not in self.spent:
            assert self.now - self.last.at >= self.policy.cooldown_seconds, "invariant 4: the cooldown"
        self.last = Sent(self.now, challenge)
        self.sent.append(self.last)
        self.delivered.add(challenge.mac_message())
        for first in range(len(self.sent)):
            window = self.now - self.sent[first].at
            allowed = self.policy.send_burst + window // self.policy.send_interval_seconds
            assert len(self.sent) - first <= allowed, "invariant 4: the quota"

    @precondition(lambda self: self.known)
    @rule(pick=st.integers(0, 50), right=st.booleans(), decoy=st.sampled_from([False] * 5 + [True]))
    def answer(self, pick: int, right: bool, decoy: bool) -> None:
        challenge = self.known[-1 - pick % len(self.known)]
        code = code_from_mac(code_mac(challenge.mac_message()), self.policy.code_digits).reveal()
        typed = code if right else code[:-1] + str((int(code[-1]) + 1) % 10)
        if decoy:
            challenge = Challenge(**{**vars(challenge), "decoy": True})
        verdict = check(
            challenge, typed, code_mac=code_mac, store=self.store, policy=self.policy, now=self.now
        )
        if verdict.accepted:
            self._accepted(challenge, right, decoy)
        else:
            self._refused(verdict, right, decoy)

    @precondition(lambda self: self.known)
    @rule(count=st.integers(2, 55))
    def answer_wrongly(self, count: int) -> None:
        """Answer the newest challenge again and again. Without this rule no run reaches the hard limit."""
        for _ in range(count):
            self.answer(pick=0, right=False, decoy=False)

    def _accepted(self, challenge: Challenge, right: bool, decoy: bool) -> None:
        assert right
        assert not decoy
        key = (challenge.nonce, challenge.counter)
        assert key not in self.spent, "invariant 1: accepted twice"
        assert challenge.counter > self.highest_spent, "an older code was accepted after a newer one"
        assert self.now < challenge.expires_at, "invariant 3: too late"
        self._within_budget()
        self.spent.add(key)
        self.highest_spent = challenge.counter
        self.refused_at, self.sent = [], []

    def _refused(self, verdict: Verdict, right: bool, decoy: bool) -> None:
        if verdict.refusal in CHECKED:
            assert decoy or not right, "a right answer was refused as wrong"
            self._within_budget()
            self.refused_at.append(self.now)

    def _within_budget(self) -> None:
        """Invariant 2, for the answer that was just checked. `refused_at` does not contain it yet."""
        policy, answers = self.policy, [*self.refused_at, self.now]
        for first in range(len(answers)):
            elapsed = answers[-1] - answers[first]
            count = len(answers) - first
            pauses = elapsed // policy.pause_seconds if policy.pause_seconds else 0
            assert count <= policy.hard_limit * (1 + pauses), "invariant 2: the hard limit"
            if not pauses:
                assert count <= policy.free_failures + elapsed // policy.lock_seconds, "invariant 2: the lock"


SignIns.TestCase.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
TestSignIns = SignIns.TestCase
