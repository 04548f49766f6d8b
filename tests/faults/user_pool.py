"""A user pool that runs CUSTOM_AUTH: it calls the triggers, keeps the history, and uses a session once."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.faults.deployment import POOL_ID, REGION
from tests.support import challenge_triggers
from tests.support.challenge_triggers import (
    VERIFY,
    ChallengeTriggers,
    Event,
    Invoke,
    TriggerFailed,
    result_of,
)
from tests.support.fault_proxy import AwsAnswer, AwsRequest, Fault, error_answer
from tests.support.virtual_clock import Clock

CODE_ONLY, PASSWORD = "CodeOnlyClient", "PasswordAndCodeClient"


@dataclass
class Session(challenge_triggers.Session):
    """One open sign-in. `tokens` has the claims at its end."""

    tokens: dict[str, Any] | None = None
    has_failed: bool = False


@dataclass
class UserPool:
    """One pool. `invoke` calls a Lambda function. `users` maps a user name to its attributes."""

    invoke: Invoke
    clock: Clock
    users: dict[str, dict[str, str]] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.triggers = ChallengeTriggers(self.invoke, self.clock, REGION, POOL_ID)

    @property
    def last_answer(self) -> Event:
        """The event of the last answer, for a repeat by Cognito."""
        return next(call.event for call in reversed(self.triggers.calls) if call.trigger == VERIFY)

    def add_user(self, number: int, *, phone: bool = True, channel: str = "") -> str:
        """Add a user with a verified email address, and return the name, which is also the `sub`."""
        name = f"00000000-0000-4000-8000-{number:012d}"
        attributes = {
            "sub": name,
            "cognito:user_status": "CONFIRMED",
            "email": f"user-{number}@people.example",
            "email_verified": "true",
        }
        if phone:
            attributes |= {"phone_number": f"+1202555{number % 10_000:04d}", "phone_number_verified": "true"}
        if channel:
            attributes["custom:otp_channel"] = channel
        self.users[name] = attributes
        return name

    def start(self, user: str, client: str = CODE_ONLY) -> Session:
        """InitiateAuth, and the password if the client asks for one. Raises `TriggerFailed`."""
        history: list[dict[str, Any]] = []
        if client == PASSWORD:
            history = [result_of("SRP_A", True), result_of("PASSWORD_VERIFIER", True)]
        return self._next(Session(user, client, history, self.users[user]), {})

    def answer(self, session: Session, answer: str, metadata: Mapping[str, str] | None = None) -> Session:
        """RespondToAuthChallenge. Uses the session up, and returns the next one. Raises `TriggerFailed`."""
        answered = replace(session, attributes=self.users[session.user])
        self.triggers.verify(answered, answer, metadata or {})
        return self._next(answered, metadata or {})

    def resend(self, session: Session, channel: str = "") -> Session:
        """Ask for another message."""
        return self.answer(
            session, "resend", {"action": "resend"} | ({"channel": channel} if channel else {})
        )

    def __call__(self, request: AwsRequest) -> AwsAnswer:
        """Answer a request of the hosted page or of the token service."""
        call = json.loads(request.body)
        try:
            found = getattr(self, f"_on_{request.operation}")(call)
        except TriggerFailed as failed:
            return _error("UserLambdaValidationException", str(failed))
        except LookupError:
            return _error("NotAuthorizedException", "Invalid session for the user.")
        return AwsAnswer(200, json.dumps(found).encode(), {"Content-Type": "application/x-amz-json-1.1"})

    def _on_AdminInitiateAuth(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._described(self.start(self._named(call["AuthParameters"]["USERNAME"]), call["ClientId"]))

    def _on_AdminRespondToAuthChallenge(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        session = self.sessions.pop(call["Session"])
        answer = call["ChallengeResponses"]["ANSWER"]
        return self._described(self.answer(session, answer, call.get("ClientMetadata", {})))

    def _on_AdminGetUser(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = self._named(call["Username"])
        found = dict(self.users[name])
        if name in self.links:
            identity = [{"providerName": self.links[name], "userId": name}]
            found["identities"] = json.dumps(identity)
        listed = [{"Name": key, "Value": value} for key, value in found.items() if ":user_" not in key]
        return {"Username": name, "Enabled": True, "UserStatus": "CONFIRMED", "UserAttributes": listed}

    def _on_DescribeUserPool(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"UserPool": {"Id": call["UserPoolId"], "UsernameAttributes": ["email"]}}

    def _on_DescribeUserPoolClient(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"UserPoolClient": {"ClientId": call["ClientId"], "ClientSecret": "a secret"}}

    def _on_AdminLinkProviderForUser(self, call: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.links[call["DestinationUser"]["ProviderAttributeValue"]] = call["SourceUser"]["ProviderName"]
        return {}

    def _named(self, name: str) -> str:
        if name in self.users:
            return name
        return next(n for n, a in self.users.items() if name in (a["email"], a.get("phone_number")))

    def _described(self, session: Session) -> dict[str, Any]:
        if session.tokens is not None:
            parts: tuple[dict[str, Any], ...] = ({"alg": "none"}, session.tokens, {})
            coded = (base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
            return {"AuthenticationResult": {"IdToken": ".".join(coded)}, "ChallengeParameters": {}}
        if session.has_failed:
            raise LookupError
        key = secrets.token_hex(16)
        self.sessions[key] = session
        return {
            "ChallengeName": "CUSTOM_CHALLENGE",
            "Session": key,
            "ChallengeParameters": session.public | {"USERNAME": session.user},
        }

    def _next(self, session: Session, metadata: Mapping[str, str]) -> Session:
        step = self.triggers.define(session, metadata)
        if step["challengeName"] is None:
            session.has_failed = not step["issueTokens"]
            if step["issueTokens"]:
                session.tokens = self._tokens(session)
            return session
        self.triggers.create(session, step["challengeName"], metadata)
        return session

    def _tokens(self, session: Session) -> dict[str, Any]:
        event = self.triggers.event("TokenGeneration", session, {}) | {"version": "2"}
        event["request"] |= {"groupConfiguration": {}, "scopes": []}
        response = self.triggers.call("TokenGeneration", event, "pre_token_generation") or {}
        override = response.get("claimsAndScopeOverrideDetails") or {}
        added = (override.get("idTokenGeneration") or {}).get("claimsToAddOrOverride") or {}
        return {"sub": session.user, "cognito:username": session.user} | added


def _error(code: str, text: str) -> AwsAnswer:
    answer = error_answer("cognito-idp", Fault("", code=code))
    return AwsAnswer(400, json.dumps({"__type": code, "message": text}).encode(), answer.headers)
