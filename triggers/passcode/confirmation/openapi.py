"""The API description (OpenAPI 3.1), generated from the models that also validate the requests."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from passcode.confirmation.problems import MEDIA_TYPE, all_kinds
from passcode.confirmation.requests import ProblemDocument

VERSION = "1.0.0"
IAM, USER, PUBLIC = "sigv4", "id_token", ""
_WHO, _PROBLEMS = "x-who", "x-problems"
_SCHEMES = {
    IAM: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4 for the service execute-api.",
    },
    USER: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The ID token of a user of the pool, without a word before it.",
    },
}
# Responses that API Gateway itself sends before the function runs.
_OF_THE_GATEWAY = {
    403: "not-authorised: the request is not signed, or not by somebody who may.",
    413: "too-large.",
    429: "throttled: too many requests came at once.",
    503: "unavailable: try again in a moment.",
}


# Problems of the endpoints that send a code, and of the endpoints that check one.
CREATE_PROBLEMS = (
    *("invalid-request", "channel-not-offered", "idempotency-key-in-use", "idempotency-key-reused"),
    *("cooldown", "quota", "locked", "paused", "busy"),
)
VERIFY_PROBLEMS = (
    *("invalid-request", "invalid-token", "malformed-code", "no-challenge", "code-spent", "code-expired"),
    *("wrong-code", "locked", "paused"),
)


def may_answer(who: str, *problems: str) -> dict[str, Any]:
    """The description of a route's access: who may call it, and which problems it returns."""
    return {"openapi_extensions": {_WHO: who, _PROBLEMS: problems}}


def describe(app: APIGatewayRestResolver, issuer: str) -> str:
    """The description as JSON. `issuer` is the base URL of the API."""
    title = "Cognito Passcode: token service"
    about = "One-time codes outside sign-in: asked for, delivered, answered, proven."
    whole = json.loads(app.get_openapi_json_schema(title=title, version=VERSION, description=about))
    whole["servers"] = [{"url": issuer}]
    whole["components"]["securitySchemes"] = _SCHEMES
    schemas = whole["components"]["schemas"]
    # Powertools describes its own error responses. This API returns problem documents instead.
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
    for operations in whole["paths"].values():
        for operation in operations.values():
            _complete(operation)
    return json.dumps(whole)


def _complete(operation: dict[str, Any]) -> None:
    who, problems = operation.pop(_WHO), operation.pop(_PROBLEMS)
    operation["security"] = [{who: []}] if who else []
    answers = operation["responses"]
    for unlike_ours in ("422", "500"):
        answers.pop(unlike_ours, None)
    said = dict(_OF_THE_GATEWAY)
    if who == USER:
        said[401] = "not-authorised: there is no good ID token."
    for kind in all_kinds():
        if kind.name in problems:
            said[kind.status] = f"{kind.name}: {kind.title}. {said.get(kind.status, '')}".rstrip()
    for status, text in sorted(said.items()):
        schema = {"$ref": "#/components/schemas/ProblemDocument"}
        content = answers.get(str(status), {}).get("content", {})
        answers[str(status)] = {"description": text, "content": content | {MEDIA_TYPE: {"schema": schema}}}
