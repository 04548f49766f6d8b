"""From API Gateway's event to its answer. Nothing leaves but what a route or a problem says."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from passcode.token_service.telemetry import Telemetry
from token_http import problems
from token_http.errors import NOT_JSON, RETRY
from token_http.problems import MEDIA_TYPE, Problem

# Room for the longest token and the longest words in any script, many times over.
_LONGEST_BODY = 16_384


def answer(
    app: APIGatewayRestResolver, event: dict[str, Any], context: Any, tell: Telemetry
) -> dict[str, Any]:
    """Answer one proxy event of a REST API. Raises nothing."""
    try:
        unread = _not_worth_reading(event)
        return _kept_private(_proxy(unread) if unread else app.resolve(event, context))
    except Exception as error:
        tell.failed("failed", error)
        return _kept_private(_proxy(Problem(problems.UNAVAILABLE, wait=RETRY)))
    finally:
        tell.about()


def _not_worth_reading(event: dict[str, Any]) -> Problem | None:
    if len(event.get("body") or "") > _LONGEST_BODY:
        return Problem(problems.TOO_LARGE)
    # Powertools would read a form too: a second way in that no description names and no test walks.
    if event["httpMethod"] == "POST" and not _is_json(event.get("headers") or {}):
        return Problem(problems.INVALID_REQUEST, detail=NOT_JSON)
    return None


def _is_json(headers: dict[str, str]) -> bool:
    named = [text.lower() for name, text in headers.items() if name.lower() == "content-type"]
    return all(text.strip().startswith("application/json") for text in named)


def _proxy(problem: Problem) -> dict[str, Any]:
    headers = {"Content-Type": [MEDIA_TYPE]} | {name: [value] for name, value in problem.headers.items()}
    return {
        "statusCode": problem.kind.status,
        "multiValueHeaders": headers,
        "body": json.dumps(problem.document),
        "isBase64Encoded": False,
    }


def _kept_private(answer: dict[str, Any]) -> dict[str, Any]:
    """No cache on the way keeps a token, and no browser guesses what an answer is."""
    headers = answer["multiValueHeaders"]
    headers.setdefault("Cache-Control", ["no-store"])
    headers["X-Content-Type-Options"] = ["nosniff"]
    return answer
