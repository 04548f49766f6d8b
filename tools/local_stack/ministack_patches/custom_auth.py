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
Continue = Callable[..., CognitoResponse]


def patch() -> None:
    """The public operations and those of an administrator follow the same rules."""
    cognito._initiate_auth = _with_start_rules(cognito._initiate_auth)
    cognito._admin_initiate_auth = _with_start_rules(cognito._admin_initiate_auth)
    cognito._respond_to_auth_challenge = _with_session_rules(cognito._respond_to_auth_challenge)
    cognito._admin_respond_to_auth_challenge = _with_session_rules(cognito._admin_respond_to_auth_challenge)
    # AWS documents no limit on the rounds of CUSTOM_AUTH. The `define` trigger must set one.
    cognito._MAX_CHALLENGE_ATTEMPTS = sys.maxsize
    cognito._continue_custom_auth_after_define = _with_decision_rules(
        cognito._continue_custom_auth_after_define
    )


def _with_start_rules(handle: Handle) -> Handle:
    """The triggers do not get the ClientMetadata of InitiateAuth. An unconfirmed user is an error."""

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


def _with_session_rules(handle: Handle) -> Handle:
    """Each answer gets a new Session and ends the old one; an error ends both. It is for one client only."""

    def respond(data: dict[str, Any]) -> CognitoResponse:
        pool = _pool_of(data)
        if pool is None or not _is_custom(pool, data):
            return handle(data)
        # `pop` is atomic, so of two answers to one Session only one is accepted.
        session = cognito._challenge_sessions.pop(data.get("Session"), None)
        if session is None or not _is_valid(session, data):
            return error("NotAuthorizedException", "Invalid session for the user.")
        token = _renew(pool, session)
        with unknown_users.simulated(pool, data["ClientId"]):
            response = _handle_answer(handle, token, session, data)
        if response[0] != 200 or "Session" not in json_body(response):
            cognito._challenge_sessions.pop(token, None)
        return response

    return respond


def _handle_answer(
    handle: Handle, token: str, session: dict[str, Any], data: dict[str, Any]
) -> CognitoResponse:
    if data["ChallengeName"] == "NEW_PASSWORD_REQUIRED":
        return set_new_password(token, session, data)
    return handle({**data, "Session": token})


def _renew(pool: dict[str, Any], session: dict[str, Any]) -> str:
    """AuthSessionValidity (minutes) starts again with each Session string."""
    minutes = pool["_clients"][session["client_id"]].get("AuthSessionValidity") or 3
    session["expires_at"] = time.time() + minutes * 60
    token = secrets.token_urlsafe(96)
    cognito._challenge_sessions[token] = session
    return token


def _is_valid(session: dict[str, Any], data: dict[str, Any]) -> bool:
    """Whether the session has not expired, and is used by its own client for its own challenge."""
    return bool(
        time.time() < session["expires_at"]
        and session["client_id"] == data["ClientId"]
        and data["ChallengeName"] == (session.get("pending_builtin_challenge") or "CUSTOM_CHALLENGE")
    )


def _is_custom(pool: dict[str, Any], data: dict[str, Any]) -> bool:
    # ministack returns tokens for any answer to NEW_PASSWORD_REQUIRED or MFA, even without a Session. So for
    # our clients it handles only the SRP proof of USER_SRP_AUTH, which needs no Session on AWS.
    flows = pool["_clients"][data["ClientId"]].get("ExplicitAuthFlows") or []
    return "ALLOW_CUSTOM_AUTH" in flows and not (
        data.get("ChallengeName") == "PASSWORD_VERIFIER" and not data.get("Session")
    )


def _pool_of(data: dict[str, Any]) -> dict[str, Any] | None:
    pools = cognito._user_pools.values()
    return next((pool for pool in pools if data.get("ClientId") in pool["_clients"]), None)


def _with_decision_rules(continue_auth: Continue) -> Continue:
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
        return _with_user_name(continue_auth(token, session, user, attributes, metadata, defined), user)

    return next_round


def _with_user_name(response: CognitoResponse, user: dict[str, Any]) -> CognitoResponse:
    """The parameters of a CUSTOM_CHALLENGE contain USERNAME beside the public parameters of `create`."""
    content = json_body(response)
    if content.get("ChallengeName") != "CUSTOM_CHALLENGE":
        return response
    content["ChallengeParameters"]["USERNAME"] = user["Username"]
    return success(content)


def _ask_for_new_password(
    token: str, session: Session, user: dict[str, Any], attributes: dict[str, str]
) -> CognitoResponse:
    """After PASSWORD_VERIFIER `define` can ask for NEW_PASSWORD_REQUIRED, which Cognito itself checks."""
    session["pending_builtin_challenge"] = "NEW_PASSWORD_REQUIRED"
    parameters = {
        "USER_ID_FOR_SRP": user["Username"],
        "requiredAttributes": "[]",
        "userAttributes": json.dumps(attributes),
    }
    return success(
        {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": token, "ChallengeParameters": parameters}
    )


def set_new_password(token: str, session: Session, data: dict[str, Any]) -> CognitoResponse:
    """Cognito sets the new password, adds the round to the history and calls `define` again."""
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
