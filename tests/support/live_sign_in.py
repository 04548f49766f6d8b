"""A sign-in through Cognito's own API, as an app does it with boto3 (pycognito computes SRP)."""

import time
from dataclasses import dataclass, field
from typing import Any

from pycognito.aws_srp import AWSSRP

from tests.support.users import User
from tools.local_stack.stack import Stack


@dataclass
class SignIn:
    """One sign-in, with all responses of Cognito."""

    stack: Stack
    client_id: str
    responses: list[dict[str, Any]] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, str]:
        found: dict[str, str] = self.responses[-1]["ChallengeParameters"]
        return found

    @property
    def tokens(self) -> dict[str, str]:
        found: dict[str, str] = self.responses[-1].get("AuthenticationResult", {})
        return found

    def _keep(self, response: dict[str, Any]) -> "SignIn":
        self.responses.append({k: v for k, v in response.items() if k != "ResponseMetadata"})
        return self

    def start(self, name: str) -> "SignIn":
        """Start without a password."""
        return self._keep(
            self.stack.client("cognito-idp").initiate_auth(
                ClientId=self.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": name}
            )
        )

    def start_with_password(self, name: str, password: str, **metadata: str) -> "SignIn":
        """Start with SRP, like pycognito and every SDK: the password itself is never sent.

        `metadata` is the ClientMetadata of the response with the proof of the password.
        """
        cognito = self.stack.client("cognito-idp")
        srp = AWSSRP(name, password, self.stack.user_pool_id, self.client_id, client=cognito)
        parameters = srp.get_auth_params() | {"CHALLENGE_NAME": "SRP_A"}
        self._keep(
            cognito.initiate_auth(ClientId=self.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters=parameters)
        )
        proof = srp.process_challenge(self.parameters, parameters)
        return self._respond("PASSWORD_VERIFIER", proof, metadata)

    def answer(self, code: str, **metadata: str) -> "SignIn":
        """Answer the code challenge, or request another message with `action="resend"`."""
        name = self.parameters.get("USERNAME", "")
        return self._respond("CUSTOM_CHALLENGE", {"USERNAME": name, "ANSWER": code}, metadata)

    def _respond(
        self, challenge: str, responses: dict[str, str], metadata: dict[str, str] | None = None
    ) -> "SignIn":
        return self._keep(
            self.stack.client("cognito-idp").respond_to_auth_challenge(
                ClientId=self.client_id,
                ChallengeName=challenge,
                Session=self.responses[-1]["Session"],
                ChallengeResponses=responses,
                ClientMetadata=metadata or {},
            )
        )


def code_only(stack: Stack) -> SignIn:
    """A sign-in with a code instead of a password."""
    return SignIn(stack, stack.clients["code_only"])


def password_and_code(stack: Stack, user: User) -> SignIn:
    """A sign-in after the password, at the challenge for the code."""
    sign_in = SignIn(stack, stack.clients["password_and_code"])
    return sign_in.start_with_password(user.email, user.password)


def end_cooldown(stack: Stack, sub: str) -> None:
    """Set the last accepted code of a sign-in with a password back by a minute. Then a message is allowed."""
    stack.client("dynamodb").update_item(
        TableName=stack.table,
        Key={"pk": {"S": f"sign_in_password#{sub}"}},
        UpdateExpression="SET spent_at = spent_at - :minute",
        ConditionExpression="attribute_exists(spent_at)",
        ExpressionAttributeValues={":minute": {"N": "60"}},
    )


def wait_for_failure(stack: Stack, key: str, channel: str) -> None:
    """Wait until `delivery_events` has recorded a failure on the channel in the record with this key."""
    end = time.monotonic() + 60
    while True:
        item = stack.client("dynamodb").get_item(TableName=stack.table, Key={"pk": {"S": key}})["Item"]
        if f"failed_{channel}" in item:
            return
        assert time.monotonic() < end, "the failure was not recorded"
        time.sleep(0.1)
