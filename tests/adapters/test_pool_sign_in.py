"""The pool's sign-in as it is driven: what Cognito is told, and what its answers mean."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from passcode.adapters.pool_sign_in import PoolSignIn
from passcode.hosted.ports import (
    Authenticated,
    AuthenticationFailed,
    CodeRequired,
    MustChangePassword,
    SignInRefused,
)
from passcode.token_service.refusal import Refusal, RefusalTag, Unavailable, refusal_text
from tests.support.aws_stubs import Wire, refused_by_aws
from tests.support.events import SUB
from tests.support.hosted_world import shown

CHALLENGE = {"ChallengeName": "CUSTOM_CHALLENGE", "Session": "next", "ChallengeParameters": shown()}


def driving(wire: Wire) -> PoolSignIn:
    return PoolSignIn(lambda: wire, "pool", "inner", lambda: "the secret")


def secret_hash(name: str) -> str:
    digest = hmac.digest(b"the secret", f"{name}inner".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def tokens() -> dict[str, Any]:
    claims = json.dumps({"sub": SUB, "cognito:username": "user-name"}).encode()
    return {
        "AuthenticationResult": {"IdToken": f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"}
    }


def lambda_error(text: str) -> ClientError:
    return ClientError({"Error": {"Code": "UserLambdaValidationException", "Message": text}}, "call")


def test_without_a_password_the_flow_starts_with_the_name_alone() -> None:
    wire = Wire({"admin_initiate_auth": CHALLENGE})
    outcome = driving(wire).start("ann@example.com", None)
    assert isinstance(outcome, CodeRequired)
    assert (outcome.session, outcome.user_name) == ("next", shown()["USERNAME"])
    (call,) = wire.sent("admin_initiate_auth")
    assert call["AuthFlow"] == "CUSTOM_AUTH"
    assert call["AuthParameters"] == {
        "USERNAME": "ann@example.com",
        "SECRET_HASH": secret_hash("ann@example.com"),
    }


def test_with_a_password_cognito_must_ask_for_its_proof() -> None:
    wire = Wire({"admin_initiate_auth": CHALLENGE})
    with pytest.raises(Unavailable):
        driving(wire).start("ann", "a password")
    (call,) = wire.sent("admin_initiate_auth")
    assert call["AuthParameters"]["CHALLENGE_NAME"] == "SRP_A"
    assert "a password" not in str(call)


def test_an_answer_goes_under_cognitos_own_name_for_the_user() -> None:
    wire = Wire({"admin_respond_to_auth_challenge": tokens()})
    assert driving(wire).answer("session", "user-name", "123456") == Authenticated("user-name", SUB)
    (call,) = wire.sent("admin_respond_to_auth_challenge")
    assert call["ChallengeResponses"] == {
        "USERNAME": "user-name",
        "ANSWER": "123456",
        "SECRET_HASH": secret_hash("user-name"),
    }
    assert call["ClientMetadata"] == {}


@pytest.mark.parametrize(("channel", "metadata"), [("", {}), ("sms", {"channel": "sms"})])
def test_a_message_is_asked_for_by_metadata(channel: str, metadata: dict[str, str]) -> None:
    wire = Wire({"admin_respond_to_auth_challenge": CHALLENGE})
    driving(wire).send("session", "user-name", "resend", channel)
    (call,) = wire.sent("admin_respond_to_auth_challenge")
    assert call["ClientMetadata"] == {"action": "resend"} | metadata


REFUSALS = ["NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"]


@pytest.mark.parametrize("code", [*REFUSALS, "InvalidParameterException"])
def test_a_refusal_is_one_and_the_same_whatever_its_reason(code: str) -> None:
    with pytest.raises(AuthenticationFailed) as refused:
        driving(Wire(admin_initiate_auth=refused_by_aws(code))).start("ann", None)
    assert str(refused.value) == ""


@pytest.mark.parametrize("code", ["InvalidParameterException", "NotAuthorizedException"])
@pytest.mark.parametrize(
    "text",
    [
        "Custom auth lambda trigger is not configured for the user pool.",
        "Unable to verify secret hash for client inner",
    ],
)
def test_a_fault_of_ours_is_nobodys_wrong_password(code: str, text: str) -> None:
    """Told as one it would be everybody's, and no alarm would ring."""
    error = ClientError({"Error": {"Code": code, "Message": text}}, "AdminInitiateAuth")
    with pytest.raises(Unavailable):
        driving(Wire(admin_initiate_auth=error)).start("ann", None)


def test_a_password_that_must_be_changed_is_told_apart() -> None:
    with pytest.raises(MustChangePassword):
        driving(Wire(admin_initiate_auth=refused_by_aws("PasswordResetRequiredException"))).start("ann", None)
    asks = Wire(
        {"admin_initiate_auth": {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeParameters": {}}}
    )
    with pytest.raises(MustChangePassword):
        driving(asks).start("ann", None)


def test_of_a_refusal_of_a_trigger_the_tag_is_read() -> None:
    text = refusal_text(Refusal.QUOTA, 700)
    wire = Wire(admin_initiate_auth=lambda_error(f"CreateAuthChallenge failed with error {text}."))
    assert driving(wire).start("ann", None) == SignInRefused(RefusalTag("quota", 700))


def test_a_refusal_of_another_trigger_has_no_tag() -> None:
    wire = Wire(admin_initiate_auth=lambda_error("PreAuthentication failed with error Not from here."))
    assert driving(wire).start("ann", None) == SignInRefused(None)


@pytest.mark.parametrize(
    "error",
    [
        lambda_error("something else"),
        refused_by_aws("TooManyRequestsException"),
        refused_by_aws("AccessDeniedException"),
    ],
)
def test_whatever_else_goes_wrong_is_unavailable_and_says_nothing(error: ClientError) -> None:
    with pytest.raises(Unavailable) as unavailable:
        driving(Wire(admin_initiate_auth=error)).start("ann", None)
    assert "123456" not in str(unavailable.value)


def test_another_challenge_than_ours_is_not_answered() -> None:
    wire = Wire(
        {"admin_initiate_auth": {"ChallengeName": "SMS_MFA", "Session": "s", "ChallengeParameters": {}}}
    )
    with pytest.raises(Unavailable):
        driving(wire).start("ann", None)


def test_tokens_without_a_code_let_nobody_in() -> None:
    wire = Wire({"admin_initiate_auth": tokens(), "admin_respond_to_auth_challenge": tokens()})
    with pytest.raises(Unavailable):
        driving(wire).start("ann", None)
    with pytest.raises(Unavailable):
        driving(wire).send("session", "user-name", "resend", "")


def test_a_name_that_no_user_can_have_is_refused_without_a_call() -> None:
    wire = Wire({"admin_initiate_auth": CHALLENGE})
    with pytest.raises(AuthenticationFailed):
        driving(wire).start("a" * 129, None)
    assert wire.calls == []
    assert isinstance(driving(wire).start("a" * 128, None), CodeRequired)
