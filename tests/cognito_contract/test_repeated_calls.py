"""Cognito calls a trigger again with the same event, even while the first call runs longer than five seconds.

In each case one code is valid, one message is sent, and the user signs in.
"""

from typing import Literal

import pytest

from tests.cognito_contract.app import CODE, App
from tests.support.challenge_triggers import CREATE, DEFINE, VERIFY, CognitoError
from tests.support.events import CODE_ONLY_CLIENT, PASSWORD_CLIENT
from tests.support.users import another_code

Which = Literal["first", "second"]
# The form of an event makes no difference to a repeated one.
pytestmark = pytest.mark.parametrize(
    "app", [(CODE_ONLY_CLIENT, "null"), (PASSWORD_CLIENT, "keys are absent")], indirect=True
)
BOTH = pytest.mark.parametrize("used", ["first", "second"])
# Longer than Cognito waits.
LATE = 6.0


def calls_of(app: App, trigger: str) -> int:
    return sum(call.trigger == trigger for call in app.pool.triggers.calls)


@BOTH
def test_create_runs_twice_at_the_start(app: App, used: Which) -> None:
    app.pool.triggers.repeated = {CREATE: used}
    app.begin()
    assert calls_of(app, CREATE) == 2
    assert len(app.messages) == 1
    code = app.code
    assert app.answer(another_code(code)).challenge == CODE
    assert app.answer(code).has_tokens


@BOTH
def test_create_runs_twice_for_a_resend(app: App, used: Which) -> None:
    app.begin()
    app.wait(31)
    app.pool.triggers.repeated = {CREATE: used}
    app.resend()
    assert len(app.messages) == 2
    assert app.answer(app.code).has_tokens


@BOTH
def test_verify_runs_twice_for_a_right_code(app: App, used: Which) -> None:
    app.begin()
    code = app.code
    app.pool.triggers.repeated = {VERIFY: used}
    assert app.answer(code).has_tokens
    assert calls_of(app, VERIFY) == 2
    app.pool.triggers.repeated = {}
    app.wait(20)
    again = app.again()
    again.begin()
    assert again.answer(code).challenge == CODE


@BOTH
def test_verify_runs_twice_for_a_wrong_code(app: App, used: Which) -> None:
    app.begin()
    app.pool.triggers.repeated = {VERIFY: used}
    assert app.answer(another_code(app.code)).challenge == CODE
    assert app.shown("attemptsLeft") == ("4",)
    assert app.deployment.record(app)["failures"] == "1"
    assert app.answer(app.code).has_tokens


@BOTH
def test_every_trigger_runs_twice(app: App, used: Which) -> None:
    app.pool.triggers.repeated = {DEFINE: used, CREATE: used, VERIFY: used}
    app.begin()
    app.answer(another_code(app.code))
    app.wait(31)
    app.resend(channel="sms")
    assert app.shown("attemptsLeft", "channel") == ("4", "sms")
    assert [message.channel for message in app.messages] == ["email", "sms"]
    assert app.answer(app.code).has_tokens


@pytest.mark.parametrize("function", ["define_auth_challenge", "create_auth_challenge"])
def test_a_cold_start_takes_longer_than_cognito_waits(app: App, function: str) -> None:
    app.deployment.functions.cold_starts = {function: LATE}
    app.begin()
    assert len(app.messages) == 1
    assert app.answer(app.code).has_tokens


def test_a_cold_start_of_verify_takes_longer_than_cognito_waits(app: App) -> None:
    app.begin()
    app.deployment.functions.cold_starts = {"verify_auth_challenge": LATE}
    assert app.answer(app.code).has_tokens
    assert calls_of(app, VERIFY) == 2


@pytest.mark.parametrize("operation", ["UpdateItem", "SendMessage"])
def test_a_call_of_create_takes_longer_than_cognito_waits(app: App, operation: str) -> None:
    """After the write, the first call has no time left for the queue. The second one queues the message."""
    app.deployment.functions.delays = {("create_auth_challenge", operation): LATE}
    app.begin()
    assert calls_of(app, CREATE) == 2
    assert len(app.messages) == 1
    assert app.answer(app.code).has_tokens


@pytest.mark.parametrize("operation", ["GenerateMac", "UpdateItem"])
@pytest.mark.parametrize("is_right", [True, False])
def test_a_call_of_verify_takes_longer_than_cognito_waits(app: App, operation: str, is_right: bool) -> None:
    """After the write, the second call recognises its own repeat."""
    app.begin()
    code = app.code
    app.deployment.functions.delays = {("verify_auth_challenge", operation): LATE}
    assert app.answer(code if is_right else another_code(code)).has_tokens == is_right
    assert calls_of(app, VERIFY) == 2
    if not is_right:
        assert app.shown("attemptsLeft") == ("4",)
        assert app.answer(code).has_tokens


def test_a_function_that_is_always_slow_ends_the_sign_in_only(app: App) -> None:
    functions = app.deployment.functions
    invoke = functions.invoke

    def slow(name: str, event: dict[str, object]) -> object:
        functions.cold_starts = {"create_auth_challenge": LATE}
        return invoke(name, event)

    app.pool.triggers.invoke = slow
    with pytest.raises(CognitoError) as failed:
        app.begin()
    assert failed.value.code == "UnexpectedLambdaException"
    app.pool.triggers.invoke = invoke
    functions.cold_starts = {}
    app.begin()
    assert app.shown("status") == ("WAITING",)
    assert len(app.messages) == 1
    assert app.answer(app.code).has_tokens


def test_a_call_that_fails_is_not_repeated_and_its_text_has_no_details(app: App) -> None:
    """The lost answer ends before Cognito's five seconds, so the app gets the error of the function."""
    app.deployment.functions.delays = {("create_auth_challenge", "UpdateItem"): 4.48}
    with pytest.raises(CognitoError) as failed:
        app.begin()
    assert failed.value.code == "UserLambdaValidationException"
    assert str(failed.value) == (
        "CreateAuthChallenge failed with error The sign-in could not be completed. "
        "Start again in half a minute. [passcode:unavailable]."
    )
    app.wait(31)
    app.begin()
    assert app.answer(app.code).has_tokens
