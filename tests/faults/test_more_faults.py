"""Two faults at a time, killed functions, and messages that SQS delivers twice or out of order."""

import contextlib
from itertools import combinations, product

import pytest

from tests.faults.conftest import RUNS_ALL, Record
from tests.faults.sign_ins import Ending, SignIn
from tests.faults.world import SIGN_IN, World
from tests.support import fault_proxy
from tests.support.challenge_triggers import TriggerFailed
from tests.support.fault_proxy import THROTTLED

PAIRED = ("create_auth_challenge", "deliver", "verify_auth_challenge")
KINDS = ("throttled", "answer lost", "reset before")


def finish(world: World, sign_in: SignIn, record: Record) -> tuple[str, list[Ending]]:
    """Let the user try again without faults. Returns the result and the ends of the challenges."""
    first = sign_in.attempt()
    world.proxy.heal()
    world.kills.clear()
    if not first:
        world.clock.now += 3
        sign_in.attempts(2, pause=31)
    endings = sign_in.endings()
    assert not sign_in.accepts_again()
    for ending in endings:
        record("endings", ending.value)
    result = "signed in" if first else "error, then signed in" if sign_in.is_accepted else "no tokens"
    count = len(sign_in.messages())
    return result + (f", {count} messages" if count > 1 else ""), endings


@pytest.mark.parametrize("pair", list(combinations(PAIRED, 2)), ids="-".join)
def test_a_call_of_two_functions_breaks(world: World, record: Record, pair: tuple[str, str]) -> None:
    """One call of each of two functions breaks. No code is accepted twice, and no challenge is lost."""
    probe = SignIn(world, world.pool.add_user(0))
    assert probe.attempt()
    calls: list[list[tuple[str, str, str]]] = [
        [(name, s, o) for s, o, _ in world.last_calls[name]] for name in pair
    ]
    kinds = KINDS if RUNS_ALL else KINDS[:1]
    lost = []
    cases = list(product(*calls, kinds, kinds))
    for number, (one, other, kind_of_one, kind_of_other) in enumerate(cases, start=1):
        world.start_cold(*pair)
        world.run_until(world.clock.now + 60)
        sign_in = SignIn(world, world.pool.add_user(number))
        for (name, service, operation), kind in ((one, kind_of_one), (other, kind_of_other)):
            fault = {
                "throttled": THROTTLED[service],
                "answer lost": fault_proxy.LOST_ANSWER,
                "reset before": fault_proxy.RESET_BEFORE,
            }[str(kind)]
            world.inject(name, service, operation, fault)
        result, endings = finish(world, sign_in, record)
        names = [
            f"{name}, {service} {kind}"
            for (name, service, _), kind in zip((one, other), (kind_of_one, kind_of_other), strict=True)
        ]
        # Without the service: the table would have 140 rows.
        record("pairs", f"{one[0]}, {kind_of_one}", f"{other[0]}, {kind_of_other}", result)
        if Ending.LOST in endings or not sign_in.is_accepted:
            lost.append((names, sign_in.told, endings))
    if RUNS_ALL:
        assert lost == []


@pytest.mark.parametrize("function", SIGN_IN[1:])
def test_a_function_is_killed_between_two_calls(world: World, record: Record, function: str) -> None:
    """Lambda ends a function after each number of calls. The user starts again."""
    probe = SignIn(world, world.pool.add_user(0))
    assert probe.attempt()
    lost = []
    for calls in range(len(world.last_calls[function]) + 1):
        world.run_until(world.clock.now + 60)
        sign_in = SignIn(world, world.pool.add_user(calls + 1))
        world.kills[function] = calls
        result, endings = finish(world, sign_in, record)
        ends = ", then ".join(ending.value for ending in endings)
        record("kills", function, f"{calls} of its calls", result, ends)
        if Ending.LOST in endings or not sign_in.is_accepted:
            lost.append((calls, sign_in.told, endings))
    if RUNS_ALL:
        assert lost == []


def test_sqs_delivers_a_message_twice(world: World, record: Record) -> None:
    """SQS delivers a message at least once: a second delivery has the same code."""
    sign_in = SignIn(world, world.pool.add_user(1))
    began = world.clock.now
    session = sign_in.start()
    assert session
    (source,) = [s for s in world.deployment.event_sources() if world.sqs.queues[s.queue].messages]
    queue = world.sqs.queues[source.queue]
    messages = queue.receive(1, world.clock.now, None)
    for _ in range(2):
        world.handle_batch(queue, "deliver", messages)
    codes = {message.code for message in sign_in.messages()}
    assert len(codes) == 1
    assert sign_in.wait(began)
    assert world.pool.answer(session, codes.pop()).tokens
    record("queue", "delivered twice", len(sign_in.messages()), "one code, accepted once")


def test_sqs_delivers_two_messages_out_of_order(world: World, record: Record) -> None:
    """The message of a resend arrives first: the user can sign in with the newest message."""
    sign_in = SignIn(world, world.pool.add_user(1))
    session = sign_in.start()
    assert session
    (source,) = [s for s in world.deployment.event_sources() if world.sqs.queues[s.queue].messages]
    queue = world.sqs.queues[source.queue]
    (late,) = queue.receive(1, world.clock.now, None)
    # The first receive fails, and the message comes back after its visibility time-out.
    late.visible_at = world.clock.now + 45
    world.clock.now += 31
    session = world.pool.resend(session)
    assert session.public["status"] == "SENT"
    world.run_until(world.clock.now + 1)
    assert len(sign_in.messages()) == 1
    world.run_until(world.clock.now + 60)
    count = len(sign_in.messages())
    if RUNS_ALL:
        assert count == 1, "a retry after the cooldown finds that a newer message was sent"
    assert world.pool.answer(session, sign_in.messages()[0].code).tokens
    result = "the older one is dropped" if count == 1 else "both arrive"
    record("queue", "retried after a resend", count, result)


@pytest.mark.whole
@pytest.mark.parametrize("seconds", [-60, 60])
@pytest.mark.parametrize("function", PAIRED)
def test_the_clock_of_a_function_is_wrong(world: World, record: Record, function: str, seconds: int) -> None:
    """The clock of one function differs by 60 s. Recorded, without a goal."""
    sign_in = SignIn(world, world.pool.add_user(1))
    assert sign_in.start()
    world.skews[function] = float(seconds)
    world.clock.now += 31
    again = sign_in.attempt()
    statuses = ", ".join(sign_in.told[1:])
    result = f"{'signed in' if again else 'no tokens'} ({statuses}), {len(sign_in.messages())} messages"
    record("clocks", f"`{function}` {abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}", result)


@pytest.mark.whole
@pytest.mark.parametrize("case", ["the item is lost", "the table is set back to before the spend"])
def test_the_table_is_set_back(world: World, record: Record, case: str) -> None:
    """The table loses a spent code. Recorded, without a goal."""
    table, sign_in = world.client("dynamodb"), SignIn(world, world.pool.add_user(1))
    session = sign_in.start()
    assert session
    world.run_until(world.clock.now + 1)
    before = table.scan(TableName="Table")["Items"]
    code = sign_in.messages()[-1].code
    assert world.pool.answer(session, code).tokens
    for item in table.scan(TableName="Table")["Items"]:
        table.delete_item(TableName="Table", Key={"pk": item["pk"]})
    if case != "the item is lost":
        for item in before:
            table.put_item(TableName="Table", Item=item)
    world.clock.now += 20
    accepted = False
    with contextlib.suppress(TriggerFailed):
        accepted = world.pool.answer(session, code).tokens is not None
    record("clocks", case, "the spent code is accepted again" if accepted else "the spent code is refused")
