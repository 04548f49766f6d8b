"""One sign-in as a state machine over InitiateAuth and RespondToAuthChallenge. It has no input and output."""

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
    """The two operations of boto3's cognito-idp client that a sign-in uses."""

    @property
    def initiate_auth(self) -> Callable[..., Any]: ...

    @property
    def respond_to_auth_challenge(self) -> Callable[..., Any]: ...


class SignIn:
    """Call `start`, then `answer`, `resend` or `choose` until one of them returns Tokens.

    Each method returns a Challenge (continue) or Tokens (finished). A refusal raises boto3's ClientError and
    ends the sign-in: Cognito accepts no further answer.
    """

    def __init__(self, cognito: Cognito, pool: PoolConfig, user: str, *, passwordless: bool) -> None:
        self._cognito = cognito
        self._pool = pool
        self._user = user
        self._passwordless = passwordless
        self._client_id = pool.client_id(passwordless=passwordless)
        self._session: str | None = None

    def start(self, password: str = "", channel: str | None = None) -> Challenge | Tokens:
        """Start the sign-in. `password` is proven by SRP and never sent; a passwordless sign-in ignores it.

        `channel` is requested together with the proof of the password. Without a password, Cognito has no way
        to request it in the first step. Raises CliError if the app client does not ask for the password.
        """
        if self._passwordless:
            return self._step(self._initiate({"USERNAME": self._user}))
        proof = PasswordProof(self._pool, self._client_id, self._user, password)
        response = self._initiate(proof.srp_a())
        if response.get("ChallengeName") != "PASSWORD_VERIFIER":
            # Otherwise a pool with a wrong configuration could skip the password.
            raise CliError(
                "This app client does not ask for the password. Use --passwordless to sign in without one.",
                REFUSED,
            )
        self._session = response.get("Session")
        answer = proof.password_claim(response["ChallengeParameters"])
        metadata = {"channel": channel} if channel else NO_METADATA
        return self._step(self._respond("PASSWORD_VERIFIER", answer, metadata))

    def answer(self, code: str) -> Challenge | Tokens:
        """Answer with the code that the user typed."""
        return self._answer(code, {})

    def resend(self, channel: str | None = None) -> Challenge | Tokens:
        """Ask for another message, on `channel` if it is given. A resend does not count as an attempt."""
        return self._answer("resend", {"action": "resend", **({"channel": channel} if channel else {})})

    def choose(self, channel: str) -> Challenge | Tokens:
        """Answer a CHOOSE challenge: send the code on this channel."""
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

    def _step(self, response: Mapping[str, Any]) -> Challenge | Tokens:
        if response.get("AuthenticationResult"):
            return read_tokens(response["AuthenticationResult"], self._client_id)
        # Every response has a new session string, and the old one is no longer valid.
        self._session = response.get("Session")
        if response.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            raise CliError(
                "This account must set a new password first. Ask the operators of the pool to reset it.",
                REFUSED,
            )
        if response.get("ChallengeName") != "CUSTOM_CHALLENGE":
            raise CliError(
                "This pool asks for another factor than a code. Turn MFA off in the pool.", REFUSED
            )
        parameters = response.get("ChallengeParameters") or {}
        # The following answers must carry the user name that Cognito returned, not the typed address.
        self._user = parameters.get("USERNAME", self._user)
        return read_challenge(parameters)


class PasswordProof:
    """Proves a password by SRP, without sending it: `srp_a` first, then `password_claim`.

    pycognito does the arithmetic.
    """

    def __init__(self, pool: PoolConfig, client_id: str, user: str, password: str) -> None:
        # Without a client, pycognito would create one and look for credentials.
        self._srp = AWSSRP(user, password, pool.user_pool_id, client_id, client=object())

    def srp_a(self) -> dict[str, str]:
        """Return the AuthParameters of InitiateAuth."""
        return {"CHALLENGE_NAME": "SRP_A", **self._srp.get_auth_params()}

    def password_claim(self, challenge_parameters: Mapping[str, str]) -> dict[str, str]:
        """Return the ChallengeResponses to PASSWORD_VERIFIER."""
        with warnings.catch_warnings():
            # pycognito calls datetime.utcnow(), which is deprecated since Python 3.12.
            warnings.simplefilter("ignore", DeprecationWarning)
            answer = self._srp.process_challenge(challenge_parameters, self._srp.get_auth_params())
        return {str(key): str(value) for key, value in answer.items()}
