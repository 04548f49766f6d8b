"""Sign-ins to the local stack, one call at a time."""

import itertools
from dataclasses import dataclass
from typing import Any

from pycognito.aws_srp import AWSSRP

from tools.local_stack.stack import Stack

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Caller:
    """An app that calls Cognito as one of the stack's two clients."""

    stack: Stack
    client: str = "code_only"

    @property
    def api(self) -> Any:
        return self.stack.client("cognito-idp")

    @property
    def client_id(self) -> str:
        return self.stack.clients[self.client]

    def start(self, name: str, **more: Any) -> dict[str, Any]:
        """Call InitiateAuth with a user name only."""
        return self._initiate({"USERNAME": name}, **more)

    def prove(self, name: str, password: str) -> dict[str, Any]:
        """Call InitiateAuth with SRP_A, and answer PASSWORD_VERIFIER."""
        srp = AWSSRP(name, password, self.stack.user_pool_id, self.client_id, client=self.api)
        parameters = srp.get_auth_params()
        response = self._initiate({**parameters, "CHALLENGE_NAME": "SRP_A"})
        proof = srp.process_challenge(response["ChallengeParameters"], parameters)
        return self.respond(response["Session"], "PASSWORD_VERIFIER", proof)

    def answer(self, session: str, name: str, answer: str, **more: Any) -> dict[str, Any]:
        """Call RespondToAuthChallenge for a CUSTOM_CHALLENGE."""
        return self.respond(session, "CUSTOM_CHALLENGE", {"USERNAME": name, "ANSWER": answer}, **more)

    def respond(self, session: str, challenge: str, responses: dict[str, str], **more: Any) -> dict[str, Any]:
        answered: dict[str, Any] = self.api.respond_to_auth_challenge(
            ClientId=self.client_id,
            Session=session,
            ChallengeName=challenge,
            ChallengeResponses=responses,
            **more,
        )
        return answered

    def _initiate(self, parameters: dict[str, str], **more: Any) -> dict[str, Any]:
        response: dict[str, Any] = self.api.initiate_auth(
            ClientId=self.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters=parameters, **more
        )
        return response


def new_user(stack: Stack, password: str, *, permanent: bool = True) -> tuple[str, str]:
    """Make a user with this password. Returns the email address, and the `sub`, which is the user name."""
    email = f"someone-{next(_numbers)}@people.example"
    pool = stack.client("cognito-idp")
    made = pool.admin_create_user(
        UserPoolId=stack.user_pool_id, Username=email, TemporaryPassword=password, MessageAction="SUPPRESS"
    )
    if permanent:
        pool.admin_set_user_password(
            UserPoolId=stack.user_pool_id, Username=email, Password=password, Permanent=True
        )
    return email, made["User"]["Username"]
