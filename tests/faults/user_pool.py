"""A user pool that runs CUSTOM_AUTH: it calls the triggers, keeps the history, and uses a session once."""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.deployment import POOL_ID, REGION
from tests.support.fault_proxy import AwsAnswer, AwsRequest, Fault, error_answer
from tests.support.virtual_clock import Clock, Cut

# Cognito waits five seconds for a trigger, and then calls it again, three times at the most.
TRIGGER_SECONDS, TRIGGER_CALLS = 5.0, 3
CODE_ONLY, PASSWORD = "CodeOnlyClient", "PasswordAndCodeClient"
Invoke = Callable[[str, dict[str, Any]], Any]


class TriggerFailed(Exception):
    """A trigger failed. The text is what the app gets from Cognito."""


@dataclass
class Session:
    """One open sign-in. `public` are the ChallengeParameters, `tokens` the claims at its end."""

    user: str
    client: str
    history: list[dict[str, Any]]
    public: dict[str, str] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)
    metadata: str | None = None
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
    # The event of the last answer, for a repeat by Cognito.
    last_answer: dict[str, Any] = field(default_factory=dict)

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
            history = [_entry("SRP_A", True), _entry("PASSWORD_VERIFIER", True)]
        return self._next(Session(user, client, history), {})

    def answer(self, session: Session, answer: str, metadata: Mapping[str, str] | None = None) -> Session:
        """RespondToAuthChallenge. Uses the session up, and returns the next one. Raises `TriggerFailed`."""
        event = self._event("VerifyAuthChallengeResponse", session, metadata or {})
        event["request"] |= {
            "privateChallengeParameters": session.private,
            "challengeAnswer": answer,
        }
        self.last_answer = event
        verified = self._trigger("verify_auth_challenge", event)
        is_right = verified["response"]["answerCorrect"]
        history = [*session.history, _entry("CUSTOM_CHALLENGE", is_right, session.metadata)]
        return self._next(Session(session.user, session.client, history), metadata or {})

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
        step = self._trigger(
            "define_auth_challenge", self._event("DefineAuthChallenge", session, metadata, history=True)
        )["response"]
        if step["challengeName"] is None:
            session.has_failed = not step["issueTokens"]
            if step["issueTokens"]:
                session.tokens = self._tokens(session)
            return session
        event = self._event("CreateAuthChallenge", session, metadata, history=True)
        event["request"]["challengeName"] = step["challengeName"]
        response = self._trigger("create_auth_challenge", event)["response"]
        session.public = response["publicChallengeParameters"]
        session.private = response["privateChallengeParameters"]
        session.metadata = response["challengeMetadata"]
        return session

    def _tokens(self, session: Session) -> dict[str, Any]:
        event = self._event("TokenGeneration", session, {})
        event |= {"version": "2"}
        event["request"] |= {"groupConfiguration": {}, "scopes": []}
        response = self._trigger("pre_token_generation", event)["response"] or {}
        override = response.get("claimsAndScopeOverrideDetails") or {}
        added = (override.get("idTokenGeneration") or {}).get("claimsToAddOrOverride") or {}
        return {"sub": session.user, "cognito:username": session.user} | added

    def _event(
        self, trigger: str, session: Session, metadata: Mapping[str, str], *, history: bool = False
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"userAttributes": dict(self.users[session.user])}
        if history:
            request["session"] = list(session.history)
        if metadata:
            request["clientMetadata"] = dict(metadata)
        return {
            "version": "1",
            "triggerSource": f"{trigger}_Authentication",
            "region": REGION,
            "userPoolId": POOL_ID,
            "userName": session.user,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": session.client},
            "request": request,
            "response": {},
        }

    def _trigger(self, function: str, event: dict[str, Any]) -> Any:
        for _ in range(TRIGGER_CALLS):
            started = self.clock.now
            try:
                result = self.invoke(function, json.loads(json.dumps(event)))
            except Cut as cut:
                if "killed" in str(cut):
                    raise TriggerFailed(f"{function} failed with error unhandled.") from None
                continue
            except Exception as error:
                raise TriggerFailed(f"{function} failed with error {error}.") from None
            if self.clock.now - started <= TRIGGER_SECONDS:
                return result
        raise TriggerFailed(f"{function} invocation failed due to the time-out.")


def _entry(name: str, result: bool, metadata: str | None = None) -> dict[str, Any]:
    return {"challengeName": name, "challengeResult": result, "challengeMetadata": metadata}


def _error(code: str, text: str) -> AwsAnswer:
    answer = error_answer("cognito-idp", Fault("", code=code))
    return AwsAnswer(400, json.dumps({"__type": code, "message": text}).encode(), answer.headers)
