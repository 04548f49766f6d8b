"""Turn API Gateway's event into the response. Every error becomes a problem document."""

import json
from base64 import b64decode
from functools import partial
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from passcode.confirmation import problems
from passcode.confirmation.problems import MEDIA_TYPE, Problem
from passcode.token_service.refusal import Refused
from passcode.token_service.telemetry import Telemetry

# Seconds. A short failure is over by then, and callers do not wait longer for a long one.
RETRY = 30
_UNKNOWN_FIELD = "The body has an unknown field. GET /openapi.json lists the fields of each request."
_REPEATED = "The body has a field twice. Send each field once."
NOT_JSON = "Send one JSON object as application/json, in UTF-8."


def install(app: APIGatewayRestResolver, telemetry: Telemetry) -> None:
    """Make `app` answer every error with a problem document."""
    app.exception_handler(Problem)(problem_response)
    app.exception_handler(Refused)(partial(_refused, telemetry=telemetry))
    app.exception_handler(RequestValidationError)(_invalid_request)
    app.exception_handler(RecursionError)(_not_json)
    app.exception_handler(NotFoundError)(_not_found)
    app.exception_handler(Exception)(partial(unavailable, telemetry=telemetry))


def problem_response(problem: Problem) -> Response[Any]:
    """Return the HTTP response for `problem`."""
    return Response(problem.kind.status, MEDIA_TYPE, json.dumps(problem.document), problem.headers)


def unavailable(raised: Exception, telemetry: Telemetry) -> Response[Any]:
    """Log an unexpected error, and return the response. The response has no details of the error."""
    telemetry.failed("failed", raised)
    return problem_response(Problem(problems.UNAVAILABLE, wait=RETRY))


def _refused(raised: Refused, telemetry: Telemetry) -> Response[Any]:
    telemetry.throttled(raised)
    return problem_response(problems.of_refused(raised))


def _invalid_request(raised: RequestValidationError) -> Response[Any]:
    return problem_response(Problem(problems.INVALID_REQUEST, detail=_first_error(raised.errors())))


def _not_json(_raised: Exception) -> Response[Any]:
    return problem_response(Problem(problems.INVALID_REQUEST, detail=NOT_JSON))


def _not_found(_raised: Exception) -> Response[Any]:
    return problem_response(Problem(problems.NOT_FOUND))


def not_an_id_token() -> Problem:
    """Return the problem for a request with an access token instead of an ID token."""
    return Problem(problems.INVALID_REQUEST, detail="Send the ID token, not the access token.")


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object from its members. Raises `Problem` if two members have one name.

    Two parsers can choose different ones of such members (RFC 8259, section 4). A proxy that checks the first
    address would then forward a request for a code to the second one.
    """
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Problem(problems.INVALID_REQUEST, detail=_REPEATED)
    return members


def _first_error(errors: Any) -> str:
    """Return the first validation error as text: the field and pydantic's reason, without the value sent."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return NOT_JSON
    if first["type"] == "extra_forbidden":
        return _UNKNOWN_FIELD
    location = ".".join(str(part) for part in first["loc"][1:])
    # pydantic puts a prefix before the text of our checks.
    reason = first["msg"].removeprefix("Value error, ")
    return f"`{location}`: {reason}." if location else NOT_JSON


# A limit for the size of a body: many times the longest token and the longest texts in any script.
_LONGEST_BODY = 16_384


def respond(
    app: APIGatewayRestResolver, event: dict[str, Any], context: Any, telemetry: Telemetry
) -> dict[str, Any]:
    """Return the response to one proxy event of a REST API. Raises nothing."""
    try:
        problem = _problem_before_parsing(event)
        return _add_headers(_proxy(problem) if problem else app.resolve(event, context))
    except Exception as error:
        telemetry.failed("failed", error)
        return _add_headers(_proxy(Problem(problems.UNAVAILABLE, wait=RETRY)))
    finally:
        telemetry.set_context()


def _problem_before_parsing(event: dict[str, Any]) -> Problem | None:
    if len(event.get("body") or "") > _LONGEST_BODY:
        return Problem(problems.TOO_LARGE)
    if event.get("isBase64Encoded") and not _is_utf8(event["body"] or ""):
        # Powertools would raise UnicodeDecodeError, which an unreadable response of AWS also raises.
        return Problem(problems.INVALID_REQUEST, detail=NOT_JSON)
    # Powertools would also parse a form: an input path without a description and without tests.
    if event["httpMethod"] == "POST" and not _is_json(event.get("headers") or {}):
        return Problem(problems.INVALID_REQUEST, detail=NOT_JSON)
    return None


def _is_utf8(body: str) -> bool:
    try:
        b64decode(body).decode()
    except ValueError:
        return False
    return True


def _is_json(headers: dict[str, str]) -> bool:
    values = [text.lower() for name, text in headers.items() if name.lower() == "content-type"]
    return all(text.strip().startswith("application/json") for text in values)


def _proxy(problem: Problem) -> dict[str, Any]:
    headers = {"Content-Type": [MEDIA_TYPE]} | {name: [value] for name, value in problem.headers.items()}
    return {
        "statusCode": problem.kind.status,
        "multiValueHeaders": headers,
        "body": json.dumps(problem.document),
        "isBase64Encoded": False,
    }


def _add_headers(response: dict[str, Any]) -> dict[str, Any]:
    """Add headers that keep caches from storing a token and browsers from guessing the content type."""
    headers = response["multiValueHeaders"]
    headers.setdefault("Cache-Control", ["no-store"])
    headers["X-Content-Type-Options"] = ["nosniff"]
    return response
