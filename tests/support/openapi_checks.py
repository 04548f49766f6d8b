"""Compare responses with the description of the API."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from passcode.confirmation.openapi import describe
from passcode.confirmation.routes import Endpoints, resolver

ISSUER = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/v1"


@dataclass(frozen=True)
class Description:
    """An OpenAPI document."""

    whole: dict[str, Any]

    def check(self, method: str, path: str, status: int, media_type: str, body: dict[str, Any]) -> None:
        """Fail if the status, problem, media type or shape of a response is not described."""
        operation = self.whole["paths"].get(path, {}).get(method.lower())
        if operation is None:
            assert status >= 400 or path == "/openapi.json", f"{method} {path} succeeds, but is not described"
            return
        assert str(status) in operation["responses"], f"{method} {path}: the status {status} is not described"
        response = operation["responses"][str(status)]
        problem, content = str(body.get("type", "")).rpartition(":")[2], response["content"]
        named = response["description"].replace(":", " ").replace(".", " ").split()
        assert problem in ["", *named], f"{method} {path}: the problem {problem} is not described"
        assert media_type in content, (
            f"{method} {path} {status}: the media type {media_type} is not described"
        )
        components = {"components": self.whole["components"]}
        jsonschema_rs.Draft202012Validator(content[media_type]["schema"] | components).validate(body)


@cache
def api_description() -> Description:
    """The description of the API, made from its routes without dependencies."""
    nothing: Any = None
    app = resolver(Endpoints(nothing, nothing, nothing, {}, nothing, ISSUER, nothing))
    return Description(json.loads(describe(app, ISSUER)))
