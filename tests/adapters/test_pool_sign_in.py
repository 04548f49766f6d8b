"""The sign-in at the pool: the requests to Cognito, and the meaning of its responses."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from passcode.adapters.pool_sign_in import PoolSignIn, takes_phone_numbers
from passcode.hosted.ports import (
    Authenticated,
    AuthenticationFailed,
    CodeRequired,
    MustChangePassword,
    SignInRefused,
)
from passcode.token_service.refusal import Refusal, RefusalTag, Unavailable, refusal_text
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import SUB
from tests.support.hosted_in_memory import shown

CHALLENGE = {"ChallengeName": "CUSTOM_CHALLENGE", "Session": "next", "ChallengeParameters": shown()}


def pool_sign_in(client: RecordingClient) -> PoolSignIn:
    return PoolSignIn(lambda: client, "pool", "inner", lambda: "the secret")


def secret_hash(name: str) -> str:
    digest = hmac.digest(b"the secret", f"{name}inner".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def tokens(**more: str) -> dict[str, Any]:
    claims = json.dumps({"sub": SUB, "cognito:username": "user-name"} | more).encode()
    return {
        "AuthenticationResult": {"IdToken": f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"}
    }


def lambda_error(text: str) -> ClientError:
    return ClientError({"Error": {"Code": "UserLambdaValidationException", "Message": text}}, "call")


def test_a_sign_in_without_a_password_sends_only_the_name() -> None:
    client = RecordingClient({"admin_initiate_auth": CHALLENGE})
    outcome = pool_sign_in(client).start("ann@example.com", None, "")
    assert isinstance(outcome, CodeRequired)
    assert (outcome.session, outcome.user_name) == ("next", shown()["USERNAME"])
    (call,) = client.sent("admin_initiate_auth")
    assert call["AuthFlow"] == "CUSTOM_AUTH"
    assert call["AuthParameters"] == {
        "USERNAME": "ann@example.com",
        "SECRET_HASH": secret_hash("ann@example.com"),
    }


def test_a_sign_in_with_a_password_requires_the_srp_challenge() -> None:
    client = RecordingClient({"admin_initiate_auth": CHALLENGE})
    with pytest.raises(Unavailable):
        pool_sign_in(client).start("ann", "a password", "")
    (call,) = client.sent("admin_initiate_auth")
    assert call["AuthParameters"]["CHALLENGE_NAME"] == "SRP_A"
    assert "a password" not in str(call)


def test_an_answer_uses_the_user_name_of_cognito() -> None:
    client = RecordingClient({"admin_respond_to_auth_challenge": tokens()})
    user = pool_sign_in(client).answer("session", "user-name", "123456")
    assert user == Authenticated("user-name", SUB, "")
    (call,) = client.sent("admin_respond_to_auth_challenge")
    assert call["ChallengeResponses"] == {
        "USERNAME": "user-name",
        "ANSWER": "123456",
        "SECRET_HASH": secret_hash("user-name"),
    }
    assert call["ClientMetadata"] == {}


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_assurance_claims_of_the_pool_name_the_channel_of_the_code(channel: str) -> None:
    client = RecordingClient({"admin_respond_to_auth_challenge": tokens(otp_channel=channel)})
    user = pool_sign_in(client).answer("session", "user-name", "123456")
    assert user == Authenticated("user-name", SUB, channel)


@pytest.mark.parametrize(
    ("channel", "locale", "metadata"),
    [
        ("", "", {}),
        ("sms", "", {"channel": "sms"}),
        ("", "de", {"locale": "de"}),
        ("sms", "de", {"channel": "sms", "locale": "de"}),
    ],
)
def test_a_resend_is_requested_in_the_client_metadata(
    channel: str, locale: str, metadata: dict[str, str]
) -> None:
    client = RecordingClient({"admin_respond_to_auth_challenge": CHALLENGE})
    pool_sign_in(client).send("session", "user-name", "resend", channel, locale)
    (call,) = client.sent("admin_respond_to_auth_challenge")
    assert call["ClientMetadata"] == {"action": "resend"} | metadata


REFUSALS = ["NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"]


@pytest.mark.parametrize("code", [*REFUSALS, "InvalidParameterException"])
def test_all_refusals_of_cognito_look_the_same(code: str) -> None:
    with pytest.raises(AuthenticationFailed) as refused:
        pool_sign_in(RecordingClient(admin_initiate_auth=refused_by_aws(code))).start("ann", None, "")
    assert str(refused.value) == ""


@pytest.mark.parametrize("code", ["InvalidParameterException", "NotAuthorizedException"])
@pytest.mark.parametrize(
    "text",
    [
        "Custom auth lambda trigger is not configured for the user pool.",
        "Unable to verify secret hash for client inner",
    ],
)
def test_a_configuration_error_is_not_a_wrong_password(code: str, text: str) -> None:
    """Otherwise, every user would see "wrong password", and no alarm would fire."""
    error = ClientError({"Error": {"Code": code, "Message": text}}, "AdminInitiateAuth")
    with pytest.raises(Unavailable):
        pool_sign_in(RecordingClient(admin_initiate_auth=error)).start("ann", None, "")


def test_a_password_that_must_be_changed_has_a_separate_error() -> None:
    with pytest.raises(MustChangePassword):
        pool_sign_in(
            RecordingClient(admin_initiate_auth=refused_by_aws("PasswordResetRequiredException"))
        ).start("ann", None, "")
    asks = RecordingClient(
        {"admin_initiate_auth": {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeParameters": {}}}
    )
    with pytest.raises(MustChangePassword):
        pool_sign_in(asks).start("ann", None, "")


def test_the_tag_of_a_refusal_is_read() -> None:
    text = refusal_text(Refusal.QUOTA, 700)
    client = RecordingClient(
        admin_initiate_auth=lambda_error(f"CreateAuthChallenge failed with error {text}.")
    )
    assert pool_sign_in(client).start("ann", None, "") == SignInRefused(RefusalTag("quota", 700))


def test_a_refusal_of_another_trigger_has_no_tag() -> None:
    client = RecordingClient(
        admin_initiate_auth=lambda_error("PreAuthentication failed with error Not from here.")
    )
    assert pool_sign_in(client).start("ann", None, "") == SignInRefused(None)


@pytest.mark.parametrize(
    "error",
    [
        lambda_error("something else"),
        refused_by_aws("TooManyRequestsException"),
        refused_by_aws("AccessDeniedException"),
    ],
)
def test_any_other_error_is_unavailable_and_contains_no_secret(error: ClientError) -> None:
    with pytest.raises(Unavailable) as unavailable:
        pool_sign_in(RecordingClient(admin_initiate_auth=error)).start("ann", None, "")
    assert "123456" not in str(unavailable.value)


def test_an_unknown_challenge_is_not_answered() -> None:
    client = RecordingClient(
        {"admin_initiate_auth": {"ChallengeName": "SMS_MFA", "Session": "s", "ChallengeParameters": {}}}
    )
    with pytest.raises(Unavailable):
        pool_sign_in(client).start("ann", None, "")


def test_tokens_without_a_code_are_not_accepted() -> None:
    client = RecordingClient({"admin_initiate_auth": tokens(), "admin_respond_to_auth_challenge": tokens()})
    with pytest.raises(Unavailable):
        pool_sign_in(client).start("ann", None, "")
    with pytest.raises(Unavailable):
        pool_sign_in(client).send("session", "user-name", "resend", "", "")


def test_a_name_over_the_length_limit_is_refused_without_a_call() -> None:
    client = RecordingClient({"admin_initiate_auth": CHALLENGE})
    with pytest.raises(AuthenticationFailed):
        pool_sign_in(client).start("a" * 129, None, "")
    assert client.calls == []
    assert isinstance(pool_sign_in(client).start("a" * 128, None, ""), CodeRequired)


@pytest.mark.parametrize(
    ("pool", "takes"),
    [
        ({"UsernameAttributes": ["phone_number", "email"]}, True),
        ({"AliasAttributes": ["phone_number"]}, True),
        ({"UsernameAttributes": ["email"]}, False),
        ({"AliasAttributes": ["email", "preferred_username"]}, False),
        ({}, False),
    ],
)
def test_phone_numbers_as_sign_in_option_are_read_from_the_pool(
    pool: dict[str, list[str]], takes: bool
) -> None:
    client = RecordingClient({"describe_user_pool": {"UserPool": pool}})
    assert takes_phone_numbers(lambda: client, "pool") is takes
    assert client.calls == [("describe_user_pool", {"UserPoolId": "pool"})]


@pytest.mark.parametrize(("locale", "metadata"), [("de", {"locale": "de"}), ("", {})])
def test_the_locale_of_the_page_goes_with_the_password(locale: str, metadata: dict[str, str]) -> None:
    parameters = {"USERNAME": "ann", "USER_ID_FOR_SRP": "ann", "SALT": "5a17", "SRP_B": "b" * 64}
    parameters["SECRET_BLOCK"] = "c2VjcmV0"
    verifier = {
        "ChallengeName": "PASSWORD_VERIFIER",
        "Session": "first",
        "ChallengeParameters": parameters,
    }
    client = RecordingClient({"admin_initiate_auth": verifier, "admin_respond_to_auth_challenge": CHALLENGE})
    pool = PoolSignIn(lambda: client, "eu-central-1_pool", "inner", lambda: "the secret")
    assert isinstance(pool.start("ann", "a password", locale), CodeRequired)
    # Cognito does not pass the metadata of this call on to the triggers of custom challenges.
    assert "ClientMetadata" not in client.sent("admin_initiate_auth")[0]
    (call,) = client.sent("admin_respond_to_auth_challenge")
    assert (call["ChallengeName"], call["ClientMetadata"]) == ("PASSWORD_VERIFIER", metadata)
