"""Events as API Gateway sends them to the endpoints, and the responses that a caller gets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.events import NOW, SUB

CALLER = "AROAEXAMPLE:a-session"
CLIENT = "2v6anappclientexample0001"
# The claims of an ID token that API Gateway passes on.
USER = {
    "sub": SUB,
    "cognito:username": SUB,
    "token_use": "id",
    "aud": CLIENT,
    # API Gateway passes every claim on as text.
    "auth_time": str(NOW),
}


@dataclass
class GatewayResponse:
    """The response that the caller gets."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def problem(self) -> str:
        """The name of the problem, or an empty string."""
        return str(self.body.get("type", "")).rpartition(":")[2] if self.status >= 400 else ""


def event_of(method: str, path: str, body: object, **more: Any) -> dict[str, Any]:
    """An event of a REST API, as its proxy integration sends it."""
    headers = {"content-type": "application/json"} | more.pop("headers", {})
    context = {
        "path": f"/v1{path}",
        "stage": "v1",
        "httpMethod": method,
        "identity": {"user": CALLER, "sourceIp": "192.0.2.1"},
        "requestId": "request",
    }
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "requestContext": context | more.pop("context", {}),
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    } | more
