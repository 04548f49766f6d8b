"""`verify` against golden events: which answers are right, and which writes each of them costs."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from passcode.channels.email import EMAIL as EMAIL_CHANNEL
from passcode.texts.catalogue import group_digits
from passcode.token_service.challenge import SIGN_IN_PASSWORD
from tests.support.events import NOW, code_of, golden, wrong_code_of
from tests.support.sign_in_world import CODE, World, answered, failures, other_digits


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("name", ["verify_plain", "verify_null_metadata"])
def test_the_right_code_is_accepted_once(world: World, name: str) -> None:
    to = world.issued()
    for accepted in (True, False):
        private = {"challenge": to.pack(), "round": world.new_round()}
        request = {"privateChallengeParameters": private, "challengeAnswer": code_of(to)}
        assert world.verify(golden(name, **request)) is accepted
        assert world.answered == [to]
    assert failures(world) == 0


def test_a_repeated_round_gets_the_same_answer_for_fifteen_seconds(world: World) -> None:
    # Cognito repeats the call of a round after a lost response. Its session is used up, so only Cognito can.
    to = world.issued()
    assert answered(world, to, wrong_code_of(to), "a" * 16) is False
    assert answered(world, to, wrong_code_of(to), "a" * 16) is False
    assert failures(world) == 1, "a repeat is counted once"
    assert answered(world, to, code_of(to), "b" * 16) is True
    for later, accepted in ((15, True), (16, False)):
        world.now = NOW + later
        assert answered(world, to, code_of(to), "b" * 16) is accepted
    assert answered(world, to, code_of(to), "c" * 16) is False


def test_another_answer_in_a_repeated_round_is_another_attempt(world: World) -> None:
    to = world.issued()
    assert answered(world, to, wrong_code_of(to), "a" * 16) is False
    assert answered(world, to, code_of(to), "a" * 16) is True


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_code_of_each_destination_is_accepted_and_names_its_channel(world: World, channel: str) -> None:
    to = world.issued()
    assert code_of(to, "email") != code_of(to, "sms")
    assert answered(world, to, code_of(to, channel)) is True
    assert [accepted.channel for accepted in world.answered] == [channel]


def test_a_channel_that_is_not_deployed_has_no_code() -> None:
    world = World(order=(EMAIL_CHANNEL,))
    to = world.issued()
    assert answered(world, to, code_of(to, "sms")) is False
    assert answered(world, to, code_of(to, "email")) is True


@pytest.mark.parametrize(("digits", "other"), [(6, 8), (8, 6), (20, 8)])
def test_a_code_of_another_length_is_malformed_and_costs_nothing(digits: int, other: int) -> None:
    world = World()
    to = world.issued(digits=digits)
    touched = world.touched()
    assert answered(world, to, "1" * other) is False
    assert world.touched() == touched


@pytest.mark.parametrize("shown", [str, group_digits])
def test_a_long_code_is_accepted_with_and_without_its_spaces(
    world: World, shown: Callable[[str], str]
) -> None:
    to = world.issued(digits=20)
    assert answered(world, to, shown(code_of(to))) is True


def test_a_wrong_answer_to_a_long_code_is_written_and_not_counted(world: World) -> None:
    to = world.issued(digits=20)
    writes, _, _ = world.touched()
    for number in range(1, 4):
        assert answered(world, to, wrong_code_of(to)) is False
        assert world.touched() == (writes + number, 1, number)
    assert failures(world) == 0


@pytest.mark.parametrize("form", ["{} {}", "{}-{}", " {}{} ", "{}{}\n", "{}\u00a0{}", "-{} - {}-"])
def test_spaces_and_dashes_in_an_answer_are_ignored(world: World, form: str) -> None:
    to = world.issued()
    code = code_of(to)
    assert answered(world, to, form.format(code[:3], code[3:])) is True


def test_a_wrong_code_is_refused_and_counted(world: World) -> None:
    to = world.issued()
    writes, _, _ = world.touched()
    assert answered(world, to, wrong_code_of(to)) is False
    assert world.touched() == (writes + 1, 1, 1)
    assert failures(world) == 1
    assert answered(world, to, code_of(to)) is True
    assert failures(world) == 0


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " ",
        None,
        True,
        False,
        int(CODE),
        float(CODE),
        [CODE],
        {"ANSWER": CODE},
        CODE * 2**20,
        "0" * 10 * 2**20,
        " " * 10 * 2**20 + CODE,
        CODE[:6],
        CODE[:7],
        CODE + "0",
        "0" + CODE,
        f"+{CODE}",
        f"{CODE}.0",
        f"{CODE[:3]}_{CODE[3:]}",
        f"{CODE[:3]}\u2013{CODE[3:]}",
        f"{CODE[:3]}\u200b{CODE[3:]}",
        f"{CODE}\x00",
        other_digits(CODE, "\uff10"),
        other_digits(CODE, "\u0660"),
        other_digits(CODE, "\u0966"),
        other_digits(CODE, "\U0001d7ce"),
        CODE[:7] + "\ud800",
        "\u00b2" * 8,
        "abcdef",
    ],
    ids=lambda answer: f"{type(answer).__name__} {str(answer)[:12]!a}",
)
def test_a_malformed_answer_is_refused_without_a_write(world: World, answer: object) -> None:
    to = world.issued()
    assert code_of(to) == CODE
    touched = world.touched()
    assert answered(world, to, answer) is False
    assert world.touched() == touched
    assert failures(world) == 0
    assert answered(world, to, CODE) is True


def test_an_event_without_an_answer_is_refused(world: World) -> None:
    event = golden("verify_plain", privateChallengeParameters={"challenge": world.issued().pack()})
    del event["request"]["challengeAnswer"]
    assert world.verify(event) is False


@pytest.mark.parametrize("action", ["resend", "send"])
def test_a_request_for_a_message_is_not_checked_as_an_answer(world: World, action: str) -> None:
    to = world.issued()
    touched = world.touched()
    assert answered(world, to, code_of(to), clientMetadata={"action": action}) is False
    assert world.verify(golden("verify_resend")) is False
    assert world.touched() == touched
    assert answered(world, to, code_of(to)) is True


@pytest.mark.parametrize("later", [299, 300, 301, 10_000])
def test_a_code_is_accepted_until_it_expires(world: World, later: int) -> None:
    to = world.issued()
    world.now += later
    assert answered(world, to, code_of(to)) is (later < 300)
    assert failures(world) == 0


def test_an_older_code_is_refused_after_a_newer_one_is_used(world: World) -> None:
    old = world.issued()
    world.now += 200
    new = world.issued()
    assert (old.counter, new.counter) == (1, 2)
    assert answered(world, new, code_of(new)) is True
    assert answered(world, old, code_of(old)) is False


def test_an_older_code_is_accepted_until_a_newer_one_is_used(world: World) -> None:
    old = world.issued()
    world.now += 200
    world.issued()
    assert answered(world, old, code_of(old)) is True


@pytest.mark.parametrize(
    "forged",
    [
        {"counter": 2},
        {"nonce": "f" * 32},
        {"expires_at": NOW + 301},
        {"expires_at": NOW + 2**20},
        {"purpose": SIGN_IN_PASSWORD},
    ],
)
def test_the_code_of_one_challenge_is_wrong_for_another(world: World, forged: dict[str, object]) -> None:
    to = world.issued()
    other = replace(to, **forged)  # type: ignore[arg-type]
    assert answered(world, other, code_of(to)) is False
