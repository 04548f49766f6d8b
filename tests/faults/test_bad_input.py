"""Bad bodies in the queues, and answers of AWS that are not what its model says."""

import json
from collections.abc import Iterator, Mapping

import pytest

from tests.faults.conftest import RUNS_ALL, Record
from tests.faults.sign_ins import SignIn
from tests.faults.world import World
from tests.support import fault_proxy
from tests.support.fault_proxy import Fault


def bad_bodies(good: str) -> Mapping[str, str]:
    """Bodies that the functions have not written, made from a good one."""
    fields = json.loads(good)
    foreign = json.loads(good)
    foreign["to"][0]["address"] = " Mallory@People.Example "
    return {
        "no JSON": "hello",
        "another program's JSON": '{"Records": []}',
        "another version": json.dumps(fields | {"v": 99}),
        "an unknown kind": json.dumps(fields | {"kind": "code of another program"}),
        "too large": json.dumps(fields | {"locale": "x" * 200_000, "challenge": "y" * 60_000}),
        "a destination in another form": json.dumps(foreign),
        "no destinations": json.dumps(fields | {"to": "everyone"}),
    }


def lines(world: World, level: str) -> list[dict[str, str]]:
    """The log lines of `deliver` with this level."""
    found = [json.loads(line) for line in world.output.getvalue().splitlines()]
    return [line for line in found if line.get("level") == level and line.get("service") == "deliver"]


def test_a_bad_body_goes_to_the_dead_letters_and_the_others_are_sent(world: World, record: Record) -> None:
    """Each bad body is in a batch with a good message."""
    sign_in = SignIn(world, world.pool.add_user(0))
    assert sign_in.start()
    (source,) = [s for s in world.deployment.event_sources() if world.sqs.queues[s.queue].messages]
    queue = world.sqs.queues[source.queue]
    good = queue.messages[0].body
    world.run_until(world.clock.now + 1)
    for number, (name, body) in enumerate(bad_bodies(good).items(), start=1):
        user = SignIn(world, world.pool.add_user(number))
        assert user.start()
        queue.put(body, f"bad-{number}", f"bad-{number}", world.clock.now)
        logged, dead = len(lines(world, "ERROR")), len(world.dead_letters)
        world.poll(source.queue, batch=10)
        count = len(lines(world, "ERROR")) - logged
        assert [m.channel for m in user.messages()] == ["email"], name
        assert count == 1, name
        world.run_until(world.clock.now + 900)
        found = len(world.dead_letters) - dead
        assert found == 1, name
        total = len(lines(world, "ERROR")) - logged
        if RUNS_ALL:
            assert total == 1, name
        record("input", name, total, found, "sent")
        text = world.output.getvalue()
        assert "Mallory" not in text
        assert "Traceback" not in text


def provider_answers() -> Iterator[tuple[str, str, Fault]]:
    """Answers that are not what the model says."""
    for service, operation in (("kms", "GenerateMac"), ("ses", "SendEmail")):
        for fault in (fault_proxy.NO_UTF8, fault_proxy.EMPTY_OBJECT):
            yield service, operation, fault


@pytest.mark.parametrize(
    ("service", "operation", "fault"),
    [pytest.param(*each, id=f"{each[0]}, {each[2].name}") for each in provider_answers()],
)
def test_an_unreadable_answer_is_one_plain_line(
    world: World, record: Record, service: str, operation: str, fault: Fault
) -> None:
    """AWS answers something else: the log has at most one line, without a traceback or a value."""
    sign_in = SignIn(world, world.pool.add_user(0))
    world.inject("deliver", service, operation, fault, times=1)
    sign_in.attempt()
    world.run_until(world.clock.now + 120)
    found = lines(world, "ERROR") + lines(world, "WARNING")
    assert len(found) <= 1
    text = world.output.getvalue()
    assert "Traceback" not in text
    assert "people.example" not in text
    assert sign_in.messages()
    record("input", f"{service} {operation}: {fault.name}", len(found), len(world.dead_letters), "sent")
