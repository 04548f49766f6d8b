"""The Session string of a sign-in, and how a sign-in starts and goes on."""

import secrets
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cognito

from tools.local_stack.bridge import rounds, unknown_users
from tools.local_stack.bridge.answers import Answer, content_of, error

Handle = Callable[[dict[str, Any]], Answer]


def apply() -> None:
    """The same rules hold for the public operations and for those that an administrator calls."""
    cognito._initiate_auth = _starting(cognito._initiate_auth)
    cognito._admin_initiate_auth = _starting(cognito._admin_initiate_auth)
    cognito._respond_to_auth_challenge = _going_on(cognito._respond_to_auth_challenge)
    cognito._admin_respond_to_auth_challenge = _going_on(cognito._admin_respond_to_auth_challenge)


def _starting(handle: Handle) -> Handle:
    """InitiateAuth's ClientMetadata never reaches the challenge triggers. An unconfirmed user is told so."""

    def start(data: dict[str, Any]) -> Answer:
        pool = _pool_of(data)
        if data.get("AuthFlow") != "CUSTOM_AUTH" or pool is None:
            return handle(data)
        with unknown_users.hidden(pool, data["ClientId"]):
            user, _ = cognito._resolve_user(pool, (data.get("AuthParameters") or {}).get("USERNAME"))
            if user and user["UserStatus"] == "UNCONFIRMED":
                return error("UserNotConfirmedException", "User is not confirmed.")
            return handle({key: value for key, value in data.items() if key != "ClientMetadata"})

    return start


def _going_on(handle: Handle) -> Handle:
    """Each answer gets a new Session and ends the old one; an error ends both. A Session has one client."""

    def go_on(data: dict[str, Any]) -> Answer:
        pool = _pool_of(data)
        if pool is None or not _is_custom(pool, data):
            return handle(data)
        # Taken out in one step, so that of two answers to one Session only one is heard.
        session = cognito._challenge_sessions.pop(data.get("Session"), None)
        if session is None or not _fits(session, data):
            return error("NotAuthorizedException", "Invalid session for the user.")
        token = _renewed(pool, session)
        with unknown_users.hidden(pool, data["ClientId"]):
            given = _judged(handle, token, session, data)
        if given[0] != 200 or "Session" not in content_of(given):
            cognito._challenge_sessions.pop(token, None)
        return given

    return go_on


def _judged(handle: Handle, token: str, session: dict[str, Any], data: dict[str, Any]) -> Answer:
    if data["ChallengeName"] == "NEW_PASSWORD_REQUIRED":
        return rounds.take_new_password(token, session, data)
    return handle({**data, "Session": token})


def _renewed(pool: dict[str, Any], session: dict[str, Any]) -> str:
    """AuthSessionValidity, in minutes, counts for each Session string anew."""
    minutes = pool["_clients"][session["client_id"]].get("AuthSessionValidity") or 3
    session["expires_at"] = time.time() + minutes * 60
    token = secrets.token_urlsafe(96)
    cognito._challenge_sessions[token] = session
    return token


def _fits(session: dict[str, Any], data: dict[str, Any]) -> bool:
    """Whether it is alive, and is used by the client and for the challenge that it was given to."""
    return bool(
        time.time() < session["expires_at"]
        and session["client_id"] == data["ClientId"]
        and data["ChallengeName"] == (session.get("pending_builtin_challenge") or "CUSTOM_CHALLENGE")
    )


def _is_custom(pool: dict[str, Any], data: dict[str, Any]) -> bool:
    # ministack gives tokens for any NEW_PASSWORD_REQUIRED or MFA answer, with no Session at all. So nothing
    # from a client of ours is left to it but the SRP proof of USER_SRP_AUTH, which needs no Session on AWS.
    offered = pool["_clients"][data["ClientId"]].get("ExplicitAuthFlows") or []
    return "ALLOW_CUSTOM_AUTH" in offered and not (
        data.get("ChallengeName") == "PASSWORD_VERIFIER" and not data.get("Session")
    )


def _pool_of(data: dict[str, Any]) -> dict[str, Any] | None:
    pools = cognito._user_pools.values()
    return next((pool for pool in pools if data.get("ClientId") in pool["_clients"]), None)
