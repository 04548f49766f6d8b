"""A fake Cognito with the replies of a test, and a pool that does not exist."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from demo_client.cognito.pool_config import PoolConfig

POOL = PoolConfig("eu-west-1", "eu-west-1_AbCdEfGhI", "client-both", "client-code", None, Path("/nowhere"))


class FakeCognito:
    """Returns the replies in turn, and records the requests."""

    def __init__(self, *replies: dict[str, Any] | Exception) -> None:
        self._replies = list(replies)
        self.sent: list[dict[str, Any]] = []

    def initiate_auth(self, **request: Any) -> Any:
        return self._reply(request)

    def respond_to_auth_challenge(self, **request: Any) -> Any:
        return self._reply(request)

    def _reply(self, request: dict[str, Any]) -> Any:
        self.sent.append(request)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def challenge(session: str = "session-1", **changed: str) -> dict[str, Any]:
    """A CUSTOM_CHALLENGE of the stack, with Cognito's USERNAME."""
    parameters = {
        "USERNAME": "the-sub",
        "status": "SENT",
        "channel": "email",
        "destination": "a***@e***",
        "channels": '{"email":"a***@e***","sms":"+***4567"}',
        "codeLength": "6",
        "expiresIn": "300",
        "resendIn": "30",
        "attemptsLeft": "5",
        "resendsLeft": "3",
    }
    return {
        "ChallengeName": "CUSTOM_CHALLENGE",
        "Session": session,
        "ChallengeParameters": parameters | changed,
    }


def choose() -> dict[str, Any]:
    return challenge(status="CHOOSE", channel="", destination="")


def tokens() -> dict[str, Any]:
    result = {"IdToken": "an-id-token", "AccessToken": "an-access-token", "RefreshToken": "a-refresh-token"}
    return {"AuthenticationResult": result}


def password_verifier() -> dict[str, Any]:
    """Cognito's response to SRP_A. Only the form of the numbers is right."""
    parameters = {
        "USER_ID_FOR_SRP": "the-sub",
        "SALT": "ab" * 16,
        "SRP_B": "5" * 700,
        "SECRET_BLOCK": "c2VjcmV0IGJsb2Nr",
    }
    return {"ChallengeName": "PASSWORD_VERIFIER", "Session": "session-0", "ChallengeParameters": parameters}


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "RespondToAuthChallenge")
