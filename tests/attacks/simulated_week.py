"""One week of attack on one user, with the product's own rules and simulated time.

The owner wants to sign in once an hour, and types the code 14 seconds after the message. The stranger knows
all limits. It requests a message in each of its turns, and sends eight wrong answers a second to every
challenge whose code is short. Both call the token service as the triggers do.
"""

from dataclasses import dataclass

from passcode.token_service.challenge import SIGN_IN_CODE, Challenge, record_key
from passcode.token_service.check import check
from passcode.token_service.code import derive_code
from passcode.token_service.issue import IssueRequest, IssueResult, issue
from passcode.token_service.policy import LONG_DIGITS, Policy
from passcode.token_service.refusal import Refused
from tests.support.memory_stores import MemoryStore, code_mac

START = 1_799_971_200  # midnight UTC
WEEK = 7 * 86_400
HOUR = 3_600
TURN = 5
ANSWERS_PER_TURN = 8 * TURN
TYPING = 14
ADDRESSES = {"email": "e" * 32}


@dataclass
class Week:
    """The result of a week. Waits are in seconds, from the owner's start to the accepted answer."""

    waits: list[int]
    failed: int
    emails_a_day: list[int]
    guesses: dict[int, int]  # wrong answers that were checked, by the length of the code

    @property
    def odds_a_year(self) -> float:
        """The probability that one of a year's guesses is right."""
        a_week = sum((count / 10**digits for digits, count in self.guesses.items()), 0.0)
        return a_week * 365 / 7


@dataclass
class Simulation:
    """One user, an owner and a stranger. `kind` is the kind of sign-in of both.

    `attacked` is False for a week without the stranger.
    """

    kind: str
    policy: Policy
    attacked: bool = True

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.policy)
        self.drawn = 0
        self.emails = [0] * 8
        self.guesses: dict[int, int] = {}

    def run(self) -> Week:
        """Simulate the week."""
        waits, failed = [], 0
        started: int | None = None
        pending: tuple[int, IssueResult] | None = None  # when the owner answers, and the challenge
        retry_at = 0
        for second in range(0, WEEK, TURN):
            now = START + second
            if self.attacked:
                self._attack(now)
            if started is None and second % HOUR == 7 * TURN:
                started, retry_at = now, now
            if started is not None and pending is None and now >= retry_at:
                try:
                    pending = now + TYPING, self._request(now)
                except Refused as refused:
                    retry_at = now + max(TURN, refused.wait)
            if started is not None and pending and now >= pending[0]:
                accepted = self._answer(pending[1].challenge, pending[0], right=True)
                if accepted:
                    waits.append(pending[0] - started)
                    started = None
                pending = None
            if started is not None and now - started > HOUR - 2 * TURN:
                failed, started, pending = failed + 1, None, None
        return Week(waits, failed, self.emails[:7], self.guesses)

    def _request(self, now: int) -> IssueResult:
        self.drawn += 1
        ask = IssueRequest(self.kind, "subject", "email", ADDRESSES, False, f"{self.drawn:032x}", now)
        issued = issue(ask, self.store, self.policy)
        self.emails[(now - START) // 86_400] += issued.sent
        return issued

    def _attack(self, now: int) -> None:
        try:
            challenge = self._request(now).challenge
        except Refused:
            return
        # A wrong answer to a long code changes no counter, so one stands for all.
        answers = 1 if challenge.digits == LONG_DIGITS else ANSWERS_PER_TURN
        for _ in range(answers):
            before = self._wrong(now)
            self._answer(challenge, now, right=False)
            if challenge.digits < LONG_DIGITS:
                if self._wrong(now) == before:
                    return
                self.guesses[challenge.digits] = self.guesses.get(challenge.digits, 0) + 1

    def _wrong(self, now: int) -> int:
        record = self.store.records[record_key(self.kind, "subject")]
        return sum(record.wrong.values())

    def _answer(self, challenge: Challenge, now: int, *, right: bool) -> bool:
        code = derive_code(
            code_mac(challenge.mac_message()), "email", ADDRESSES["email"], challenge.digits
        ).reveal()
        self.drawn += 1
        verdict = check(
            challenge,
            code if right else code[:-1] + str((int(code[-1]) + 1) % 10),
            round_id=str(self.drawn),
            destinations=ADDRESSES,
            code_mac=code_mac,
            store=self.store,
            policy=self.policy,
            now=now,
        )
        return verdict.accepted


if __name__ == "__main__":
    print(Simulation(SIGN_IN_CODE, Policy()).run())
