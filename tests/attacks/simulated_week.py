"""One week of attack on one user, with the product's own rules and simulated time.

The owner wants to sign in once an hour, and types the code 14 seconds after the message. The stranger knows
all limits. It requests a message in each of its turns, and sends eight wrong answers a second to every
challenge whose code is short. Both call the token service as the triggers do.
"""

from dataclasses import dataclass, field

from passcode.token_service.challenge import Challenge, derive_code, record_key
from passcode.token_service.check import check
from passcode.token_service.issue import IssueRequest, IssueResult, issue
from passcode.token_service.policy import LONG_DIGITS, Policy
from passcode.token_service.refusal import Refused
from tests.support.memory_stores import MemoryStore, code_mac

START = 1_799_971_200  # midnight UTC
WEEK = 7 * 86_400
HOUR = 3_600
TURN = 15
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
        owner = Owner(self)
        for second in range(0, WEEK, TURN):
            now = START + second
            if self.attacked:
                self._attack(now)
            if second % HOUR == 2 * TURN:
                owner.start(now)
            owner.act(now)
        return Week(owner.waits, owner.failed, self.emails[:7], self.guesses)

    def request(self, now: int) -> IssueResult:
        self.drawn += 1
        ask = IssueRequest(self.kind, "subject", "email", ADDRESSES, False, f"{self.drawn:032x}", now)
        issued = issue(ask, self.store, self.policy)
        self.emails[(now - START) // 86_400] += issued.sent
        return issued

    def _attack(self, now: int) -> None:
        try:
            challenge = self.request(now).challenge
        except Refused:
            return
        # A wrong answer to a long code changes no counter, so one stands for all.
        answers = 1 if challenge.digits == LONG_DIGITS else ANSWERS_PER_TURN
        for _ in range(answers):
            before = self._wrong(now)
            self.answer(challenge, now, right=False)
            if challenge.digits < LONG_DIGITS:
                if self._wrong(now) == before:
                    return
                self.guesses[challenge.digits] = self.guesses.get(challenge.digits, 0) + 1

    def _wrong(self, now: int) -> int:
        record = self.store.records[record_key(self.kind, "subject")]
        return sum(record.wrong.values())

    def answer(self, challenge: Challenge, now: int, *, right: bool) -> bool:
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


@dataclass
class Owner:
    """The user of the account. Each sign-in starts at an hour and is given up before the next one."""

    simulation: Simulation
    waits: list[int] = field(default_factory=list)
    failed: int = 0
    started: int | None = None
    next_try: int = 0
    challenge: Challenge | None = None  # the answer to it is typed at `next_try`

    def start(self, now: int) -> None:
        """Want to sign in."""
        self.failed += self.started is not None
        self.started, self.next_try, self.challenge = now, now, None

    def act(self, now: int) -> None:
        """Request a code, or type it, if it is time."""
        if self.started is None or now < self.next_try:
            return
        if self.challenge is None:
            try:
                self.challenge = self.simulation.request(now).challenge
                self.next_try = now + TYPING
            except Refused as refused:
                self.next_try = now + refused.wait
        elif self.simulation.answer(self.challenge, self.next_try, right=True):
            self.waits.append(self.next_try - self.started)
            self.started = None
        else:
            self.challenge = None
