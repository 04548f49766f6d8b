"""Cognito's CUSTOM_AUTH flow as a state machine: InitiateAuth and RespondToAuthChallenge of one user pool.

It follows AWS's pages only, and uses no code of the product: "Custom authentication challenge Lambda
triggers", "Authentication flows", "Managing user existence error responses" (Cognito developer guide), and
the API reference of both operations. It leaves out the arithmetic of SRP: the claim is the password itself.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.support.challenge_triggers import (
    ChallengeTriggers,
    CognitoError,
    Session,
    invalid_response,
    result_of,
)

WRONG_NAME_OR_PASSWORD = "Incorrect username or password."
INVALID_SESSION = "Invalid session for the user."
# "Custom authentication challenge Lambda triggers": these users set a password after PASSWORD_VERIFIER.
MUST_SET_PASSWORD = ("FORCE_CHANGE_PASSWORD", "RESET_REQUIRED")


@dataclass
class PoolUser:
    """A user of the pool. The attributes include `sub`, which is the user name too."""

    attributes: dict[str, str]
    password: str = ""
    status: str = "CONFIRMED"
    # The challenge of the pool's MFA, such as SOFTWARE_TOKEN_MFA. Empty for users without MFA.
    mfa: str = ""


@dataclass(frozen=True)
class AuthResponse:
    """The response to both operations. `session` is empty if there are tokens."""

    challenge: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    has_tokens: bool = False


@dataclass
class _Open:
    """A challenge that waits for its response, until a time in seconds since the epoch."""

    challenge: str
    session: Session
    expires_at: float


@dataclass
class CustomAuth:
    """One user pool whose app clients allow CUSTOM_AUTH only, with PreventUserExistenceErrors ENABLED.

    `session_seconds` is AuthSessionValidity. If `hides_name` is true, the events of an unknown user have a
    made-up user name. AWS's pages do not say which name they have.
    """

    triggers: ChallengeTriggers
    session_seconds: int = 3 * 60
    hides_name: bool = False
    users: dict[str, PoolUser] = field(default_factory=dict)
    _open: dict[str, _Open] = field(default_factory=dict)

    def initiate_auth(
        self, client_id: str, parameters: Mapping[str, str], client_metadata: Mapping[str, str] | None = None
    ) -> AuthResponse:
        """Start. `client_metadata` reaches none of the three triggers, as the API reference says.

        Raises `CognitoError`.
        """
        session = self._new_session(client_id, parameters["USERNAME"])
        if parameters.get("CHALLENGE_NAME") == "SRP_A":
            session.history = [result_of("SRP_A", True)]
        return self._next(session, {})

    def respond_to_auth_challenge(
        self,
        client_id: str,
        challenge: str,
        session: str,
        responses: Mapping[str, str],
        client_metadata: Mapping[str, str] | None = None,
    ) -> AuthResponse:
        """Respond to a challenge. A session can be used once. Raises `CognitoError`."""
        found = self._open.pop(session, None)
        if found is None or found.session.client != client_id or found.challenge != challenge:
            raise CognitoError("NotAuthorizedException", INVALID_SESSION)
        if self.triggers.clock.now >= found.expires_at:
            raise CognitoError("NotAuthorizedException", f"{INVALID_SESSION[:-1]}, session is expired.")
        # Triggers read the attributes that the user has now.
        state = replace(found.session, attributes=self._attributes(found.session.user))
        metadata = dict(client_metadata or {})
        if challenge == "CUSTOM_CHALLENGE":
            self.triggers.verify(state, responses["ANSWER"], metadata)
        elif challenge == "PASSWORD_VERIFIER":
            self._check_password(state, responses["PASSWORD_CLAIM_SIGNATURE"])
        elif challenge == "NEW_PASSWORD_REQUIRED":
            self._set_password(state, responses["NEW_PASSWORD"])
        else:
            state.history = [*state.history, result_of(challenge, True)]
        return self._next(state, metadata)

    def _new_session(self, client_id: str, name: str) -> Session:
        known = next((sub for sub, user in self.users.items() if name in _names(user)), None)
        if known is not None:
            return Session(known, client_id, [], self._attributes(known))
        made_up = str(uuid.uuid3(uuid.NAMESPACE_DNS, name))
        return Session(made_up if self.hides_name else name, client_id, [], is_unknown=True)

    def _attributes(self, user: str) -> dict[str, str]:
        found = self.users.get(user)
        return found.attributes | {"cognito:user_status": found.status} if found else {}

    def _check_password(self, session: Session, claim: str) -> None:
        user = self.users.get(session.user)
        if user is None or not user.password or claim != user.password:
            # `define` is called again only "if the password verification succeeds".
            raise CognitoError("NotAuthorizedException", WRONG_NAME_OR_PASSWORD)
        session.history = [*session.history, result_of("PASSWORD_VERIFIER", True)]

    def _set_password(self, session: Session, password: str) -> None:
        user = self.users[session.user]
        user.password, user.status = password, "CONFIRMED"
        session.attributes = self._attributes(session.user)
        session.history = [*session.history, result_of("NEW_PASSWORD_REQUIRED", True)]

    def _next(self, session: Session, metadata: Mapping[str, str]) -> AuthResponse:
        last = session.history[-1]["challengeName"] if session.history else ""
        user = self.users.get(session.user)
        if user and user.mfa and last == "PASSWORD_VERIFIER":
            # Cognito inserts the pool's MFA without `define`.
            return self._ask(user.mfa, session, {})
        step = self.triggers.define(session, metadata)
        if step["failAuthentication"]:
            raise CognitoError("NotAuthorizedException", WRONG_NAME_OR_PASSWORD)
        if step["issueTokens"]:
            return AuthResponse(has_tokens=True)
        challenge = step["challengeName"]
        if challenge == "CUSTOM_CHALLENGE":
            self.triggers.create(session, challenge, metadata)
            return self._ask(challenge, session, session.public)
        may_follow = {"PASSWORD_VERIFIER": "SRP_A", "NEW_PASSWORD_REQUIRED": "PASSWORD_VERIFIER"}
        # SRP is at the start only, and a password is set directly after it is proven.
        if may_follow.get(challenge) != last or (last == "PASSWORD_VERIFIER" and not _must_set(user)):
            raise invalid_response(
                "DefineAuthChallenge", f"asks for {challenge} after {last or 'no challenge'}"
            )
        return self._ask(challenge, session, {})

    def _ask(self, challenge: str, session: Session, parameters: Mapping[str, str]) -> AuthResponse:
        key = secrets.token_hex(16)
        self._open[key] = _Open(challenge, session, self.triggers.clock.now + self.session_seconds)
        return AuthResponse(challenge, {**parameters, "USERNAME": session.user}, key)


def _must_set(user: PoolUser | None) -> bool:
    return user is not None and user.status in MUST_SET_PASSWORD


def _names(user: PoolUser) -> set[str]:
    """Return the names with which the user signs in: the user name and the verified aliases."""
    found = user.attributes
    aliases = (name for name in ("email", "phone_number") if found.get(f"{name}_verified") == "true")
    return {found["sub"], *(found[name] for name in aliases)}
