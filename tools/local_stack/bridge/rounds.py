"""What follows when `define` has decided."""

import json
import sys
from collections.abc import Callable
from typing import Any

from ministack.services import cognito

from tools.local_stack.bridge.answers import Answer, answer, content_of, denied
from tools.local_stack.bridge.unknown_users import is_made_up

Session = dict[str, Any]
GoOn = Callable[..., Answer]


def apply() -> None:
    """No cap on the rounds of CUSTOM_AUTH is documented: it is the `define` trigger that must set one."""
    cognito._MAX_CHALLENGE_ATTEMPTS = sys.maxsize
    cognito._continue_custom_auth_after_define = _going_on(cognito._continue_custom_auth_after_define)


def _going_on(go_on: GoOn) -> GoOn:
    def next_round(
        token: str,
        session: Session,
        user: dict[str, Any],
        attributes: dict[str, str],
        metadata: dict[str, str],
        defined: dict[str, Any],
    ) -> Answer:
        decision = defined["response"]
        if decision.get("failAuthentication") or (decision.get("issueTokens") and is_made_up(user)):
            cognito._challenge_sessions.pop(token, None)
            return denied()
        if decision.get("challengeName") == "NEW_PASSWORD_REQUIRED" and not decision.get("issueTokens"):
            return _ask_for_new_password(token, session, user, attributes)
        return _naming_the_user(go_on(token, session, user, attributes, metadata, defined), user)

    return next_round


def _naming_the_user(given: Answer, user: dict[str, Any]) -> Answer:
    """The parameters of a CUSTOM_CHALLENGE hold the user's name besides what `create` made public."""
    content = content_of(given)
    if content.get("ChallengeName") != "CUSTOM_CHALLENGE":
        return given
    content["ChallengeParameters"]["USERNAME"] = user["Username"]
    return answer(content)


def _ask_for_new_password(
    token: str, session: Session, user: dict[str, Any], attributes: dict[str, str]
) -> Answer:
    """After PASSWORD_VERIFIER `define` can ask for NEW_PASSWORD_REQUIRED, which Cognito itself judges."""
    session["pending_builtin_challenge"] = "NEW_PASSWORD_REQUIRED"
    parameters = {
        "USER_ID_FOR_SRP": user["Username"],
        "requiredAttributes": "[]",
        "userAttributes": json.dumps(attributes),
    }
    return answer(
        {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": token, "ChallengeParameters": parameters}
    )


def take_new_password(token: str, session: Session, data: dict[str, Any]) -> Answer:
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
