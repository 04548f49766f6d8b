"""The Lambda function `define_auth_challenge`: returns the next step of a sign-in to Cognito.

It runs two or three times in each sign-in. To keep it fast, it calls no AWS service and uses no package
outside the standard library.
"""

import os

from passcode.sign_in import events
from passcode.sign_in.steps import Mode, RoundLimits, Step, next_step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from passcode.sign_in.events import Event


def respond(event: "Event", code_only_clients: frozenset[str], limits: RoundLimits) -> "Event":
    """Return the DefineAuthChallenge `event` with its response: a challenge, tokens, or a failure.

    `code_only_clients` has the ids of the app clients that sign in without a password.
    """
    code_only = events.client_id(event) in code_only_clients
    step = next_step(
        Mode.CODE_ONLY if code_only else Mode.PASSWORD_AND_CODE,
        events.history(event),
        limits,
        user_status=events.attributes(event).get("cognito:user_status", ""),
        client_metadata=events.client_metadata(event),
        user_not_found=events.user_not_found(event),
    )
    event["response"] = _response(step)
    return event


def _response(step: Step) -> "dict[str, object]":
    asks = step not in (Step.ISSUE, Step.FAIL)
    return {
        "challengeName": step.value if asks else None,
        "issueTokens": step is Step.ISSUE,
        "failAuthentication": step is Step.FAIL,
    }


_LIMITS = RoundLimits(
    answers=int(os.environ.get("ANSWERS_PER_SESSION", "5")),
    resends=int(os.environ.get("RESENDS_PER_SESSION", "3")),
)
_CODE_ONLY_CLIENTS = frozenset(filter(None, os.environ.get("CODE_ONLY_CLIENTS", "").split(",")))


def handler(event: "Event", _context: object) -> "Event":
    """Handle an event from Lambda. If the event is unreadable, fail the sign-in and log one line."""
    try:
        return respond(event, _CODE_ONLY_CLIENTS, _LIMITS)
    except Exception as error:  # each error fails the sign-in, and the caller sees no details
        _log_refusal(error)
        event["response"] = _response(Step.FAIL)
        return event


def _log_refusal(error: Exception) -> None:
    import json  # noqa: PLC0415 - paid only when something is wrong
    import time  # noqa: PLC0415

    from passcode.token_service.telemetry import error_location  # noqa: PLC0415

    # CloudWatch reads the line as a metric too (embedded metric format). This code builds the line itself,
    # because importing Powertools is slow.
    counted = {
        "Namespace": os.environ.get("METRICS_NAMESPACE", "CognitoPasscode"),
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "errors", "Unit": "Count"}],
    }
    line = {"level": "ERROR", "service": "define_auth_challenge", "message": "the event could not be read"}
    metric = {"errors": 1, "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [counted]}}
    details = {"error": type(error).__name__, "where": error_location(error)}
    print(json.dumps(line | details | metric))  # noqa: T201 - Lambda's log is standard output
