"""Sign-ins with CUSTOM_AUTH in the throw-away pool, one call at a time (pycognito computes SRP)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP

from tools.first_account.account import ThrowAwayAccount, ThrowAwayUser
from tools.first_account.claim import NotTried

Response = dict[str, Any]


@dataclass(frozen=True)
class CustomAuth:
    """Sign-ins with the app client that is the output `client`, in the flow CUSTOM_AUTH or USER_SRP_AUTH."""

    account: ThrowAwayAccount
    client: str = "ChallengeClientId"
    flow: str = "CUSTOM_AUTH"

    @property
    def client_id(self) -> str:
        """The id of the app client."""
        return self.account.output(self.client)

    def start(self, name: str) -> Response:
        """Start without a password."""
        return self._initiate({"USERNAME": name})

    def start_with_password(
        self, user: ThrowAwayUser, password: str, metadata: Mapping[str, str] | None = None
    ) -> Response:
        """Start with SRP, and answer PASSWORD_VERIFIER with the proof of `password` and ClientMetadata."""
        cognito, pool_id = self.account.cognito, self.account.output("PoolId")
        srp = AWSSRP(user.email, password, pool_id, self.client_id, client=cognito)
        parameters = srp.get_auth_params()
        started = self._initiate(
            parameters | ({"CHALLENGE_NAME": "SRP_A"} if self.flow == "CUSTOM_AUTH" else {})
        )
        proof = srp.process_challenge(started["ChallengeParameters"], parameters)
        return self.respond(started, proof, metadata)

    def respond(
        self, challenge: Response, responses: Mapping[str, str], metadata: Mapping[str, str] | None = None
    ) -> Response:
        """Answer `challenge`."""
        session = {"Session": challenge["Session"]} if challenge.get("Session") else {}
        response: Response = self.account.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=challenge["ChallengeName"],
            ChallengeResponses=dict(responses),
            ClientMetadata=dict(metadata or {}),
            **session,
        )
        return response

    def finish(self, challenge: Response) -> Response:
        """Give the right answer to a CUSTOM_CHALLENGE. Raises `NotTried` if there is no such challenge."""
        if challenge.get("ChallengeName") != "CUSTOM_CHALLENGE":
            raise NotTried(f"Cognito sent {described(challenge)} instead of a CUSTOM_CHALLENGE.")
        name = challenge["ChallengeParameters"]["USERNAME"]
        return self.respond(challenge, {"USERNAME": name, "ANSWER": self.account.right_answer})

    def tokens(self, challenge: Response) -> Response:
        """Give the right answer, and return the tokens. Raises `NotTried` if there are none."""
        response = self.finish(challenge)
        tokens: Response | None = response.get("AuthenticationResult")
        if not tokens:
            raise NotTried(f"Cognito sent {described(response)} instead of tokens.")
        return tokens

    def _initiate(self, parameters: Mapping[str, str]) -> Response:
        response: Response = self.account.cognito.initiate_auth(
            ClientId=self.client_id, AuthFlow=self.flow, AuthParameters=dict(parameters)
        )
        return response


def seen_by_create(challenge: Response) -> Response:
    """Return what `create` got: userName, userAttributes, clientMetadata and userNotFound.

    Raises `NotTried` if the challenge has no event.
    """
    event = challenge.get("ChallengeParameters", {}).get("event")
    if event is None:
        raise NotTried(f"Cognito sent {described(challenge)}, without the event of `create`.")
    seen: Response = json.loads(event)
    return seen


def claims_of(token: str) -> Response:
    """Return the claims of a token that Cognito has just sent."""
    claims: Response = jwt.decode(token, options={"verify_signature": False})
    return claims


def described(response: Response) -> str:
    """Return the challenge of a response in words, or "tokens"."""
    return "tokens" if "AuthenticationResult" in response else str(response.get("ChallengeName"))


def refusal_of(error: ClientError) -> str:
    """Return the error code and the message of Cognito, for a sentence."""
    found = error.response.get("Error", {})
    return f"{found.get('Code')}: {' '.join(str(found.get('Message')).split())[:200].rstrip('.')}"
