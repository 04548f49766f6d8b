"""A user taps "resend" again and again. No tap ends a sign-in while a code may be in the mailbox."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passcode.delivery.envelope import Delivery
from passcode.delivery.sms_limits import SmsStop
from passcode.sign_in.steps import MOST_ROUNDS
from passcode.token_service.refusal import Refused, Unavailable
from tests.support.events import attributes, code_of
from tests.support.handlers import HandlerOutput
from tests.support.live_sign_in import SignIn, code_only, password_and_code
from tests.support.sign_in_handlers import Flow, SignInHandlers
from tests.support.users import User
from tools.local_stack.stack import Stack

CODE = "CUSTOM_CHALLENGE"
ONLY_SMS = attributes(email_verified="false")


def shown(flow: Flow) -> tuple[str, str, str]:
    """The status and the numbers that a resend can change."""
    return flow.public["status"], flow.public["resendsLeft"], flow.public["attemptsLeft"]


@pytest.fixture(params=["with a password", "by code alone", "unknown user"])
def flow(request: pytest.FixtureRequest) -> Flow:
    flow = Flow(
        SignInHandlers(),
        with_password=request.param == "with a password",
        user_not_found=request.param == "unknown user",
    )
    assert flow.start() == CODE
    return flow


def test_a_resend_in_the_cooldown_sends_nothing_and_costs_nothing(flow: Flow) -> None:
    first = flow.challenge
    for seconds in range(5):
        assert flow.answer("again", action="resend") == CODE
        assert (shown(flow), flow.public["resendIn"]) == (("WAITING", "3", "5"), str(30 - seconds))
        flow.handlers.now += 1
    assert flow.challenge == first
    assert len(flow.handlers.queued) == 1


def test_past_the_last_resend_the_same_challenge_comes_back(flow: Flow) -> None:
    for left in "210":
        flow.handlers.now += 31
        assert flow.answer("again", action="resend") == CODE
        assert shown(flow) == ("SENT", left, "5")
    last, touched = flow.challenge, flow.handlers.touched()
    for channel in ("email", "sms"):
        flow.handlers.now += 31
        assert flow.answer("again", action="resend", channel=channel) == CODE
        assert shown(flow) == ("WAITING", "0", "5")
        assert flow.public["expiresIn"] == str(last.expires_at - flow.handlers.now)
    assert (flow.challenge, flow.handlers.touched()) == (last, touched)
    flow.handlers.now = last.expires_at
    assert flow.answer("again", action="resend") == CODE
    assert (shown(flow), flow.public["expiresIn"]) == (("EXPIRED", "0", "5"), "0")


def test_the_first_message_after_a_choice_is_no_resend() -> None:
    flow = Flow(SignInHandlers(choice_asked=True))
    flow.start()
    flow.answer("go", action="send", channel="sms")
    assert shown(flow) == ("SENT", "3", "5")


def test_a_sign_in_that_an_older_release_began_goes_on() -> None:
    """Its metadata has no language, and counts a resend in the cooldown."""
    flow = Flow(SignInHandlers())
    flow.start()
    older = flow.response["challengeMetadata"].replace("locale=;", "").replace("resends=0", "resends=3")
    flow.response["challengeMetadata"] = older
    flow.handlers.now += 31
    assert flow.answer("again", action="resend") == CODE
    assert shown(flow) == ("WAITING", "0", "5")
    assert flow.answer(code_of(flow.challenge)) == "tokens"


def used_elsewhere(flow: Flow) -> None:
    """Another sign-in of the user spends the code. Then a message is possible after five seconds only."""
    other = Flow(flow.handlers, with_password=True, user=flow.user)
    other.start()
    assert other.answer(code_of(other.challenge)) == "tokens"


def sms_stopped(flow: Flow) -> None:
    flow.handlers.sms_stop = lambda _to, _now: SmsStop(wait=600)


def no_queue(flow: Flow) -> None:
    def put(_delivery: Delivery) -> None:
        raise Unavailable("the queue")

    flow.handlers.put = put  # type: ignore[method-assign, assignment]
    flow.handlers.now += 31


def no_table(flow: Flow) -> None:
    def fail(*_arguments: Any) -> Any:
        raise Unavailable("the table")

    flow.handlers.store.start_challenge = fail  # type: ignore[method-assign, assignment]


def address_changed(flow: Flow) -> None:
    """The code at the old number is void, but one that went to the user's mailbox is not."""
    flow.user = attributes(phone_number="+12025550188", otp_channel="sms")


