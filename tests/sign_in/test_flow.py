"""Whole sign-ins through define, create and verify, run as Cognito runs them."""

import pytest

from passcode.sign_in.steps import MOST_ROUNDS
from passcode.token_service.refusal import RefusalTag, Refused, parse_tag
from tests.support.events import SIGN_IN_KEY, attributes, code_of, wrong_code_of
from tests.support.sign_in_handlers import Flow, SignInHandlers

CODE = "CUSTOM_CHALLENGE"


@pytest.fixture(params=["with a password", "by code alone"])
def flow(request: pytest.FixtureRequest) -> Flow:
    flow = Flow(SignInHandlers(), with_password=request.param == "with a password")
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
    assert flow.answer("again", action="resend") == CODE
    assert (flow.public["status"], flow.public["resendsLeft"]) == ("WAITING", "0")
    assert len(flow.handlers.queued) == 4


def test_resends_and_answers_are_counted_separately(flow: Flow) -> None:
    for _ in range(3):
        flow.handlers.now += 31
        flow.answer("again", action="resend")
        assert flow.answer(wrong_code_of(flow.challenge)) == CODE
    assert (flow.public["attemptsLeft"], flow.public["resendsLeft"]) == ("2", "0")
    assert flow.answer(wrong_code_of(flow.challenge)) == CODE
    assert flow.answer(code_of(flow.challenge)) == "tokens"


@pytest.mark.parametrize("action", ["resend", "send", "answer"])
def test_an_answer_with_an_action_is_not_checked(flow: Flow, action: str) -> None:
    for _ in range(MOST_ROUNDS - 1):
        assert flow.answer(code_of(flow.challenge), action=action) == CODE
    assert flow.handlers.macs == []
    assert (flow.public["attemptsLeft"], flow.public["resendsLeft"]) == ("5", "3")
    # The last round accepts an answer only.
    assert Flow(**(vars(flow) | {"history": [*flow.history]})).answer("1", action=action) == "fail"
    assert flow.answer(code_of(flow.challenge)) == "tokens"


def test_a_code_is_refused_the_second_time(flow: Flow) -> None:
    code = code_of(flow.challenge)
    assert flow.answer(code) == "tokens"
    again = Flow(flow.handlers, with_password=flow.with_password)
    flow.handlers.now += 5
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
    unknown = Flow(SignInHandlers(), user={}, user_not_found=True, with_password=flow.with_password)
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


def answer_wrongly(flow: Flow, times: int) -> str:
    flow.start()
    for _ in range(times - 1):
        flow.answer(wrong_code_of(flow.challenge))
    return flow.answer(wrong_code_of(flow.challenge))


def test_after_five_wrong_answers_the_user_gets_a_long_code_and_signs_in(flow: Flow) -> None:
    for _ in range(5):
        flow.answer(wrong_code_of(flow.challenge))
    flow.handlers.now += 31
    again = Flow(flow.handlers, with_password=flow.with_password)
    assert again.start() == CODE
    assert (again.public["status"], again.public["codeLength"], again.public["expiresIn"]) == (
        "SENT",
        "20",
        "600",
    )
    assert again.answer(wrong_code_of(again.challenge)) == CODE
    assert again.answer(code_of(again.challenge)) == "tokens"


def test_wrong_answers_to_long_codes_have_no_limit() -> None:
    handlers = SignInHandlers()
    for _ in range(6):
        answer_wrongly(Flow(handlers), 5)
        handlers.now += 31
    assert handlers.store.records[SIGN_IN_KEY].failures == 5
    owner = Flow(handlers)
    assert owner.start() == CODE
    assert owner.answer(code_of(owner.challenge)) == "tokens"


@pytest.mark.parametrize("user_not_found", [False, True])
def test_after_too_many_wrong_answers_a_short_code_is_refused_for_known_and_unknown_users(
    user_not_found: bool,
) -> None:
    handlers = SignInHandlers()
    last = Flow(handlers, user_not_found=user_not_found)
    last.start()
    answer_wrongly(Flow(handlers, user_not_found=user_not_found), 5)
    with pytest.raises(Refused) as refused:
        last.answer(code_of(last.challenge))
    assert parse_tag(str(refused.value)) == RefusalTag("longer_code")
    handlers.now += 31
    again = Flow(handlers, user_not_found=user_not_found)
    assert again.start() == CODE
    assert again.public["codeLength"] == "20"


@pytest.mark.parametrize(
    ("changes", "user_not_found"),
    [({}, False), ({"phone_number": ""}, False), ({"email": "", "phone_number": ""}, False), ({}, True)],
    ids=["two addresses", "one address", "no address", "unknown"],
)
def test_without_a_password_all_names_have_as_many_answers(
    changes: dict[str, str], user_not_found: bool
) -> None:
    """Otherwise the number of answers before a long code would show a stranger that a user exists."""
    handlers = SignInHandlers()
    user = attributes(**changes)
    lengths = []
    for _ in range(4):
        flow = Flow(handlers, user, user_not_found=user_not_found)
        flow.start()
        lengths.append(flow.public["codeLength"])
        flow.answer(wrong_code_of(flow.challenge))
        handlers.now += 31
    assert lengths == ["8", "8", "8", "20"]


def test_guesses_without_a_password_do_not_change_a_sign_in_with_one() -> None:
    handlers = SignInHandlers()
    for _ in range(3):
        answer_wrongly(Flow(handlers), 5)
        handlers.now += 31
    owner = Flow(handlers, with_password=True)
    assert owner.start() == CODE
    assert (owner.public["status"], owner.public["codeLength"]) == ("SENT", "6")
    assert owner.answer(code_of(owner.challenge)) == "tokens"


def test_a_code_of_the_other_kind_costs_no_attempt() -> None:
    handlers = SignInHandlers()
    by_code, by_password = Flow(handlers), Flow(handlers, with_password=True)
    by_code.start()
    by_password.start()
    assert by_code.answer(code_of(by_password.challenge)) == CODE
    assert by_password.answer(code_of(by_code.challenge)) == CODE
    assert [record.failures for record in handlers.store.records.values()] == [0, 0]
    assert by_code.answer(code_of(by_code.challenge)) == "tokens"
    assert by_password.answer(code_of(by_password.challenge)) == "tokens"


def test_a_user_whose_address_changes_uses_the_code_at_the_other_address(flow: Flow) -> None:
    # A code is valid at each destination that is verified when the user answers.
    flow.user = attributes(email="new@people.example")
    assert flow.answer(code_of(flow.challenge)) == CODE
    assert flow.answer(code_of(flow.challenge, "sms")) == "tokens"


def test_before_a_channel_is_chosen_no_code_is_valid() -> None:
    flow = Flow(SignInHandlers(choice_asked=True))
    flow.start()
    assert (flow.public["status"], flow.public["expiresIn"]) == ("CHOOSE", "0")
