"""Every order in which the writes of two and three sessions can happen, with up to two lost responses.

A session is a list of steps. Each step calls the token service, which makes one or more writes. After each
write any session may continue, and the response to a write may be lost: then the client repeats the write,
perhaps after the writes of other sessions. The test explores all of these orders. It counts what the sessions
see, and never asks the code under test what is allowed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from passcode.token_service.challenge import SIGN_IN_CODE, Challenge, derive_code
from passcode.token_service.check import Verdict, check
from passcode.token_service.issue import IssueRequest, IssueResult, issue, queue_message
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused, Unavailable
from passcode.token_service.store import Record
from tests.support.memory_stores import MemoryStore, code_mac
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY

NOW = 1_800_000_000
# A wrong answer counts for both.
ADDRESSES = {"email": "e" * 32, "sms": "f" * 32}
LOST = 2
INTERVAL = Policy().send_interval_seconds


class Paused(Exception):
    """A session has made its next write."""


class Repeated(MemoryStore):
    """A store that repeats the results of the writes that a session has made, and makes one more write."""

    def __init__(self, policy: Policy, records: dict[str, Record], results: list[Any]) -> None:
        super().__init__(policy, records)
        self.results, self.made = results, 0

    def _next(self, write: Callable[..., Any], *arguments: Any) -> Any:
        if self.made < len(self.results):
            self.made += 1
            return self.results[self.made - 1]
        self.results.append(write(self, *arguments))
        raise Paused

    def start_challenge(self, *arguments: Any) -> Any:
        return self._next(MemoryStore.start_challenge, *arguments)

    def replace_challenge(self, *arguments: Any) -> Any:
        return self._next(MemoryStore.replace_challenge, *arguments)

    def record_attempt(self, *arguments: Any) -> Any:
        return self._next(MemoryStore.record_attempt, *arguments)

    def refund_message(self, *arguments: Any) -> None:
        self._next(MemoryStore.refund_message, *arguments)


@dataclass(frozen=True)
class Ask:
    """A step that requests a code, so many seconds after the start. The queue may refuse the message."""

    after: int
    refused: bool = False


@dataclass(frozen=True)
class Answer:
    """A step that answers the challenge of the last request."""

    after: int
    right: bool


@dataclass(frozen=True)
class Asked:
    """The result of a request. `is_queued` is whether the queue took the message, or took it before."""

    issued: IssueResult
    is_queued: bool

    @property
    def message(self) -> tuple[str, int]:
        """The id of the message, by which the queue drops a repeat."""
        return self.issued.challenge.nonce, self.issued.sent_at


Step = Ask | Answer
Outcome = Asked | Verdict | Refused


@dataclass(frozen=True)
class Seen:
    """What the sessions have seen at the end of one order, and the record then."""

    outcomes: list[list[Outcome]]
    record: Record

    @property
    def asked(self) -> list[Asked]:
        return [o for session in self.outcomes for o in session if isinstance(o, Asked)]

    @property
    def messages(self) -> set[tuple[str, int]]:
        """The messages on the queue."""
        return {asked.message for asked in self.asked if asked.is_queued}

    def verdicts(self) -> Iterator[tuple[Challenge, Verdict]]:
        """Each verdict with the challenge that it is for."""
        for session in self.outcomes:
            challenge = None
            for outcome in session:
                if isinstance(outcome, Asked):
                    challenge = outcome.issued.challenge
                elif isinstance(outcome, Verdict):
                    assert challenge
                    yield challenge, outcome


@dataclass
class Session:
    """A session: its steps, and the results of the writes that it has made so far."""

    number: int
    steps: tuple[Step, ...]
    results: list[Any] = field(default_factory=list)

    def advance(self, policy: Policy, records: dict[str, Record]) -> list[Outcome] | None:
        """Make the next write on `records`. Returns the outcomes if there is no further write."""
        store = Repeated(policy, records, self.results)
        outcomes: list[Outcome] = []
        try:
            for number, step in enumerate(self.steps):
                outcomes.append(self._take(step, f"{self.number:016x}{number:016x}", outcomes, store, policy))
                if isinstance(outcomes[-1], Refused):
                    break
        except Paused:
            return None
        return outcomes

    def _take(
        self, step: Step, nonce: str, outcomes: list[Outcome], store: MemoryStore, policy: Policy
    ) -> Outcome:
        if isinstance(step, Ask):
            ask = IssueRequest(
                SIGN_IN_CODE, "subject", "email", ADDRESSES, False, nonce, NOW + step.after, 100, ""
            )
            try:
                issued = issue(ask, store, policy)
            except Refused as refused:
                return refused
            return Asked(issued, _is_queued(issued, store, refused=step.refused))
        challenge = next(o.issued.challenge for o in reversed(outcomes) if isinstance(o, Asked))
        mac = code_mac(challenge.mac_message())
        code = derive_code(mac, "email", ADDRESSES["email"], challenge.digits).reveal()
        wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
        return check(
            challenge,
            code if step.right else wrong,
            round_id=nonce,
            destinations=ADDRESSES,
            code_mac=code_mac,
            store=store,
            policy=policy,
            now=NOW + step.after,
        )


def _is_queued(issued: IssueResult, store: MemoryStore, *, refused: bool) -> bool:
    def put() -> None:
        if refused:
            raise Unavailable("the queue", nothing_was_done=True)

    assert issued.must_queue
    try:
        queue_message(issued, put, store, DISCARDED_TELEMETRY)
    except Unavailable:
        return False
    return True


def orders(policy: Policy, sessions: list[tuple[Step, ...]]) -> Iterator[Seen]:
    """Run the sessions in every order, with up to `LOST` lost responses.

    Two orders that lead to the same records and the same results are followed once.
    """
    known: set[str] = set()

    def explore(records: dict[str, Record], results: list[list[Any]], lost: int) -> Iterator[Seen]:
        state = repr((records, results, lost))
        if state in known:
            return
        known.add(state)
        finished: list[list[Outcome] | None] = []
        for number, steps in enumerate(sessions):
            # On a copy: this only asks whether the session has finished.
            trial = Session(number, steps, list(results[number]))
            finished.append(trial.advance(policy, dict(records)))
        if all(outcomes is not None for outcomes in finished):
            (record,) = records.values()
            yield Seen([outcomes for outcomes in finished if outcomes is not None], record)
            return
        for number, steps in enumerate(sessions):
            if finished[number] is not None:
                continue
            after = dict(records)
            session = Session(number, steps, list(results[number]))
            session.advance(policy, after)
            others = [list(each) for each in results]
            others[number] = session.results
            yield from explore(after, others, lost)
            if lost:
                # The write was made, but its response was lost: the session makes it again.
                yield from explore(after, [list(each) for each in results], lost - 1)

    yield from explore({}, [[] for _ in sessions], LOST)


SIGN_IN = (Ask(0), Answer(5, right=True))
GUESS = (Ask(0), Answer(5, right=False))
RESEND = (Ask(0), Ask(31), Answer(36, right=True))
TWO_WRONG = (Ask(0), Answer(5, right=False), Answer(6, right=False))
# The queue refuses the message, and the user starts again.
FAILED = (Ask(0, refused=True),)
AGAIN = (Ask(0, refused=True), Ask(5), Answer(10, right=True))


@pytest.mark.parametrize(
    ("sessions", "wrong_answers"),
    [
        ([SIGN_IN, SIGN_IN], 10),
        ([SIGN_IN, SIGN_IN, SIGN_IN], 10),
        ([SIGN_IN, GUESS, GUESS], 2),
        ([GUESS, GUESS, GUESS], 5),
        ([TWO_WRONG, SIGN_IN], 4),
        ([RESEND, SIGN_IN], 10),
        ([RESEND, RESEND], 10),
        ([RESEND, GUESS], 2),
        ([AGAIN, SIGN_IN], 10),
        ([AGAIN, AGAIN], 10),
        ([AGAIN, GUESS], 2),
        ([AGAIN, RESEND], 10),
        ([FAILED, SIGN_IN, SIGN_IN], 10),
        ([FAILED, FAILED, SIGN_IN], 10),
    ],
)
def test_rules_1_2_and_4_hold_in_every_order(sessions: list[tuple[Step, ...]], wrong_answers: int) -> None:
    policy = Policy(wrong_answers_per_day=wrong_answers)
    # Requests come at 0 and at 31 seconds. Each time allows one message.
    messages = 2 if RESEND in sessions else 1
    explored = 0
    for seen in orders(policy, sessions):
        explored += 1
        accepted = Counter(c.nonce for c, verdict in seen.verdicts() if verdict.accepted)
        assert all(count == 1 for count in accepted.values()), "rule 1: accepted in two sessions"
        wrong = [
            verdict for c, verdict in seen.verdicts() if verdict.refusal is Refusal.WRONG and c.digits < 20
        ]
        assert len(ADDRESSES) * len(wrong) <= wrong_answers, "rule 2: too many answers were checked"
        assert len(seen.messages) <= messages, "rule 4: two messages in one cooldown"
        # A message is given back once for an accepted code, and once if the queue refused it.
        new = [asked for asked in seen.asked if asked.issued.sent]
        # The record's count: a session whose response was lost may see a refusal of its accepted answer.
        given_back = sum(seen.record.accepted.values()) + sum(not asked.is_queued for asked in new)
        assert seen.record.send_tat >= NOW + INTERVAL * (len(new) - given_back), "rule 4: given back twice"
    assert explored > 5


def test_a_right_answer_is_accepted_although_two_responses_are_lost() -> None:
    for seen in orders(Policy(), [SIGN_IN]):
        ((_, verdict),) = seen.verdicts()
        assert verdict.accepted
        assert len(seen.messages) == 1


def test_a_start_after_a_refused_message_queues_it_and_it_is_given_back_once() -> None:
    for seen in orders(Policy(), [AGAIN]):
        ((_, verdict),) = seen.verdicts()
        assert verdict.accepted
        assert [asked.is_queued for asked in seen.asked] == [False, True]
        assert len(seen.messages) == 1
        assert seen.record.send_tat == NOW - INTERVAL


def test_the_orders_reach_the_outcomes_that_they_are_for() -> None:
    """Otherwise a mistake in the exploration could leave all assertions above without a case."""
    policy = Policy(wrong_answers_per_day=2)
    refusals = Counter(
        verdict.refusal for seen in orders(policy, [SIGN_IN, GUESS, GUESS]) for _, verdict in seen.verdicts()
    )
    assert {None, Refusal.WRONG, Refusal.LONGER_CODE, Refusal.SPENT} <= set(refusals)
