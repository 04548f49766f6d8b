"""CUSTOM_AUTH: Session strings, the start of a sign-in, and the next step after `define` has decided."""

import json
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cognito

from tools.local_stack.ministack_patches import unknown_users
from tools.local_stack.ministack_patches.cognito_responses import (
    CognitoResponse,
    error,
    json_body,
    not_authorized,
    success,
)
from tools.local_stack.ministack_patches.unknown_users import is_simulated

Session = dict[str, Any]
Handle = Callable[[dict[str, Any]], CognitoResponse]
GoOn = Callable[..., CognitoResponse]


def patch() -> None:
    """The same rules hold for the public operations and for those that an administrator calls."""
    cognito._initiate_auth = _starting(cognito._initiate_auth)
    cognito._admin_initiate_auth = _starting(cognito._admin_initiate_auth)
    cognito._respond_to_auth_challenge = _responding(cognito._respond_to_auth_challenge)
    cognito._admin_respond_to_auth_challenge = _responding(cognito._admin_respond_to_auth_challenge)
    # No cap on the rounds of CUSTOM_AUTH is documented: it is the `define` trigger that must set one.
    cognito._MAX_CHALLENGE_ATTEMPTS = sys.maxsize
    cognito._continue_custom_auth_after_define = _going_on(cognito._continue_custom_auth_after_define)


def _starting(handle: Handle) -> Handle:
    """InitiateAuth's ClientMetadata never reaches the challenge triggers. An unconfirmed user is told so."""

    def start(data: dict[str, Any]) -> CognitoResponse:
        pool = _pool_of(data)
        if data.get("AuthFlow") != "CUSTOM_AUTH" or pool is None:
            return handle(data)
        with unknown_users.simulated(pool, data["ClientId"]):
            user, _ = cognito._resolve_user(pool, (data.get("AuthParameters") or {}).get("USERNAME"))
            if user and user["UserStatus"] == "UNCONFIRMED":
                return error("UserNotConfirmedException", "User is not confirmed.")
            return handle({key: value for key, value in data.items() if key != "ClientMetadata"})

    return start


def _responding(handle: Handle) -> Handle:
    """Each answer gets a new Session and ends the old one; an error ends both. A Session has one client."""

    def go_on(data: dict[str, Any]) -> CognitoResponse:
        pool = _pool_of(data)
        if pool is None or not _is_custom(pool, data):
            return handle(data)
        # Taken out in one step, so that of two answers to one Session only one is heard.
        session = cognito._challenge_sessions.pop(data.get("Session"), None)
        if session is None or not _fits(session, data):
            return error("NotAuthorizedException", "Invalid session for the user.")
        token = _renewed(pool, session)
        with unknown_users.simulated(pool, data["ClientId"]):
            given = _judged(handle, token, session, data)
        if given[0] != 200 or "Session" not in json_body(given):
            cognito._challenge_sessions.pop(token, None)
        return given

    return go_on


def _judged(handle: Handle, token: str, session: dict[str, Any], data: dict[str, Any]) -> CognitoResponse:
    if data["ChallengeName"] == "NEW_PASSWORD_REQUIRED":
        return take_new_password(token, session, data)
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


def _going_on(go_on: GoOn) -> GoOn:
    def next_round(
        token: str,
        session: Session,
        user: dict[str, Any],
        attributes: dict[str, str],
        metadata: dict[str, str],
        defined: dict[str, Any],
    ) -> CognitoResponse:
        decision = defined["response"]
        if decision.get("failAuthentication") or (decision.get("issueTokens") and is_simulated(user)):
            cognito._challenge_sessions.pop(token, None)
            return not_authorized()
        if decision.get("challengeName") == "NEW_PASSWORD_REQUIRED" and not decision.get("issueTokens"):
            return _ask_for_new_password(token, session, user, attributes)
        return _naming_the_user(go_on(token, session, user, attributes, metadata, defined), user)

    return next_round


def _naming_the_user(given: CognitoResponse, user: dict[str, Any]) -> CognitoResponse:
    """The parameters of a CUSTOM_CHALLENGE hold the user's name besides what `create` made public."""
    content = json_body(given)
    if content.get("ChallengeName") != "CUSTOM_CHALLENGE":
        return given
    content["ChallengeParameters"]["USERNAME"] = user["Username"]
    return success(content)


def _ask_for_new_password(
    token: str, session: Session, user: dict[str, Any], attributes: dict[str, str]
) -> CognitoResponse:
    """After PASSWORD_VERIFIER `define` can ask for NEW_PASSWORD_REQUIRED, which Cognito itself judges."""
    session["pending_builtin_challenge"] = "NEW_PASSWORD_REQUIRED"
    parameters = {
        "USER_ID_FOR_SRP": user["Username"],
        "requiredAttributes": "[]",
        "userAttributes": json.dumps(attributes),
    }
    return success(
        {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": token, "ChallengeParameters": parameters}
    )


def take_new_password(token: str, session: Session, data: dict[str, Any]) -> CognitoResponse:
    """The new password is set and noted in the history, and `define` is asked again: no tokens yet."""
    pool = cognito._user_pools[session["pool_id"]]
    password = (data.get("ChallengeResponses") or {}).get("NEW_PASSWORD") or ""
    if refusal := cognito._validate_password(pool, password):
        return refusal  # type: ignore[no-any-return]
    user = cognito._resolve_user(pool, session["username"])[0]
    user.update(_password=password, UserStatus="CONFIRMED")
    session["pending_builtin_challenge"] = None
    cognito._append_challenge_to_session(session, "NEW_PASSWORD_REQUIRED", True, None, {}, {})
    attributes = cognito._attr_list_to_dict(user["Attributes"])
    metadata = data.get("ClientMetadata") or {}
    defined, refusal = cognito._invoke_define_auth_challenge_trigger(
        session["pool_id"], session["client_id"], session["username"], attributes, session, metadata
    )
    if refusal:
        return refusal  # type: ignore[no-any-return]
    return cognito._continue_custom_auth_after_define(  # type: ignore[no-any-return]
        token, session, user, attributes, metadata, defined
    )
