"""Responses of the Cognito API, in the form that ministack uses: status, headers, JSON body."""

import json
from typing import Any

from ministack.core.responses import error_response_json, json_response

CognitoResponse = tuple[int, dict[str, str], bytes]


def success(content: dict[str, Any]) -> CognitoResponse:
    """Return a successful response with this JSON."""
    response: CognitoResponse = json_response(content)
    return response


def error(code: str, message: str) -> CognitoResponse:
    """Return an error response. The status is 400, as for all errors of Cognito."""
    response: CognitoResponse = error_response_json(code, message, 400)
    return response


def not_authorized() -> CognitoResponse:
    """Return the error for a wrong password, for a wrong code and for an unknown user."""
    return error("NotAuthorizedException", "Incorrect username or password.")


def json_body(response: CognitoResponse) -> dict[str, Any]:
    """Return the JSON of a response."""
    content: dict[str, Any] = json.loads(response[2])
    return content
