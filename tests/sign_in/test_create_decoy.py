"""Before a password is proven, nobody can tell from `create` whether a name exists."""

import json
import re
import uuid
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS
from passcode.token_service.challenge import Challenge
from passcode.token_service.refusal import Refusal, Refused
from tests.support.events import NOW, golden
from tests.support.sign_in_world import World

NOBODIES = ["unknown_user_empty", "unknown_user_null", "flags_false"]


def shape(value: object) -> object:
    """What a stranger can see of a value without knowing whom it is about: its kind, its digits, its mask."""
    if isinstance(value, Mapping):
        return {key: shape(one) for key, one in value.items()}
    assert isinstance(value, str)
    if value.startswith("{"):
        return value
    return re.sub(r"\d+", lambda digits: f"<{len(digits[0])} digits>", value)


def public(world: World, name: str, **request: object) -> dict[str, str]:
    """The publicChallengeParameters that `create` answers a golden event with."""
    found: dict[str, str] = world.create(golden(f"create_{name}", **request))["publicChallengeParameters"]
    return found


@pytest.mark.parametrize("name", NOBODIES)
def test_nobody_looks_like_somebody(name: str) -> None:
    known, unknown = World(), World()
    somebody, nobody = public(known, "first"), public(unknown, name)
    assert list(somebody) == list(nobody)
    by_email = {"channel": "email", "destination": "***@***"}
    assert shape(somebody | by_email) == shape(nobody | by_email)
    assert (nobody["channel"], nobody["destination"]) in [("email", "***@***"), ("sms", "+***")]


@pytest.mark.parametrize("name", NOBODIES)
def test_nobody_costs_what_somebody_costs(name: str) -> None:
    known, unknown = World(), World()
    public(known, "first")
    public(unknown, name)
    assert unknown.touched() == known.touched() == (1, 1, 0)
    assert unknown.store.writes == known.store.writes
    (somebody,), (nobody,) = known.store.records.values(), unknown.store.records.values()
    volatile = {"channel", "bound"}
    assert {k: v for k, v in vars(somebody).items() if k not in volatile} == {
        k: v for k, v in vars(nobody).items() if k not in volatile
    }
    assert len(somebody.bound) == len(nobody.bound)


@pytest.mark.parametrize("name", NOBODIES)
def test_a_delivery_to_nobody_is_put_like_any_other_and_leads_nowhere(name: str) -> None:
    world = World()
    public(world, name)
    (delivery,) = world.queued
    assert delivery.challenge.decoy
    values = {d.value for d in delivery.destinations}
    assert values <= {"unknown-user@passcode.invalid", "+12025550123"}


def test_nobody_has_a_subject_like_anybody_and_the_same_one_each_time() -> None:
    world = World()
    for now in (NOW, NOW + 1000):
        world.now = now
        public(world, "unknown_user_empty")
    first, second = (d.challenge.subject for d in world.queued)
    assert first == second
    assert uuid.UUID(first).version == 4
    assert len(world.store.records) == 1


def test_nobody_is_throttled_like_somebody() -> None:
    outcomes = []
    for name in ("first", *NOBODIES):
        world = World()
        outcomes.append([_outcome(world, name) for _ in range(8)])
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0] == 6 * ["SENT"] + ["WAITING", Refusal.QUOTA.value]


def _outcome(world: World, name: str) -> str:
    world.now += 181
    try:
        return public(world, name)["status"]
    except Refused as refused:
        return refused.refusal.value


@pytest.mark.parametrize("action", [{}, {"action": "resend", "channel": "sms"}])
def test_nobody_goes_on_like_somebody(action: dict[str, str]) -> None:
    seen = []
    for name in ("first", "unknown_user_empty"):
        world = World()
        first = world.create(golden(f"create_{name}"))
        world.now += 31
        entry = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False}
        session = [entry | {"challengeMetadata": first["challengeMetadata"]}]
        shown = public(world, name, session=session, clientMetadata=action)
        assert Challenge.unpack(first["privateChallengeParameters"]["challenge"]).counter == 1
        seen.append([list(shown), shown["status"], shown["resendsLeft"], world.touched()])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("order", [(SMS,), (EMAIL,), (SMS, EMAIL)])
def test_every_nobody_gets_a_challenge_whatever_channels_are_in_use(order: tuple[Channel, ...]) -> None:
    # An error for some of the unknown names would say of all others that they may exist.
    for number in range(16):
        event: dict[str, Any] = golden("create_unknown_user_empty") | {"userName": str(uuid.UUID(int=number))}
        world = World(order=order)
        assert world.create(event)["publicChallengeParameters"]["status"] == "SENT"


@pytest.mark.parametrize("order", list(permutations(CHANNELS.values())))
def test_whatever_somebody_can_show_some_nobody_shows(order: tuple[Channel, ...]) -> None:
    # An answer that no unknown name ever gets would say of each name that gets it that it exists.
    seen = set()
    for number in range(512):
        event = golden("create_unknown_user_empty") | {"userName": str(uuid.UUID(int=number))}
        shown = World(order=order).create(event)["publicChallengeParameters"]
        assert list(json.loads(shown["channels"])) == [channel.name for channel in order]
        seen.add(shown["channel"])
    assert seen == {channel.name for channel in order}


def test_a_name_is_nobody_however_it_is_written() -> None:
    world = World()
    for name in ("Ghost@people.example", "ghost@people.example", "GHOST@PEOPLE.EXAMPLE"):
        world.create(golden("create_unknown_user_empty") | {"userName": name})
    assert len(world.queued) == 1
