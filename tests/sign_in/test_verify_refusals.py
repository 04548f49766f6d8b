"""`verify` when the challenge is not this person's, not ours, or nobody's; and when nothing is judged."""

from dataclasses import replace

import pytest

from passcode.sign_in.decoys import decoy_attributes
from passcode.token_service.challenge import Challenge
from passcode.token_service.refusal import RefusalTag, Refused, parse_tag
from passcode.token_service.store import Record
from tests.support.events import EMAIL, SALT, SIGN_IN_KEY, attributes, code_of, golden, wrong_code_of
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_world import ORDER, World, answered

OTHER = "11111111-2222-4333-8444-555555555555"


def failed_before(world: World, failures: int, at: int) -> Record:
    """Put wrong answers of earlier sign-ins on the golden user's record."""
    record = replace(world.store.records[SIGN_IN_KEY], failures=failures, failed_at=at)
    world.store.records[SIGN_IN_KEY] = record
    return record


@pytest.fixture
def world(output: HandlerOutput) -> World:
    return World(telemetry=output.telemetry)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": OTHER}, "no_challenge"),
        ({"sub": ""}, "no_challenge"),
        ({"email": "new@people.example"}, "destination_changed"),
        ({"email_verified": "false"}, "destination_changed"),
        ({"phone_number": "+12025550148"}, "destination_changed"),
        ({"phone_number_verified": "false"}, "destination_changed"),
    ],
)
def test_a_right_code_of_somebody_else_or_from_before_a_move_is_refused(
    world: World, output: HandlerOutput, changes: dict[str, str], reason: str
) -> None:
    to = world.issued()
    touched = world.touched()
    assert answered(world, to, code_of(to), userAttributes=attributes(**changes)) is False
    assert world.touched() == touched
    assert output.counted("refused") == [{"reason": reason}]


def test_a_phone_that_was_added_meanwhile_ends_the_challenge(world: World) -> None:
    before = attributes(phone_number_verified="false")
    response = world.create(golden("create_first", userAttributes=before))
    to = Challenge.unpack(response["privateChallengeParameters"]["challenge"])
    assert answered(world, to, code_of(to), userAttributes=attributes()) is False
    assert answered(world, to, code_of(to), userAttributes=before) is True


@pytest.mark.parametrize(
    "changes", [{"locale": "de"}, {"custom:otp_channel": "sms"}, {"email_verified": "True"}, {"name": "A"}]
)
def test_what_is_no_destination_may_change_meanwhile(world: World, changes: dict[str, str]) -> None:
    to = world.issued()
    assert answered(world, to, code_of(to), userAttributes=attributes() | changes) is True


@pytest.mark.parametrize("purpose", ["step_up", "enrol", "", "SIGN_IN"])
def test_a_challenge_for_another_purpose_opens_nothing(world: World, purpose: str) -> None:
    to = world.issued(purpose=purpose)
    touched = world.touched()
    assert answered(world, to, code_of(to)) is False
    assert world.touched() == touched


@pytest.mark.parametrize(
    "private", [None, {}, [], {"challenge": None}, {"challenge": ""}, {"challenge": "{}"}]
)
def test_without_a_challenge_no_answer_is_right(world: World, output: HandlerOutput, private: object) -> None:
    assert world.verify(golden("verify_plain", privateChallengeParameters=private)) is False
    assert output.counted("refused") == [{"reason": "no_challenge"}]
    assert world.touched() == (0, 0, 0)


@pytest.mark.parametrize("found", [True, "true", "false", 1])
def test_somebody_who_is_not_there_is_refused_with_the_very_right_code(world: World, found: object) -> None:
    to = world.issued()
    assert answered(world, to, code_of(to), userNotFound=found) is False
    assert world.store.records[SIGN_IN_KEY].failures == 1
    assert world.answered == []


@pytest.mark.parametrize("name", ["unknown_user_empty", "unknown_user_null", "flags_false"])
def test_nobodys_very_right_code_is_refused_and_costs_what_somebodys_does(world: World, name: str) -> None:
    made = golden(f"create_{name}")
    private = world.create(made)["privateChallengeParameters"]
    to = Challenge.unpack(private["challenge"])
    request = {key: made["request"].get(key) for key in ("userAttributes", "userNotFound")}
    answer = golden("verify_unknown_user", privateChallengeParameters=private, challengeAnswer=code_of(to))
    answer["request"] |= request
    assert world.verify(answer) is False
    assert world.store.writes == ["start_challenge", "record_attempt"]
    assert len(world.macs) == 1
    assert world.store.records[f"sign_in#{to.subject}"].failures == 1


def test_the_golden_unknown_user_is_the_decoy_of_its_name(world: World) -> None:
    event = golden("verify_unknown_user")
    packed = Challenge.unpack(event["request"]["privateChallengeParameters"]["challenge"])
    assert packed.subject == decoy_attributes(SALT, event["userName"], ORDER)["sub"]
    assert world.verify(event) is False


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(
    ("failed", "tag"),
    [
        (10, RefusalTag("locked", 300)),
        (99, RefusalTag("locked", 300)),
        (100, RefusalTag("paused", 86_400)),
    ],
)
def test_locked_says_how_long_and_not_whether_the_code_was_right(
    world: World, output: HandlerOutput, failed: int, tag: RefusalTag, right: bool
) -> None:
    to = world.issued()
    record = failed_before(world, failed, world.now)
    with pytest.raises(Refused) as refused:
        answered(world, to, code_of(to) if right else wrong_code_of(to))
    assert parse_tag(str(refused.value)) == tag
    assert world.store.records[SIGN_IN_KEY] == record


def test_after_the_wait_one_answer_is_judged(world: World) -> None:
    to = world.issued()
    failed_before(world, 10, world.now - 300)
    assert answered(world, to, wrong_code_of(to)) is False
    with pytest.raises(Refused, match=r"\[passcode:locked:300\]$"):
        answered(world, to, code_of(to))


def test_after_the_pause_the_right_code_is_right_and_the_count_begins_anew(world: World) -> None:
    to = world.issued()
    failed_before(world, 100, world.now - 86_400)
    assert answered(world, to, wrong_code_of(to)) is False
    assert world.store.records[SIGN_IN_KEY].failures == 1
    assert answered(world, to, code_of(to)) is True


def test_what_is_refused_is_logged_by_reason_alone(world: World, output: HandlerOutput) -> None:
    to = world.issued()
    answered(world, to, wrong_code_of(to))
    assert output.counted("refused") == [{"reason": "wrong"}]
    assert output.lines[-1]["reason"] == "wrong"
    assert output.lines[-1]["correlation_id"] == to.nonce
    for secret in (wrong_code_of(to), code_of(to), EMAIL):
        assert secret not in output.text
