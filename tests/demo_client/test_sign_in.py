"""The state machine of a sign-in, against a fake Cognito."""

from typing import Any

import pytest

from demo_client.cognito.challenge import Challenge, Status, Tokens
from demo_client.cognito.sign_in import SignIn
from demo_client.errors import CliError
from tests.support.demo_pool import POOL, FakeCognito, challenge, choose, password_verifier, refusal, tokens

PASSWORD = "a long pass phrase"


def code_only(*replies: Any) -> tuple[SignIn, FakeCognito]:
    cognito = FakeCognito(*replies)
    return SignIn(cognito, POOL, "ada@example.com", passwordless=True), cognito


def test_code_only_starts_with_the_user_name_only() -> None:
    sign_in, cognito = code_only(challenge())
    step = sign_in.start()
    assert cognito.sent == [
        {
            "AuthFlow": "CUSTOM_AUTH",
            "ClientId": "client-code",
            "AuthParameters": {"USERNAME": "ada@example.com"},
        }
    ]
    assert step == Challenge(
        Status.SENT, "email", "a***@e***", {"email": "a***@e***", "sms": "+***4567"}, 6, 300, 30, 5, 3
    )


def test_each_answer_has_the_newest_session_and_the_user_name_from_cognito() -> None:
    sign_in, cognito = code_only(challenge("one"), challenge("two", status="WRONG"), tokens())
    sign_in.start()
    sign_in.answer("111111")
    done = sign_in.answer("222222")
    assert [request["Session"] for request in cognito.sent[1:]] == ["one", "two"]
    assert cognito.sent[2]["ChallengeResponses"] == {"USERNAME": "the-sub", "ANSWER": "222222"}
    assert "ClientMetadata" not in cognito.sent[2]
    assert done == Tokens("client-code", "an-id-token", "an-access-token", "a-refresh-token")


def test_a_channel_is_requested_with_the_password() -> None:
    cognito = FakeCognito(password_verifier(), challenge(channel="sms", fallback="email"))
    sign_in = SignIn(cognito, POOL, "ada@example.com", passwordless=False)
    step = sign_in.start(PASSWORD, "sms")
    assert [request.get("ClientMetadata") for request in cognito.sent] == [None, {"channel": "sms"}]
    assert isinstance(step, Challenge)
    assert step.fallback == "email"


def test_a_password_is_proven_and_never_sent() -> None:
    cognito = FakeCognito(password_verifier(), challenge())
    sign_in = SignIn(cognito, POOL, "ada@example.com", passwordless=False)
    assert isinstance(sign_in.start(PASSWORD), Challenge)
    opening, proof = cognito.sent
    assert opening["ClientId"] == "client-both"
    assert opening["AuthParameters"].keys() == {"CHALLENGE_NAME", "USERNAME", "SRP_A"}
    assert opening["AuthParameters"]["CHALLENGE_NAME"] == "SRP_A"
    assert proof["ChallengeName"] == "PASSWORD_VERIFIER"
    assert proof["Session"] == "session-0"
    assert proof["ChallengeResponses"].keys() == {
        "TIMESTAMP",
        "USERNAME",
        "PASSWORD_CLAIM_SECRET_BLOCK",
        "PASSWORD_CLAIM_SIGNATURE",
    }
    assert PASSWORD not in repr(cognito.sent)


@pytest.mark.parametrize("reply", [challenge(), tokens()])
def test_a_pool_that_does_not_ask_for_the_password_is_refused(reply: dict[str, Any]) -> None:
    sign_in = SignIn(FakeCognito(reply), POOL, "ada@example.com", passwordless=False)
    with pytest.raises(CliError, match="does not ask for the password"):
        sign_in.start(PASSWORD)


@pytest.mark.parametrize(
    ("channel", "metadata"),
    [(None, {"action": "resend"}), ("sms", {"action": "resend", "channel": "sms"})],
)
def test_a_resend_is_metadata_beside_a_placeholder_answer(
    channel: str | None, metadata: dict[str, str]
) -> None:
    sign_in, cognito = code_only(challenge(), challenge("session-2"))
    sign_in.start()
    sign_in.resend(channel)
    assert cognito.sent[1]["ClientMetadata"] == metadata
    assert cognito.sent[1]["ChallengeResponses"]["ANSWER"]


def test_a_choice_of_channel_is_sent() -> None:
    sign_in, cognito = code_only(choose(), challenge())
    first = sign_in.start()
    assert isinstance(first, Challenge)
    assert first.status is Status.CHOOSE
    sign_in.choose("sms")
    assert cognito.sent[1]["ClientMetadata"] == {"action": "send", "channel": "sms"}


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s"}, "new password"),
        ({"ChallengeName": "SMS_MFA", "Session": "s", "ChallengeParameters": {}}, "another factor"),
        ({"ChallengeName": "CUSTOM_CHALLENGE", "Session": "s"}, "does not ask for a one-time code"),
        (challenge(codeLength="six"), "does not ask for a one-time code"),
        (challenge(channels="[]"), "does not ask for a one-time code"),
        (challenge(status="PAUSED"), "does not ask for a one-time code"),
    ],
)
def test_any_other_challenge_is_an_error(reply: dict[str, Any], sentence: str) -> None:
    sign_in, _ = code_only(reply)
    with pytest.raises(CliError, match=sentence):
        sign_in.start()


def test_a_client_error_is_passed_on_unchanged() -> None:
    sign_in, _ = code_only(challenge(), error := refusal("NotAuthorizedException"))
    sign_in.start()
    with pytest.raises(type(error)) as raised:
        sign_in.answer("111111")
    assert raised.value is error


def test_the_repr_of_tokens_has_no_token() -> None:
    assert "token" not in repr(Tokens("client", "id-token", "access-token", "refresh-token")).replace(
        "Tokens", ""
    )
