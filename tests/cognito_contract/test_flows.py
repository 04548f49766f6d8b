"""Each sign-in flow, from Cognito's API to the message and back, with each form of events."""

import pytest

from passcode.sign_in.steps import MOST_ROUNDS
from passcode.token_service.refusal import RefusalTag, parse_tag
from tests.cognito_contract.app import CODE, NEW_PASSWORD, VERIFIER, App, Deployment
from tests.support.challenge_triggers import CREATE, DEFINE, VERIFY, CognitoError, Session, result_of
from tests.support.custom_auth import INVALID_SESSION, MUST_SET_PASSWORD, WRONG_NAME_OR_PASSWORD
from tests.support.events import CODE_ONLY_CLIENT, PASSWORD_CLIENT
from tests.support.users import another_code

TOKENS_REFUSED = ("NotAuthorizedException", WRONG_NAME_OR_PASSWORD)


def refusal_of(error: pytest.ExceptionInfo[CognitoError]) -> tuple[str, str]:
    return error.value.code, str(error.value)


def test_the_code_gives_tokens(app: App) -> None:
    app.begin()
    assert app.shown("status", "channel", "attemptsLeft", "resendsLeft") == ("SENT", "email", "5", "3")
    assert [message.channel for message in app.messages] == ["email"]
    assert app.answer(app.code).has_tokens


def test_the_code_is_spent(app: App) -> None:
    app.begin()
    code = app.code
    assert app.answer(code).has_tokens
    app.wait(20)
    again = app.again()
    again.begin()
    assert again.answer(code).challenge == CODE


def test_a_session_can_be_used_once(app: App) -> None:
    app.begin()
    first = app.response
    app.answer("0")
    app.response = first
    with pytest.raises(CognitoError) as refused:
        app.answer(app.code)
    assert refusal_of(refused) == ("NotAuthorizedException", INVALID_SESSION)


def test_a_wrong_password_sends_no_code(deployment: Deployment) -> None:
    app = deployment.app(PASSWORD_CLIENT)
    with pytest.raises(CognitoError) as refused:
        app.start_with_password("a wrong password")
    assert refusal_of(refused) == TOKENS_REFUSED
    assert app.messages == []


def test_a_client_with_a_password_refuses_a_start_without_it(deployment: Deployment) -> None:
    app = deployment.app(PASSWORD_CLIENT)
    with pytest.raises(CognitoError) as refused:
        app.start()
    assert refusal_of(refused) == TOKENS_REFUSED
    assert app.messages == []


def test_a_client_without_a_password_accepts_a_start_with_srp(deployment: Deployment) -> None:
    """Some SDKs always begin with SRP_A. The user is not asked for a password."""
    app = deployment.app()
    assert app.start_with_srp().challenge == CODE
    assert app.answer(app.code).has_tokens


@pytest.mark.parametrize("client", [CODE_ONLY_CLIENT, PASSWORD_CLIENT])
def test_a_history_with_admin_no_srp_auth_is_refused(deployment: Deployment, client: str) -> None:
    """AWS names this challenge on the trigger's page, but documents no CUSTOM_AUTH flow with it."""
    session = Session("user", client, [result_of("ADMIN_NO_SRP_AUTH", True)], {"sub": "user"})
    step = deployment.triggers.define(session, {})
    assert step == {"challengeName": None, "issueTokens": False, "failAuthentication": True}


@pytest.mark.parametrize("mfa", ["SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"])
def test_the_mfa_of_the_pool_does_not_replace_the_code(deployment: Deployment, mfa: str) -> None:
    app = deployment.app(PASSWORD_CLIENT, mfa=mfa)
    assert app.start_with_password().challenge == mfa
    with pytest.raises(CognitoError) as refused:
        app.respond(mfa, {})
    assert refusal_of(refused) == TOKENS_REFUSED


@pytest.mark.parametrize("status", MUST_SET_PASSWORD)
def test_a_new_password_is_set_before_the_code(deployment: Deployment, status: str) -> None:
    app = deployment.app(PASSWORD_CLIENT, status=status)
    assert app.start_with_password().challenge == NEW_PASSWORD
    assert app.messages == []
    assert app.respond(NEW_PASSWORD, {}, NEW_PASSWORD="another 1 password").challenge == CODE
    assert app.answer(app.code).has_tokens
    assert (app.user.password, app.user.status) == ("another 1 password", "CONFIRMED")


def test_a_code_alone_needs_no_new_password(deployment: Deployment) -> None:
    for status in MUST_SET_PASSWORD:
        app = deployment.app(status=status)
        app.begin()
        assert app.answer(app.code).has_tokens


def test_a_resend_in_the_cooldown_sends_nothing(app: App) -> None:
    app.begin()
    assert app.resend().challenge == CODE
    assert app.shown("status", "attemptsLeft", "resendsLeft") == ("WAITING", "5", "3")
    assert len(app.messages) == 1
    assert app.answer(app.code).has_tokens


def test_a_resend_after_the_cooldown_sends_a_message(app: App) -> None:
    app.begin()
    app.wait(31)
    assert app.resend().challenge == CODE
    assert app.shown("status", "attemptsLeft", "resendsLeft") == ("SENT", "5", "2")
    assert len(app.messages) == 2
    assert app.answer(app.code).has_tokens


def test_after_the_last_resend_the_newest_code_is_valid(app: App) -> None:
    app.begin()
    for left in "210":
        app.wait(31)
        app.resend()
        assert app.shown("status", "resendsLeft") == ("SENT", left)
    app.wait(31)
    app.resend()
    assert app.shown("status", "resendsLeft") == ("WAITING", "0")
    assert len(app.messages) == 4
    assert app.answer(app.code).has_tokens