def rate_used_up(flow: Flow) -> None:
    address_changed(flow)
    for key, record in flow.handlers.store.records.items():
        flow.handlers.store.records[key] = record._replace(send_tat=2**40)


@pytest.mark.parametrize(
    ("event", "resend_in"),
    [
        (used_elsewhere, 5),
        (sms_stopped, 600),
        (no_queue, 30),
        (no_table, 30),
        (address_changed, 30),
        (rate_used_up, 60),
    ],
)
def test_a_resend_that_is_not_possible_returns_the_same_challenge(
    event: Callable[[Flow], None], resend_in: int, output: HandlerOutput
) -> None:
    user = ONLY_SMS if event is sms_stopped else attributes(otp_channel="sms")
    flow = Flow(SignInHandlers(telemetry=output.telemetry), user=user, with_password=True)
    flow.start()
    first = flow.challenge
    event(flow)
    assert flow.answer("again", action="resend") == CODE
    assert shown(flow) == ("WAITING", "3", "5")
    assert flow.challenge.nonce == first.nonce
    assert int(flow.public["resendIn"]) >= resend_in
    counted = output.counted("errors") + output.counted("throttled")
    assert len(counted) == 1, "an operator sees the reason"


@pytest.mark.parametrize("event", [no_queue, sms_stopped])
def test_the_code_of_an_earlier_message_is_accepted_after_a_failed_resend(
    event: Callable[[Flow], None],
) -> None:
    flow = Flow(SignInHandlers(), user=ONLY_SMS, with_password=True)
    flow.start()
    code = code_of(flow.challenge)
    # Late enough for another code, which then replaces the first one in the table.
    flow.handlers.now += 200
    event(flow)
    assert flow.answer("again", action="resend") == CODE
    assert flow.answer(code) == "tokens"


def test_without_a_valid_code_a_refused_resend_says_why() -> None:
    flow = Flow(SignInHandlers(), user=ONLY_SMS, with_password=True)
    flow.start()
    flow.handlers.now += 300
    sms_stopped(flow)
    with pytest.raises(Refused, match=r"\[passcode:sms_stopped:600\]$"):
        flow.answer("again", action="resend")


TAPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 5, 29, 31, 61]), st.sampled_from(["", "email", "SMS", "pigeon"])),
    max_size=MOST_ROUNDS - 2,
)


@settings(max_examples=200)
@given(taps=TAPS, with_password=st.booleans())
def test_after_any_taps_the_newest_code_signs_in_and_messages_are_counted_right(
    taps: list[tuple[int, str]], with_password: bool
) -> None:
    flow = Flow(SignInHandlers(), with_password=with_password)
    assert flow.start() == CODE
    for seconds, channel in taps:
        flow.handlers.now += seconds
        before = len(flow.handlers.queued)
        # With the code, so that a resend that were checked as an answer would end the sign-in.
        assert flow.answer(code_of(flow.challenge), action="resend", channel=channel) == CODE
        sent = len(flow.handlers.queued) - before
        assert (flow.public["status"] == "SENT") == (sent == 1)
        assert flow.public["resendsLeft"] == str(3 - (len(flow.handlers.queued) - 1))
        assert flow.public["attemptsLeft"] == "5"
    assert len(flow.handlers.queued) <= 4
    is_expired = flow.handlers.now >= flow.challenge.expires_at
    assert flow.answer(code_of(flow.challenge)) == (CODE if is_expired else "tokens")


def resend(sign_in: SignIn, **metadata: str) -> tuple[str, str, str]:
    """Request a message through Cognito. Returns the status and the numbers that a resend can change."""
    found = sign_in.answer("again", action="resend", **metadata).parameters
    return found["status"], found["resendsLeft"], found["attemptsLeft"]


def wait(sign_in: SignIn) -> None:
    time.sleep(int(sign_in.parameters["resendIn"]) + 1)


@pytest.mark.parametrize("with_password", [True, False])
def test_through_cognito_no_resend_ends_the_sign_in(
    local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str], with_password: bool
) -> None:
    user = new_user()
    sign_in = (
        password_and_code(local_stack, user) if with_password else code_only(local_stack).start(user.email)
    )
    for _ in range(4):
        assert resend(sign_in) == ("WAITING", "3", "5"), "a resend in the cooldown costs nothing"
    for left in "210":
        wait(sign_in)
        assert resend(sign_in) == ("SENT", left, "5")
    code = code_for(user.email, 4)
    wait(sign_in)
    assert resend(sign_in) == resend(sign_in, channel="sms") == ("WAITING", "0", "5")
    assert sign_in.answer(code).tokens
