"""Whatever is raised becomes a problem document, and the log hears of what is not the caller's doing."""

import json
from functools import partial
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from passcode.token_service.refusal import Refused
from passcode.token_service.telemetry import Telemetry
from token_http import problems
from token_http.problems import MEDIA_TYPE, Problem

# Seconds: what failed is either over by then, or will take longer than anybody waits.
RETRY = 30
_FIELDS = "There is a field that is not known here. GET /openapi.json has those that are."
NOT_JSON = "Send one JSON object as application/json, in UTF-8."


def install(app: APIGatewayRestResolver, tell: Telemetry) -> None:
    """Make `app` answer every error with a problem document."""
    app.exception_handler(Problem)(answer)
    app.exception_handler(Refused)(partial(_refused, tell=tell))
    app.exception_handler(RequestValidationError)(_unreadable)
    app.exception_handler([RecursionError, UnicodeDecodeError])(_not_json)
    app.exception_handler(NotFoundError)(_nowhere)
    app.exception_handler(Exception)(partial(unavailable, tell=tell))


def answer(problem: Problem) -> Response[Any]:
    """The answer that says `problem`."""
    return Response(problem.kind.status, MEDIA_TYPE, json.dumps(problem.document), problem.headers)


def unavailable(raised: Exception, tell: Telemetry) -> Response[Any]:
    """The answer to what nobody foresaw: nobody gets in, and nothing of it is told."""
    tell.failed("failed", raised)
    return answer(Problem(problems.UNAVAILABLE, wait=RETRY))


def _refused(raised: Refused, tell: Telemetry) -> Response[Any]:
    tell.throttled(raised)
    return answer(problems.of_refused(raised))


def _unreadable(raised: RequestValidationError) -> Response[Any]:
    return answer(Problem(problems.INVALID_REQUEST, detail=_what_is_wrong(raised.errors())))


def _not_json(_raised: Exception) -> Response[Any]:
    return answer(Problem(problems.INVALID_REQUEST, detail=NOT_JSON))


def _nowhere(_raised: Exception) -> Response[Any]:
    return answer(Problem(problems.NOT_FOUND))


def not_an_id_token() -> Problem:
    """Somebody signed in, but showed another token than the one that says who they are."""
    return Problem(problems.INVALID_REQUEST, detail="Send the ID token, not the access token.")


def _what_is_wrong(found: Any) -> str:
    """The first error in words: the place and pydantic's reason. Neither holds what was sent."""
    first = found[0]
    if first["type"] == "json_invalid":
        return NOT_JSON
    if first["type"] == "extra_forbidden":
        return _FIELDS
    place = ".".join(str(part) for part in first["loc"][1:])
    # The words of a check of ours come with pydantic's before them.
    reason = first["msg"].removeprefix("Value error, ")
    return f"`{place}`: {reason}." if place else NOT_JSON
