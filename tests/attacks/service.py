"""The token service with a store in memory, for attacks. A weak version replaces one part of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from passcode.token_service.challenge import SIGN_IN_CODE, Challenge, derive_code
from passcode.token_service.check import check
from passcode.token_service.issue import IssueRequest, issue
from passcode.token_service.policy import LONG_DIGITS, Policy
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import CodeMac
from tests.support.memory_stores import MemoryStore, code_mac
from tests.support.users import another_code

START = 1_799_971_200  # midnight UTC
HOUR = 3_600
DAY = 24 * HOUR
ADDRESSES: Mapping[str, str] = {"email": "e" * 32, "sms": "5" * 32}


@dataclass
class Service:
    """The token service of the product. `now` is in seconds since the epoch; only the test changes it."""

    store: MemoryStore = field(default_factory=MemoryStore)
    code_mac: CodeMac = code_mac
    policy: Policy = field(default_factory=Policy)
    now: int = START
    sent: list[Challenge] = field(default_factory=list)
    wait: int = 0  # of the last refused request, in seconds
    ids: Iterator[int] = field(default_factory=lambda: count(1))  # safe with threads

    def start(
        self, kind: str = SIGN_IN_CODE, subject: str = "ada", channel: str = "email", cap: int = 100
    ) -> Challenge | None:
        """Request a code. Returns the challenge to answer, or None if the request is refused."""
        nonce = f"{next(self.ids):032x}"
        ask = IssueRequest(kind, subject, channel, ADDRESSES, False, nonce, self.now, accepted_per_day=cap)
        try:
            issued = issue(ask, self.store, self.policy)
        except Refused as refused:
            self.wait = refused.wait
            return None
        self.sent += [issued.challenge] * issued.sent
        return issued.challenge

    def answer(self, challenge: Challenge, answer: object) -> Refusal | None:
        """Answer in a new round. Returns None if the answer is accepted."""
        return check(
            challenge,
            answer,
            round_id=str(next(self.ids)),
            destinations=ADDRESSES,
            code_mac=self.code_mac,
            store=self.store,
            policy=self.policy,
            now=self.now,
        ).refusal

    def code(self, challenge: Challenge) -> str:
        """Return the code in the newest message of `challenge`."""
        to = ADDRESSES[challenge.channel]
        mac = self.code_mac(challenge.mac_message())
        return derive_code(mac, challenge.channel, to, challenge.digits).reveal()

    def guess(self, challenge: Challenge, answers: int) -> int:
        """Send `answers` wrong answers. Returns the number of short codes that they were compared with."""
        right = self.code(challenge)
        refusals = [self.answer(challenge, another_code(right, 1 + number)) for number in range(answers)]
        return len(ADDRESSES) * refusals.count(Refusal.WRONG) if challenge.digits < LONG_DIGITS else 0
