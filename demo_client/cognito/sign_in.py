"""One sign-in as a state machine over Cognito's two calls. It prints nothing and asks nobody."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from pycognito.aws_srp import AWSSRP

from demo_client.cognito.challenge import Challenge, Tokens, read_challenge, read_tokens
from demo_client.cognito.pool_config import PoolConfig
from demo_client.errors import REFUSED, CliError

NO_METADATA: Final[Mapping[str, str]] = {}


class Cognito(Protocol):
    """The part of boto3's cognito-idp client that a sign-in uses."""

    @property
    def initiate_auth(self) -> Callable[..., Any]: ...

    @property
    def respond_to_auth_challenge(self) -> Callable[..., Any]: ...


class SignIn:
    """`start`, then `answer`, `resend` or `choose` until Tokens come back.

    Each returns a Challenge (go on) or Tokens (done). A refusal raises what boto3 raises, and ends the
    sign-in: Cognito takes no further answer to it.
    """

    def __init__(self, cognito: Cognito, pool: PoolConfig, user: str, *, passwordless: bool) -> None:
        self._cognito = cognito
        self._pool = pool
        self._user = user
        self._passwordless = passwordless
        self._client_id = pool.client_id(passwordless=passwordless)
        self._session: str | None = None

    def start(self, password: str = "") -> Challenge | Tokens:
        """Begin. The password is used by PASSWORD_AND_CODE only, and never leaves this machine."""
        if self._passwordless:
            return self._step(self._initiate({"USERNAME": self._user}))
        proof = PasswordProof(self._pool, self._client_id, self._user, password)
        asked = self._initiate(proof.opening())
        if asked.get("ChallengeName") != "PASSWORD_VERIFIER":
            # Going on would let a pool that is set up wrongly skip the password.
            raise CliError("This app client does not ask for the password. Use --passwordless.", REFUSED)
        self._session = asked.get("Session")
        answer = proof.answer(asked["ChallengeParameters"])
        return self._step(self._respond("PASSWORD_VERIFIER", answer))

    def answer(self, code: str) -> Challenge | Tokens:
        """Answer with what the person typed."""
        return self._answer(code, {})

    def resend(self, channel: str | None = None) -> Challenge | Tokens:
        """Ask for the message again, over another channel if one is named. Costs no answer."""
        return self._answer("resend", {"action": "resend", **({"channel": channel} if channel else {})})

    def choose(self, channel: str) -> Challenge | Tokens:
        """Answer a CHOOSE challenge: send the code over this channel."""
        return self._answer("send", {"action": "send", "channel": channel})

    def _answer(self, answer: str, metadata: Mapping[str, str]) -> Challenge | Tokens:
        responses = {"USERNAME": self._user, "ANSWER": answer}
        return self._step(self._respond("CUSTOM_CHALLENGE", responses, metadata))

    def _initiate(self, parameters: Mapping[str, str]) -> Any:
        return self._cognito.initiate_auth(
            AuthFlow="CUSTOM_AUTH", ClientId=self._client_id, AuthParameters=dict(parameters)
        )

    def _respond(
        self, name: str, responses: Mapping[str, str], metadata: Mapping[str, str] = NO_METADATA
    ) -> Any:
        optional = {"Session": self._session, "ClientMetadata": dict(metadata)}
        return self._cognito.respond_to_auth_challenge(
            ClientId=self._client_id,
            ChallengeName=name,
            ChallengeResponses=dict(responses),
            **{key: value for key, value in optional.items() if value},
        )

    def _step(self, reply: Mapping[str, Any]) -> Challenge | Tokens:
        if reply.get("AuthenticationResult"):
            return read_tokens(reply["AuthenticationResult"], self._client_id)
        # Every answer brings a new session string, and the old one is dead.
        self._session = reply.get("Session")
        if reply.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            raise CliError("This account must first set a new password. Ask the pool's operators.", REFUSED)
        if reply.get("ChallengeName") != "CUSTOM_CHALLENGE":
            raise CliError("This pool asks for another factor than a code. Switch pool MFA off.", REFUSED)
        parameters = reply.get("ChallengeParameters") or {}
        # From here on the name that Cognito gave counts, and not the address that was typed.
        self._user = parameters.get("USERNAME", self._user)
        return read_challenge(parameters)


class PasswordProof:
    """Proves a password without sending it. `opening` goes out first, `answer` to what comes back."""

    def __init__(self, pool: PoolConfig, client_id: str, user: str, password: str) -> None:
        # Without a client of some kind it would build its own, and look for credentials to do so.
        self._srp = AWSSRP(user, password, pool.user_pool_id, client_id, client=object())

    def opening(self) -> dict[str, str]:
        return {"CHALLENGE_NAME": "SRP_A", **self._srp.get_auth_params()}

    def answer(self, challenge_parameters: Mapping[str, str]) -> dict[str, str]:
        with warnings.catch_warnings():
            # It calls datetime.utcnow(), which Python 3.12 warns of; the people at the prompt cannot help it.
            warnings.simplefilter("ignore", DeprecationWarning)
            answer = self._srp.process_challenge(challenge_parameters, self._srp.get_auth_params())
        return {str(key): str(value) for key, value in answer.items()}
