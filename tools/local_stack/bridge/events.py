"""The events that the three challenge triggers get."""

from collections.abc import Callable
from typing import Any

from ministack.services import cognito

from tools.local_stack.bridge.unknown_users import is_made_up

Event = dict[str, Any]
Build = Callable[..., Event]


def apply() -> None:
    """Each trigger gets the keys that its page in the developer guide lists, and no others."""
    cognito._build_define_auth_challenge_event = _shaped(cognito._build_define_auth_challenge_event)
    cognito._build_create_auth_challenge_event = _shaped(cognito._build_create_auth_challenge_event)
    cognito._build_verify_auth_challenge_event = _shaped(
        cognito._build_verify_auth_challenge_event,
        "session",
        "challengeName",
        "publicChallengeParameters",
    )


def _shaped(build: Build, *unknown_to_aws: str) -> Build:
    def shaped(pool_id: str, client_id: str, name: str, *rest: Any) -> Event:
        event = build(pool_id, client_id, name, *rest)
        user, _ = cognito._resolve_user(cognito._user_pools[pool_id], name)
        for key in unknown_to_aws:
            del event["request"][key]
        _name(event, user)
        _leave_out_what_is_not_set(event["request"], user)
        return event

    return shaped


def _name(event: Event, user: dict[str, Any]) -> None:
    """`userName` is the user's own name, not the typed address; the status is among the attributes."""
    event["userName"] = user["Username"]
    if not is_made_up(user):
        request = event["request"]
        request["userAttributes"] = {**request["userAttributes"], "cognito:user_status": user["UserStatus"]}


def _leave_out_what_is_not_set(request: Event, user: dict[str, Any]) -> None:
    """`clientMetadata` and `userNotFound` are absent, not empty or false, when they are not set."""
    if not request["clientMetadata"]:
        del request["clientMetadata"]
    del request["userNotFound"]
    if is_made_up(user):
        request["userNotFound"] = True