def test_a_response_with_an_action_is_not_an_answer(app: App) -> None:
    app.begin()
    code = app.code
    for word in ("resend", "send", "Resend ", "SEND", "another", "answer"):
        assert app.answer(code, action=word).challenge == CODE
    assert app.shown("attemptsLeft") == ("5",)
    assert app.answer(code).has_tokens


def test_an_action_typed_as_the_answer_is_a_wrong_answer(app: App) -> None:
    app.begin()
    assert app.answer("resend").challenge == CODE
    assert app.shown("status", "attemptsLeft") == ("WRONG", "4")
    assert app.answer(app.code).has_tokens


def test_responses_without_an_answer_have_a_limit(app: App) -> None:
    app.begin()
    for _ in range(MOST_ROUNDS - 1):
        assert app.answer("", action="another").challenge == CODE
    with pytest.raises(CognitoError) as refused:
        app.answer("", action="another")
    assert refusal_of(refused) == TOKENS_REFUSED


def test_a_user_changes_the_channel(app: App) -> None:
    app.begin()
    app.wait(31)
    app.resend(channel="sms")
    assert app.shown("status", "channel") == ("SENT", "sms")
    assert [message.channel for message in app.messages] == ["email", "sms"]
    assert app.answer(app.code).has_tokens


def test_the_preferred_channel_gets_the_first_message(deployment: Deployment) -> None:
    app = deployment.app(PASSWORD_CLIENT, attributes={"custom:otp_channel": "sms"})
    app.begin()
    assert app.shown("channel") == ("sms",)
    assert [message.channel for message in app.messages] == ["sms"]
    assert app.answer(app.code).has_tokens


def test_the_metadata_of_the_start_does_not_reach_the_triggers(deployment: Deployment) -> None:
    app = deployment.app()
    app.start(channel="sms", action="resend")
    assert [message.channel for message in app.messages] == ["email"]
    assert not any(event["request"].get("clientMetadata") for event in deployment.called())


def test_the_metadata_of_the_password_reaches_define_and_create(deployment: Deployment) -> None:
    app = deployment.app(PASSWORD_CLIENT)
    app.start_with_password(channel="sms")
    assert [message.channel for message in app.messages] == ["sms"]
    sent = [event["request"].get("clientMetadata") or {} for event in deployment.called(DEFINE, CREATE)]
    assert sent == [{}, {"channel": "sms"}, {"channel": "sms"}]


def test_the_fifth_answer_may_be_right(app: App) -> None:
    app.begin()
    code = app.code
    for left in "4321":
        assert app.answer(another_code(code, int(left))).challenge == CODE
        assert app.shown("status", "attemptsLeft") == ("WRONG", left)
    assert app.answer(code).has_tokens


def test_too_many_wrong_answers_end_the_sign_in(app: App) -> None:
    app.begin()
    for _ in range(4):
        assert app.answer("no code").challenge == CODE
    last = app.response
    with pytest.raises(CognitoError) as refused:
        app.answer("no code")
    assert refusal_of(refused) == TOKENS_REFUSED
    app.response = last
    with pytest.raises(CognitoError) as refused:
        app.answer(app.code)
    assert refusal_of(refused) == ("NotAuthorizedException", INVALID_SESSION)


def test_after_many_wrong_codes_only_a_long_code_signs_the_user_in(app: App) -> None:
    others = [app.again() for _ in range(3)]
    for other in others:
        other.begin()
    code = app.code
    waiting = others.pop()
    with pytest.raises(CognitoError):  # noqa: PT012 - the number of answers before it differs
        for other in others:
            for number in range(1, 6):
                other.answer(another_code(code, number))
    app.wait(31)
    app.begin()
    assert app.shown("status", "codeLength") == ("SENT", "20")
    assert app.answer(app.code).has_tokens
    app.wait(1)
    assert waiting.answer(code).challenge == CODE


def test_an_expired_code_is_refused_and_a_new_one_accepted(app: App) -> None:
    app.begin()
    code = app.code
    app.wait(301)
    assert app.answer(code).challenge == CODE
    assert app.shown("status") == ("EXPIRED",)
    app.resend()
    assert app.shown("status") == ("SENT",)
    assert app.code != code
    assert app.answer(app.code).has_tokens


def test_cognito_ends_a_session_that_waits_too_long(app: App) -> None:
    app.begin()
    app.wait(15 * 60)
    with pytest.raises(CognitoError) as refused:
        app.resend()
    assert refusal_of(refused)[0] == "NotAuthorizedException"
    assert VERIFY not in [call.trigger for call in app.pool.triggers.calls]


def test_a_user_without_an_address_gets_a_plain_sentence_after_the_password(deployment: Deployment) -> None:
    app = deployment.app(
        PASSWORD_CLIENT, attributes={"email_verified": "false", "phone_number_verified": "false"}
    )
    with pytest.raises(CognitoError) as refused:
        app.start_with_password()
    assert refused.value.code == "UserLambdaValidationException"
    assert str(refused.value).startswith("CreateAuthChallenge failed with error This account has no ")
    assert parse_tag(str(refused.value)) == RefusalTag("no_destination")


def test_the_app_and_the_other_triggers_do_not_get_the_private_parameters(app: App) -> None:
    deployment = app.deployment
    app.begin()
    app.answer("0")
    app.resend()
    assert app.answer(app.code).has_tokens
    events = deployment.called(VERIFY)
    private = [value for event in events for value in event["request"]["privateChallengeParameters"].values()]
    assert len(private) == 6
    for event in deployment.called(DEFINE, CREATE):
        assert "privateChallengeParameters" not in event["request"]
    assert not set(private) & set(app.response.parameters.values())
    assert VERIFIER not in app.response.parameters
