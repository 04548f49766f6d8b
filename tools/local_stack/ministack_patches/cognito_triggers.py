"""The events of the three challenge triggers, and the response if a trigger fails."""

import sys
from collections.abc import Callable
from typing import Any

from ministack.services import cognito, lambda_svc

from tools.local_stack import notices
from tools.local_stack.ministack_patches import decoys
from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, error
from tools.local_stack.ministack_patches.unknown_users import is_simulated

Event = dict[str, Any]
Build = Callable[..., Event]
Outcome = tuple[dict[str, Any] | None, CognitoResponse | None]


def patch() -> None:
    """A trigger gets the documented event. If it raises, the error is UserLambdaValidationException."""
    # Each trigger gets exactly the keys that its page in the developer guide lists.
    cognito._build_define_auth_challenge_event = _documented(cognito._build_define_auth_challenge_event)
    cognito._build_create_auth_challenge_event = _documented(cognito._build_create_auth_challenge_event)
    cognito._build_verify_auth_challenge_event = _documented(
        cognito._build_verify_auth_challenge_event,
        "session",
        "challengeName",
        "publicChallengeParameters",
    )
    # The triggers use the events of the functions above, so these come last.
    cognito._invoke_define_auth_challenge_trigger = _run_trigger(
        "DefineAuthChallenge", cognito._build_define_auth_challenge_event
    )
    cognito._invoke_create_auth_challenge_trigger = _run_trigger(
        "CreateAuthChallenge", cognito._build_create_auth_challenge_event
    )
    cognito._invoke_verify_auth_challenge_trigger = _run_trigger(
        "VerifyAuthChallengeResponse", cognito._build_verify_auth_challenge_event
    )


def _run_trigger(trigger: str, build: Callable[..., dict[str, Any]]) -> Callable[..., Outcome]:
    def run(pool_id: str, client_id: str, *rest: Any) -> Outcome:
        arn = (cognito._user_pools[pool_id].get("LambdaConfig") or {}).get(trigger)
        function = (
            arn and lambda_svc._get_func_record_for_qualifier(*lambda_svc._resolve_name_and_qualifier(arn))[0]
        )
        if not function:
            return None, error("InvalidUserPoolConfigurationException", f"{trigger} has no function.")
        event = build(pool_id, client_id, *rest)
        if trigger == "CreateAuthChallenge":
            _note_decoy(str(rest[0]), event, function)
        return _outcome(trigger, lambda_svc._execute_function(function, event))

    return run


def _note_decoy(name: str, event: Event, function: dict[str, Any]) -> None:
    """Without a notice, a developer would wait in vain for a message to a user without a verified address."""
    environment = (function["config"].get("Environment") or {}).get("Variables") or {}
    if "CHANNEL_ORDER" in environment and (notice := decoys.notice(name, event, environment)):
        notices.add(notice)
        sys.stdout.write(f"{notice}\n")


def _outcome(trigger: str, result: dict[str, Any]) -> Outcome:
    body = result.get("body")
    if result.get("error"):
        return None, _failure(trigger, body or {})
    if not isinstance(body, dict) or not isinstance(body.get("response"), dict):
        return None, error("InvalidLambdaResponseException", "Unrecognizable lambda output")
    return body, None


def _failure(trigger: str, body: dict[str, Any]) -> CognitoResponse:
    if body.get("errorType") == "Sandbox.Timedout":
        reason = "Socket timeout while invoking Lambda function"
        return error("UnexpectedLambdaException", f"{trigger} invocation failed due to error {reason}.")
    raised = body.get("errorMessage") or body.get("message")
    return error("UserLambdaValidationException", f"{trigger} failed with error {raised}.")


def _documented(build: Build, *undocumented: str) -> Build:
    def build_documented(pool_id: str, client_id: str, name: str, *rest: Any) -> Event:
        event = build(pool_id, client_id, name, *rest)
        user, _ = cognito._resolve_user(cognito._user_pools[pool_id], name)
        for key in undocumented:
            del event["request"][key]
        _set_user_name(event, user)
        _remove_unset_fields(event["request"], user)
        return event

    return build_documented


def _set_user_name(event: Event, user: dict[str, Any]) -> None:
    """`userName` is the user's own name, not the typed address. The attributes contain the status."""
    event["userName"] = user["Username"]
    if not is_simulated(user):
        request = event["request"]
        request["userAttributes"] = {**request["userAttributes"], "cognito:user_status": user["UserStatus"]}


def _remove_unset_fields(request: Event, user: dict[str, Any]) -> None:
    """`clientMetadata` and `userNotFound` are absent, not empty or false, if they are not set."""
    if not request["clientMetadata"]:
        del request["clientMetadata"]
    del request["userNotFound"]
    if is_simulated(user):
        request["userNotFound"] = True
