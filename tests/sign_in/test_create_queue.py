"""`create` returns SENT or WAITING only after the queue has taken the message."""

from dataclasses import dataclass, field

import pytest

from passcode.delivery.envelope import Delivery
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Unavailable
from tests.support.events import EMAIL, NOW, SIGN_IN_KEY, attributes, golden
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_handlers import SignInHandlers

NEW_PHONE = "+12025550148"


@dataclass
class HandlersWithQueue(SignInHandlers):
    """The handlers with a queue that may fail. `takes` is whether it takes a message although it fails."""

    fails: bool = False
    nothing_was_done: bool = True
    takes: bool = False
    statuses: list[str] = field(default_factory=list)

    def put(self, delivery: Delivery) -> None:
        if self.takes or not self.fails:
            super().put(delivery)
        if self.fails:
            raise Unavailable("the queue failed", nothing_was_done=self.nothing_was_done)

    def start(self, name: str = "create_first", **changes: str) -> str:
        """Start a sign-in of the golden user. Returns its status, or `error`."""
        try:
            response = self.create(golden(name, userAttributes=attributes(**changes)))
        except Unavailable:
            return "error"
        return str(response["publicChallengeParameters"]["status"])


@pytest.mark.parametrize("later", [0, 1, 15, 29])
@pytest.mark.parametrize("takes", [False, True], ids=["not taken", "response lost"])
def test_after_a_failed_queue_the_next_start_queues_the_same_message(later: int, takes: bool) -> None:
    handlers = HandlersWithQueue(fails=True, takes=takes, nothing_was_done=not takes)
    assert handlers.start() == "error"
    handlers.fails = False
    handlers.now += later
    assert handlers.start(phone_number=NEW_PHONE) == "WAITING"
    (delivery,) = handlers.queued
    assert (delivery.sent_at, delivery.challenge.issued_at) == (NOW, NOW)
    repeat = handlers.puts[-1]
    assert repeat.id == delivery.id
    assert [to.value for to in repeat.destinations] == [EMAIL, NEW_PHONE], "those of the user now"


def test_waiting_is_not_told_while_the_queue_fails() -> None:
    handlers = HandlersWithQueue()
    assert handlers.start() == "SENT"
    handlers.fails = True
    handlers.now += 10
    assert handlers.start() == "error"
    assert handlers.store.writes == ["start_challenge", "start_challenge"], "nothing is given back"


@pytest.mark.parametrize("nothing_was_done", [True, False])
@pytest.mark.parametrize("later", [31, 239, 240, 400])
def test_the_first_start_after_three_minutes_without_a_queue_sends(
    later: int, *, nothing_was_done: bool
) -> None:
    """Five starts of such an outage once used up the message rate for a quarter of an hour."""
    handlers = HandlersWithQueue(fails=True, nothing_was_done=nothing_was_done)
    for _ in range(6):
        assert handlers.start() == "error"
        handlers.now += 31
    handlers.now += later - 31
    handlers.fails = False
    assert handlers.start() == "SENT"
    assert len(handlers.queued) == 1
    record = handlers.store.records[SIGN_IN_KEY]
    assert record.send_tat == handlers.now + 600, "one message is counted"


@pytest.mark.parametrize("name", ["create_first", "create_unknown_user_empty"])
def test_a_decoy_costs_the_same_messages_when_it_joins_a_challenge(name: str) -> None:
    handlers = HandlersWithQueue()
    assert [handlers.start(name), handlers.start(name)] == ["SENT", "WAITING"]
    assert len(handlers.puts) == 2


def test_an_old_message_is_not_queued_again() -> None:
    handlers = HandlersWithQueue(policy=Policy(send_burst=1))
    assert handlers.start() == "SENT"
    handlers.now += 240
    assert handlers.start() == "WAITING"
    assert len(handlers.puts) == 1


def test_a_joined_challenge_is_counted_and_logged(output: HandlerOutput) -> None:
    handlers = HandlersWithQueue(telemetry=output.telemetry)
    handlers.start()
    handlers.start()
    assert output.counted("waiting") == [{"channel": "email"}]
    assert [line["message"] for line in output.lines] == ["issued", "waiting"]


def test_a_message_that_the_queue_refused_is_counted_as_refunded(output: HandlerOutput) -> None:
    handlers = HandlersWithQueue(telemetry=output.telemetry, fails=True)
    handlers.start()
    assert output.counted("refunded") == [{}]
