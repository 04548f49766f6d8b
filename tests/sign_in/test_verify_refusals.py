"""`verify` with another user's challenge, a foreign one, or a decoy's; and answers that are not checked."""

import pytest

from passcode.sign_in.decoys import decoy_attributes
from passcode.token_service.challenge import Challenge, record_key
from passcode.token_service.policy import day_of
from passcode.token_service.refusal import RefusalTag, Refused, parse_tag
from passcode.token_service.store import Record
from tests.support.events import EMAIL, SALT, SIGN_IN_KEY, attributes, code_of, golden, wrong_code_of
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_handlers import ORDER, SignInHandlers, answered, failures

OTHER = "11111111-2222-4333-8444-555555555555"


def failed_before(handlers: SignInHandlers, today: int, in_a_row: int) -> Record:
    """Put wrong answers of earlier sign-ins on the golden user's record."""
    wrong = {day_of(handlers.now): today}
    record = handlers.store.records[SIGN_IN_KEY]._replace(failures=in_a_row, wrong=wrong)
    handlers.store.records[SIGN_IN_KEY] = record
    return record


@pytest.fixture
def handlers(output: HandlerOutput) -> SignInHandlers:
    return SignInHandlers(telemetry=output.telemetry)


@pytest.mark.parametrize("sub", [OTHER, ""])
def test_a_right_code_is_refused_for_another_user(
    handlers: SignInHandlers, output: HandlerOutput, sub: str
) -> None:
    to = handlers.issued()
    touched = handlers.touched()
    assert answered(handlers, to, code_of(to), userAttributes=attributes(sub=sub)) is False
    assert handlers.touched() == touched
    assert output.counted("refused") == [{"reason": "no_challenge"}]


@pytest.mark.parametrize("changes", [{"email": "new@people.example"}, {"email_verified": "false"}])
def test_a_code_is_wrong_when_its_address_is_not_verified_any_more(
    handlers: SignInHandlers, output: HandlerOutput, changes: dict[str, str]
) -> None:
    to = handlers.issued()
    assert answered(handlers, to, code_of(to), userAttributes=attributes(**changes)) is False
    assert output.counted("refused") == [{"reason": "wrong"}]
    assert answered(handlers, to, code_of(to, "sms"), userAttributes=attributes(**changes)) is True


@pytest.mark.parametrize("changes", [{"phone_number": "+12025550148"}, {"phone_number_verified": "false"}])
def test_a_change_of_the_other_address_does_not_end_the_challenge(
    handlers: SignInHandlers, changes: dict[str, str]
) -> None:
    to = handlers.issued()
    assert answered(handlers, to, code_of(to), userAttributes=attributes(**changes)) is True


def test_a_redirected_message_has_a_code_that_authenticates_no_user(handlers: SignInHandlers) -> None:
    # A principal that can write to the queue can choose the address of a message, but not that of a user.
    to = handlers.issued()
    assert answered(handlers, to, code_of(to, "email", "mallory@people.example")) is False
    assert failures(handlers) == 1


@pytest.mark.parametrize(
    "changes", [{"locale": "de"}, {"custom:otp_channel": "sms"}, {"email_verified": "True"}, {"name": "A"}]
)
def test_other_attributes_may_change_during_a_challenge(
    handlers: SignInHandlers, changes: dict[str, str]
) -> None:
    to = handlers.issued()
    assert answered(handlers, to, code_of(to), userAttributes=attributes() | changes) is True


@pytest.mark.parametrize("purpose", ["step_up", "token", "sign_in", "sign_in_code:x", "enrol", "", "SIGN_IN"])
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
    assert handlers.store.records[record_key(to.purpose, to.subject)].failures == 1


def test_the_golden_unknown_user_is_the_decoy_of_its_name(handlers: SignInHandlers) -> None:
    event = golden("verify_unknown_user")
    packed = Challenge.unpack(event["request"]["privateChallengeParameters"]["challenge"])
    assert packed.subject == decoy_attributes(SALT, event["userName"], ORDER)["sub"]
    assert handlers.verify(event) is False


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(("today", "in_a_row"), [(10, 10), (0, 100)])
def test_a_refused_short_code_does_not_depend_on_the_answer(
    handlers: SignInHandlers, output: HandlerOutput, today: int, in_a_row: int, right: bool
) -> None:
    to = handlers.issued()
    record = failed_before(handlers, today, in_a_row)
    with pytest.raises(Refused) as refused:
        answered(handlers, to, code_of(to) if right else wrong_code_of(to))
    assert parse_tag(str(refused.value)) == RefusalTag("longer_code")
    assert output.counted("refused") == [{"reason": "longer_code"}]
    assert handlers.store.records[SIGN_IN_KEY] == record


def test_the_last_wrong_answer_of_a_day_is_checked(handlers: SignInHandlers) -> None:
    to = handlers.issued()
    failed_before(handlers, 8, 4)
    assert answered(handlers, to, wrong_code_of(to)) is False
    with pytest.raises(Refused, match=r"\[passcode:longer_code\]$"):
        answered(handlers, to, code_of(to))


def test_the_right_code_is_accepted_before_the_last_attempt_and_keeps_the_count_of_the_day(
    handlers: SignInHandlers,
) -> None:
    to = handlers.issued()
    failed_before(handlers, 8, 99)
    assert answered(handlers, to, code_of(to)) is True
    record = handlers.store.records[SIGN_IN_KEY]
    assert (record.failures, record.wrong) == (0, {day_of(handlers.now): 8})


@pytest.mark.parametrize(("today", "in_a_row"), [(10, 10), (0, 100)])
def test_a_long_code_is_accepted_after_any_number_of_wrong_answers(
    handlers: SignInHandlers, today: int, in_a_row: int
) -> None:
    to = handlers.issued(digits=20)
    failed_before(handlers, today, in_a_row)
    assert answered(handlers, to, wrong_code_of(to)) is False
    assert answered(handlers, to, code_of(to)) is True
    assert failures(handlers) == 0


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
