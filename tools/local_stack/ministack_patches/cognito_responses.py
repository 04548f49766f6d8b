"""Answers of the Cognito API, in the form that ministack passes around: status, headers, JSON body."""

import json
from typing import Any

from ministack.core.responses import error_response_json, json_response

CognitoResponse = tuple[int, dict[str, str], bytes]


def success(content: dict[str, Any]) -> CognitoResponse:
    """A success with this JSON."""
    made: CognitoResponse = json_response(content)
    return made


def error(code: str, message: str) -> CognitoResponse:
    """An error of this name, with status 400 as all of Cognito's have."""
    made: CognitoResponse = error_response_json(code, message, 400)
    return made


def not_authorized() -> CognitoResponse:
    """What Cognito says to a wrong password, a wrong code and an unknown user alike."""
    return error("NotAuthorizedException", "Incorrect username or password.")


def json_body(given: CognitoResponse) -> dict[str, Any]:
    """The JSON of an answer."""
    content: dict[str, Any] = json.loads(given[2])
    return content
