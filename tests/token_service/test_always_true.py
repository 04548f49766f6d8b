"""Rules 1 to 4 of SECURITY.md, over every order of starting, answering, resending and waiting.

The model knows only what an outsider sees: the messages, the answers that were checked, and the answers that
were accepted. It computes its own sums. It never asks the code under test what is allowed.
"""

from collections import Counter
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from passcode.token_service.challenge import (
    SIGN_IN_CODE,
    SIGN_IN_PASSWORD,
    TOKEN,
    Challenge,
    derive_code,
    purpose_of,
)
from passcode.token_service.check import Verdict, check
from passcode.token_service.issue import IssueRequest, issue
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from tests.support.memory_stores import MemoryStore, code_mac

CHECKED = (None, Refusal.WRONG)
ADDRESSES = {"email": "e" * 32, "sms": "f" * 32}
DAY = 86_400


@dataclass(frozen=True)
class Sent:
    at: int
    challenge: Challenge


class SignIns(RuleBasedStateMachine):
    """One subject, any number of sessions. Time is whole seconds and only increases.

    The text of a purpose changes nothing: the subject has one budget for all purposes of a kind.
    """

    @initialize(
        policy=st.builds(
            Policy,
            cooldown_seconds=st.integers(10, 60),
            code_life_seconds=st.integers(60, 600),
            send_burst=st.integers(1, 5),
            send_interval_seconds=st.integers(60, 600),
            wrong_answers_per_day=st.integers(2, 4),
            hard_limit=st.integers(4, 8),
        ),
        purposes=st.sampled_from(
            [[SIGN_IN_PASSWORD], [SIGN_IN_CODE], [purpose_of(TOKEN, words) for words in ("", "one", "two")]]
        ),
        cap=st.integers(1, 5),
    )
    def begin(self, policy: Policy, purposes: list[str], cap: int) -> None:
        self.policy, self.purposes, self.cap = policy, purposes, cap
        self.store = MemoryStore(policy)
        self.now = 1_800_000_000
        self.drawn = 0
        self.sent: list[Sent] = []
        self.last: Sent | None = None
        self.delivered: set[bytes] = set()  # the challenges whose codes went out, ever
        self.known: list[Challenge] = []
        self.spent: dict[tuple[str, int], int] = {}  # the accepted codes, and when
        self.highest_spent = 0
        self.accepted: list[int] = []  # times of accepted answers
        self.accepted_on: Counter[tuple[str, int]] = Counter()
        self.wrong_on: Counter[int] = Counter()  # short codes that wrong answers were compared with, by day
        self.in_a_row = 0
        self.newest_wrong = "", ""  # round and answer

    @rule(seconds=st.one_of(st.integers(0, 3), st.integers(1, 700), st.just(3600), st.just(DAY)))
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
        to = ADDRESSES if not moved else {"email": nonce, "sms": nonce}
        ask = IssueRequest(purpose, "subject", channel, to, False, nonce, self.now, self.cap, purpose)
        try:
            issued = issue(ask, self.store, self.policy)
        except Refused:
            return
        challenge = issued.challenge
        assert self.now < challenge.expires_at <= challenge.issued_at + 600, "rule 3: ten minutes at most"
        if self.wrong_on[self.now // DAY] + len(ADDRESSES) > self.policy.wrong_answers_per_day:
            assert challenge.digits == 20, "a challenge whose answers are not checked was returned"
        if issued.sent:
            self._count_message(challenge)
        else:
            # Rejoined: a message with this very code went out, and the code is not spent.
            assert challenge.mac_message() in self.delivered
            assert (challenge.nonce, challenge.counter) not in self.spent
        if not moved:
            self.known.append(challenge)

    def _count_message(self, challenge: Challenge) -> None:
        if self.last:
            spent_at = self.spent.get((self.last.challenge.nonce, self.last.challenge.counter))
            cooled = self.last.at + self.policy.cooldown_seconds
            if spent_at is not None:
                cooled = min(cooled, spent_at + 5)
            assert self.now >= cooled, "rule 4: the cooldown"
            if self.last.challenge.digits == 20 and spent_at is None:
                is_live = self.now < self.last.challenge.expires_at and self.last.challenge in self.known
                same = challenge.purpose == self.last.challenge.purpose
                assert challenge.digits == 20 or not is_live or not same, "a short code replaced a long one"
        day = self.now // DAY
        assert self.accepted_on[challenge.channel, day] < self.cap, "rule 4: the cap of accepted answers"
        if (
            self.wrong_on[day] >= min(5, self.policy.wrong_answers_per_day)
            or self.in_a_row >= self.policy.hard_limit
        ):
            assert challenge.digits == 20, "rule 2: a short code after too many wrong answers"
        self.last = Sent(self.now, challenge)
        self.sent.append(self.last)
        self.delivered.add(challenge.mac_message())
        for first in range(len(self.sent)):
            since = self.sent[first].at
            given_back = sum(at >= since for at in self.accepted)
            allowed = self.policy.send_burst + (self.now - since) // self.policy.send_interval_seconds
            # An accepted answer gives back one message. One given back before the window counts as well,
            # because it can still be unused: the rate forgets it only after the interval.
            before = sum(since - self.policy.send_interval_seconds < at < since for at in self.accepted)
            assert len(self.sent) - first <= allowed + given_back + before, "rule 4: the message rate"

    @precondition(lambda self: self.known)
    @rule(
        pick=st.integers(0, 50),
        right=st.sampled_from(["", "", "email", "sms"]),
        decoy=st.sampled_from([False] * 5 + [True]),
        round_id=st.sampled_from(["", "", "", "again"]),
    )
    def answer(self, pick: int, right: str, decoy: bool, round_id: str) -> None:
        challenge = self.known[-1 - pick % len(self.known)]
        mac = code_mac(challenge.mac_message())
        codes = {
            name: derive_code(mac, name, to, challenge.digits).reveal() for name, to in ADDRESSES.items()
        }
        typed = codes.get(right) or next(
            code for n in range(3) if (code := str(n).zfill(challenge.digits)) not in codes.values()
        )
        self.drawn += 1
        round_id = round_id or str(self.drawn)
        verdict = check(
            challenge._replace(decoy=decoy),
            typed,
            round_id=round_id,
            destinations=ADDRESSES,
            code_mac=code_mac,
            store=self.store,
            policy=self.policy,
            now=self.now,
        )
        if verdict.accepted:
            assert not decoy
            assert verdict.channel == right
            self._accepted(challenge, verdict, round_id)
        elif verdict.refusal in CHECKED:
            assert decoy or not right, "a right answer was called wrong"
            self._count_wrong(challenge, typed, round_id)

    def _accepted(self, challenge: Challenge, verdict: Verdict, round_id: str) -> None:
        key = (challenge.nonce, challenge.counter)
        if key in self.spent:
            assert round_id == "again", "rule 1: accepted in two rounds"
            assert self.now - self.spent[key] <= 15, "rule 1: repeated too late"
            assert verdict.accepted_at == self.spent[key]
            return
        assert challenge.counter > self.highest_spent, "an older code was accepted after a newer one"
        assert self.now < challenge.expires_at, "rule 3: too late"
        if challenge.digits < 20:
            left = self.policy.wrong_answers_per_day - self.wrong_on[self.now // DAY]
            assert left >= len(ADDRESSES), "rule 2: the day"
            assert self.in_a_row < self.policy.hard_limit, "rule 2: in a row"
        self.spent[key] = self.now
        self.highest_spent = challenge.counter
        self.accepted.append(self.now)
        self.accepted_on[verdict.channel, self.now // DAY] += 1
        self.in_a_row = 0

    def _count_wrong(self, challenge: Challenge, typed: str, round_id: str) -> None:
        """Rule 2, for the answer that was just checked."""
        repeated, self.newest_wrong = self.newest_wrong == (round_id, typed), (round_id, typed)
        if challenge.digits == 20 or repeated:
            return
        self.wrong_on[self.now // DAY] += len(ADDRESSES)
        self.in_a_row += 1
        assert self.wrong_on[self.now // DAY] <= self.policy.wrong_answers_per_day, "rule 2: the day"
        assert self.in_a_row <= self.policy.hard_limit, "rule 2: in a row"


SignIns.TestCase.settings = settings(max_examples=300, stateful_step_count=60)
TestSignIns = SignIns.TestCase
