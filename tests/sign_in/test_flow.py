"""Whole sign-ins through define, create and verify, run as Cognito runs them."""

import pytest

from passcode.token_service.refusal import RefusalTag, Refused, parse_tag
from tests.support.events import code_of, wrong_code_of
from tests.support.sign_in_handlers import Flow, SignInHandlers

CODE = "CUSTOM_CHALLENGE"


@pytest.fixture
def flow() -> Flow:
    flow = Flow(SignInHandlers())
    assert flow.start() == CODE
    return flow


def test_a_right_code_gives_tokens(flow: Flow) -> None:
    assert flow.answer(code_of(flow.challenge)) == "tokens"


def test_the_right_code_after_a_wrong_one_gives_tokens(flow: Flow) -> None:
    assert flow.answer(wrong_code_of(flow.challenge)) == CODE
    assert flow.public["status"] == "WRONG"
    assert flow.answer(code_of(flow.challenge)) == "tokens"


def test_the_fifth_answer_may_be_the_right_one(flow: Flow) -> None:
    for left in (4, 3, 2, 1):
        assert flow.answer(wrong_code_of(flow.challenge)) == CODE
        assert flow.public["attemptsLeft"] == str(left)
    assert flow.answer(code_of(flow.challenge)) == "tokens"


def test_a_fifth_wrong_answer_ends_the_sign_in(flow: Flow) -> None:
    for _ in range(4):
        assert flow.answer(wrong_code_of(flow.challenge)) == CODE
    assert flow.answer(wrong_code_of(flow.challenge)) == "fail"


def test_a_sign_in_has_three_resends(flow: Flow) -> None:
    for left in (2, 1, 0):
        flow.handlers.now += 31
        assert flow.answer("again", action="resend") == CODE
        assert (flow.public["status"], flow.public["resendsLeft"]) == ("SENT", str(left))
    flow.handlers.now += 31
    assert flow.answer("again", action="resend") == "fail"
    assert len(flow.handlers.queued) == 4


def test_resends_and_answers_are_counted_separately(flow: Flow) -> None:
    for _ in range(3):
        flow.answer("again", action="resend")
        assert flow.answer(wrong_code_of(flow.challenge)) == CODE
    assert (flow.public["attemptsLeft"], flow.public["resendsLeft"]) == ("2", "0")
    assert flow.answer(wrong_code_of(flow.challenge)) == CODE
    assert flow.answer(code_of(flow.challenge)) == "tokens"


@pytest.mark.parametrize("action", ["resend", "send"])
def test_an_answer_with_an_action_is_not_checked(flow: Flow, action: str) -> None:
    for _ in range(3):
        assert flow.answer(code_of(flow.challenge), action=action) == CODE
    assert flow.answer(code_of(flow.challenge), action=action) == "fail"
    assert flow.handlers.macs == []


def test_a_code_is_refused_the_second_time(flow: Flow) -> None:
    code = code_of(flow.challenge)
    assert flow.answer(code) == "tokens"
    again = Flow(flow.handlers)
    again.start()
    assert again.answer(code) == CODE
    assert again.challenge.counter == 2


def test_the_round_that_chooses_a_channel_is_not_a_resend() -> None:
    flow = Flow(SignInHandlers(choice_asked=True))
    assert flow.start() == CODE
    assert flow.response["challengeMetadata"].endswith(";challenge=")
    shown = [flow.public[key] for key in ("status", "channel", "destination", "attemptsLeft", "resendsLeft")]
    assert shown == ["CHOOSE", "", "", "5", "3"]
    assert flow.answer("go", action="send", channel="sms") == CODE
    assert (flow.public["status"], flow.public["channel"]) == ("SENT", "sms")
    assert (flow.public["attemptsLeft"], flow.public["resendsLeft"]) == ("5", "3")
    for _ in range(3):
        flow.handlers.now += 31
        assert flow.answer("again", action="resend") == CODE
    assert flow.answer(code_of(flow.challenge)) == "tokens"
    assert len(flow.handlers.queued) == 4


def test_an_answer_before_the_choice_of_a_channel_is_wrong_and_counts() -> None:
    flow = Flow(SignInHandlers(choice_asked=True))
    flow.start()
    for _ in range(4):
        assert flow.answer("000000") == CODE
        assert flow.public["status"] == "CHOOSE"
    assert flow.answer("000000") == "fail"
    assert flow.handlers.touched() == (0, 0, 0)


def test_an_unknown_user_gets_the_same_rounds_and_no_tokens(flow: Flow) -> None:
    unknown = Flow(SignInHandlers(), user={}, user_not_found=True)
    assert unknown.start() == CODE
    for _ in range(4):
        assert unknown.answer(code_of(unknown.challenge)) == CODE
        assert flow.answer(wrong_code_of(flow.challenge)) == CODE
        assert unknown.public.keys() == flow.public.keys()
        assert unknown.public["attemptsLeft"] == flow.public["attemptsLeft"]
    assert unknown.answer(code_of(unknown.challenge)) == "fail"
    assert flow.answer(wrong_code_of(flow.challenge)) == "fail"
    assert unknown.handlers.touched() == flow.handlers.touched()
    assert unknown.handlers.store.writes == flow.handlers.store.writes


@pytest.mark.parametrize("user_not_found", [False, True])
def test_ten_wrong_answers_lock_known_and_unknown_users(user_not_found: bool) -> None:
    handlers = SignInHandlers()
    for _ in range(2):
        flow = Flow(handlers, user_not_found=user_not_found)
        flow.start()
        for _ in range(5):
            flow.answer(wrong_code_of(flow.challenge))
    with pytest.raises(Refused) as refused:
        Flow(handlers, user_not_found=user_not_found).start()
    assert parse_tag(str(refused.value)) == RefusalTag("locked", 300)


def test_before_a_channel_is_chosen_no_code_is_valid() -> None:
    flow = Flow(SignInHandlers(choice_asked=True))
    flow.start()
    assert (flow.public["status"], flow.public["expiresIn"]) == ("CHOOSE", "0")
