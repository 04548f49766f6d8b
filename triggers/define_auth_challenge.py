"""The Lambda function `define_auth_challenge`: returns the next step of a sign-in to Cognito.

It runs two or three times in each sign-in. To keep it fast, it calls no AWS service and uses no package
outside the standard library.
"""

import os
from collections import namedtuple

from passcode.adapters.environment import MONITORING, OFF, Variables
from passcode.sign_in import events
from passcode.sign_in.steps import CODE_ONLY, FAIL, ISSUE, PASSWORD_AND_CODE, RoundLimits, next_step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from passcode.sign_in.events import Event
    from passcode.sign_in.steps import Step


def respond(event: "Event", code_only_clients: frozenset[str], limits: RoundLimits) -> "Event":
    """Return the DefineAuthChallenge `event` with its response: a challenge, tokens, or a failure.

    `code_only_clients` has the ids of the app clients that sign in without a password.
    """
    code_only = events.client_id(event) in code_only_clients
    step = next_step(
        CODE_ONLY if code_only else PASSWORD_AND_CODE,
        events.history(event),
        limits,
        user_status=events.attributes(event).get("cognito:user_status", ""),
        client_metadata=events.client_metadata(event),
        user_not_found=events.user_not_found(event),
    )
    event["response"] = _response(step)
    return event


def _response(step: "Step") -> "dict[str, object]":
    is_challenge = step not in (ISSUE, FAIL)
    return {
        "challengeName": step if is_challenge else None,
        "issueTokens": step == ISSUE,
        "failAuthentication": step == FAIL,
    }


# No dataclass, because the import of `dataclasses` is slow.
class Settings(namedtuple("_Settings", ("metrics_namespace", "monitoring", "limits", "code_only_clients"))):
    """The settings of this function: two texts, the `RoundLimits`, and the ids of the app clients."""

    __slots__ = ()

    @classmethod
    def from_environment(cls, environment: "Mapping[str, str]") -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        # The text is empty if no app client signs in without a password.
        clients = variables.optional_text("CODE_ONLY_CLIENTS")
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            limits=RoundLimits.read(variables.whole_number),
            code_only_clients=frozenset(filter(None, clients.split(","))),
        )


_SETTINGS = Settings.from_environment(os.environ)


def handler(event: "Event", _context: object) -> "Event":
    """Handle an event from Lambda. If the event is unreadable, fail the sign-in and log one line."""
    try:
        return respond(event, _SETTINGS.code_only_clients, _SETTINGS.limits)
    except Exception as error:  # each error fails the sign-in, and the caller sees no details
        _log_error(error)
        event["response"] = _response(FAIL)
        return event


def _log_error(error: Exception) -> None:
    import json  # noqa: PLC0415 - only an error needs it
    import time  # noqa: PLC0415

    from passcode.token_service.refusal import error_location  # noqa: PLC0415

    # CloudWatch reads the line as a metric too (embedded metric format). This code builds the line itself,
    # because importing Powertools is slow.
    directive = {
        "Namespace": _SETTINGS.metrics_namespace,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "errors", "Unit": "Count"}],
    }
    line = {"level": "ERROR", "service": "define_auth_challenge", "message": "the event could not be read"}
    metric = {"errors": 1, "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}}
    if _SETTINGS.monitoring == OFF:
        metric = {}
    details = {"error": type(error).__name__, "where": error_location(error)}
    print(json.dumps(line | details | metric))  # noqa: T201 - Lambda's log is standard output
