"""Answers of the Cognito API, in the form that ministack passes around: status, headers, JSON body."""

import json
from typing import Any

from ministack.core.responses import error_response_json, json_response

Answer = tuple[int, dict[str, str], bytes]


def answer(content: dict[str, Any]) -> Answer:
    """A success with this JSON."""
    made: Answer = json_response(content)
    return made


def error(code: str, message: str) -> Answer:
    """An error of this name, with status 400 as all of Cognito's have."""
    made: Answer = error_response_json(code, message, 400)
    return made


def denied() -> Answer:
    """What Cognito says to a wrong password, a wrong code and an unknown user alike."""
    return error("NotAuthorizedException", "Incorrect username or password.")


def content_of(given: Answer) -> dict[str, Any]:
    """The JSON of an answer."""
    content: dict[str, Any] = json.loads(given[2])
    return content
