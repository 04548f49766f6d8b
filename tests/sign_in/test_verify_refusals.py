"""`verify` with another user's challenge, a foreign one, or a decoy's; and answers that are not checked."""

from dataclasses import replace

import pytest

from passcode.sign_in.decoys import decoy_attributes
from passcode.token_service.challenge import Challenge
from passcode.token_service.refusal import RefusalTag, Refused, parse_tag
from passcode.token_service.store import Record
from tests.support.events import EMAIL, SALT, SIGN_IN_KEY, attributes, code_of, golden, wrong_code_of
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_handlers import ORDER, SignInHandlers, answered

OTHER = "11111111-2222-4333-8444-555555555555"


def failed_before(handlers: SignInHandlers, failures: int, at: int) -> Record:
    """Put wrong answers of earlier sign-ins on the golden user's record."""
    record = replace(handlers.store.records[SIGN_IN_KEY], failures=failures, failed_at=at)
    handlers.store.records[SIGN_IN_KEY] = record
    return record


@pytest.fixture
def handlers(output: HandlerOutput) -> SignInHandlers:
    return SignInHandlers(telemetry=output.telemetry)


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
def test_a_right_code_is_refused_for_another_user_or_a_changed_destination(
    handlers: SignInHandlers, output: HandlerOutput, changes: dict[str, str], reason: str
) -> None:
    to = handlers.issued()
    touched = handlers.touched()
    assert answered(handlers, to, code_of(to), userAttributes=attributes(**changes)) is False
    assert handlers.touched() == touched
    assert output.counted("refused") == [{"reason": reason}]


def test_a_phone_number_that_is_added_later_ends_the_challenge(handlers: SignInHandlers) -> None:
    before = attributes(phone_number_verified="false")
    response = handlers.create(golden("create_first", userAttributes=before))
    to = Challenge.unpack(response["privateChallengeParameters"]["challenge"])
    assert answered(handlers, to, code_of(to), userAttributes=attributes()) is False
    assert answered(handlers, to, code_of(to), userAttributes=before) is True


@pytest.mark.parametrize(
    "changes", [{"locale": "de"}, {"custom:otp_channel": "sms"}, {"email_verified": "True"}, {"name": "A"}]
)
def test_other_attributes_may_change_during_a_challenge(
    handlers: SignInHandlers, changes: dict[str, str]
) -> None:
    to = handlers.issued()
    assert answered(handlers, to, code_of(to), userAttributes=attributes() | changes) is True


@pytest.mark.parametrize("purpose", ["step_up", "enrol", "", "SIGN_IN"])
def test_a_challenge_for_another_purpose_is_refused(handlers: SignInHandlers, purpose: str) -> None:
    to = handlers.issued(purpose=purpose)
    touched = handlers.touched()
    assert answered(handlers, to, code_of(to)) is False
    assert handlers.touched() == touched


@pytest.mark.parametrize(
    "private", [None, {}, [], {"challenge": None}, {"challenge": ""}, {"challenge": "{}"}]
)
def test_without_a_challenge_no_answer_is_right(
    handlers: SignInHandlers, output: HandlerOutput, private: object
) -> None:
    assert handlers.verify(golden("verify_plain", privateChallengeParameters=private)) is False
    assert output.counted("refused") == [{"reason": "no_challenge"}]
    assert handlers.touched() == (0, 0, 0)


@pytest.mark.parametrize("found", [True, "true", "false", 1])
def test_an_unknown_user_is_refused_even_with_the_right_code(handlers: SignInHandlers, found: object) -> None:
    to = handlers.issued()
    assert answered(handlers, to, code_of(to), userNotFound=found) is False
    assert handlers.store.records[SIGN_IN_KEY].failures == 1
    assert handlers.answered == []


@pytest.mark.parametrize("name", ["unknown_user_empty", "unknown_user_null", "flags_false"])
def test_the_right_code_of_a_decoy_is_refused_and_costs_the_same_writes(
    handlers: SignInHandlers, name: str
) -> None:
    made = golden(f"create_{name}")
    private = handlers.create(made)["privateChallengeParameters"]
    to = Challenge.unpack(private["challenge"])
    request = {key: made["request"].get(key) for key in ("userAttributes", "userNotFound")}
    answer = golden("verify_unknown_user", privateChallengeParameters=private, challengeAnswer=code_of(to))
    answer["request"] |= request
    assert handlers.verify(answer) is False
    assert handlers.store.writes == ["start_challenge", "record_attempt"]
    assert len(handlers.macs) == 1
    assert handlers.store.records[f"sign_in#{to.subject}"].failures == 1


def test_the_golden_unknown_user_is_the_decoy_of_its_name(handlers: SignInHandlers) -> None:
    event = golden("verify_unknown_user")
    packed = Challenge.unpack(event["request"]["privateChallengeParameters"]["challenge"])
    assert packed.subject == decoy_attributes(SALT, event["userName"], ORDER)["sub"]
    assert handlers.verify(event) is False


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(
    ("failed", "tag"),
    [
        (10, RefusalTag("locked", 300)),
        (99, RefusalTag("locked", 300)),
        (100, RefusalTag("paused", 86_400)),
    ],
)
def test_a_lock_names_the_wait_and_does_not_depend_on_the_code(
    handlers: SignInHandlers, output: HandlerOutput, failed: int, tag: RefusalTag, right: bool
) -> None:
    to = handlers.issued()
    record = failed_before(handlers, failed, handlers.now)
    with pytest.raises(Refused) as refused:
        answered(handlers, to, code_of(to) if right else wrong_code_of(to))
    assert parse_tag(str(refused.value)) == tag
    assert handlers.store.records[SIGN_IN_KEY] == record


def test_one_answer_is_checked_after_the_wait(handlers: SignInHandlers) -> None:
    to = handlers.issued()
    failed_before(handlers, 10, handlers.now - 300)
    assert answered(handlers, to, wrong_code_of(to)) is False
    with pytest.raises(Refused, match=r"\[passcode:locked:300\]$"):
        answered(handlers, to, code_of(to))


def test_the_right_code_is_accepted_after_the_pause_and_the_count_starts_again(
    handlers: SignInHandlers,
) -> None:
    to = handlers.issued()
    failed_before(handlers, 100, handlers.now - 86_400)
    assert answered(handlers, to, wrong_code_of(to)) is False
    assert handlers.store.records[SIGN_IN_KEY].failures == 1
    assert answered(handlers, to, code_of(to)) is True


def test_a_refusal_is_logged_with_its_reason_and_no_secret(
    handlers: SignInHandlers, output: HandlerOutput
) -> None:
    to = handlers.issued()
    answered(handlers, to, wrong_code_of(to))
    assert output.counted("refused") == [{"reason": "wrong"}]
    assert output.lines[-1]["reason"] == "wrong"
    assert output.lines[-1]["correlation_id"] == to.nonce
    for secret in (wrong_code_of(to), code_of(to), EMAIL):
        assert secret not in output.text
