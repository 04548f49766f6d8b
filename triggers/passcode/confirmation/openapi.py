"""The API description (OpenAPI 3.1), generated from the models that also validate the requests."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from passcode.confirmation.problems import MEDIA_TYPE, all_kinds
from passcode.confirmation.requests import ProblemDocument

VERSION = "1.0.0"
IAM, USER, PUBLIC = "sigv4", "id_token", ""
_CALLER, _PROBLEMS = "x-caller", "x-problems"
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
        "description": "The ID token of a user of the pool, without a prefix such as Bearer.",
    },
}
# Responses that API Gateway itself sends before the function runs.
_GATEWAY_PROBLEMS = {
    403: "not-authorised: the request is not signed, or its principal lacks the permission.",
    413: "too-large.",
    429: "throttled: there were too many requests at once.",
    503: "unavailable: try again in a moment.",
}


# Problems of the endpoints that send a code, of those that check one, and of those for signed-in users.
CREATE_PROBLEMS = (
    *("invalid-request", "channel-not-offered", "idempotency-key-in-use", "idempotency-key-reused"),
    *("destination-not-allowed", "cooldown", "quota", "busy"),
)
VERIFY_PROBLEMS = (
    *("invalid-request", "invalid-token", "malformed-code", "no-challenge", "code-spent", "code-expired"),
    *("wrong-code", "longer-code"),
)
USER_PROBLEMS = ("user-gone", "sign-in-too-old")


def describe_access(caller: str, *problems: str) -> dict[str, Any]:
    """Return the arguments of a route for its description: its callers and its problems."""
    return {"openapi_extensions": {_CALLER: caller, _PROBLEMS: problems}}


def describe(app: APIGatewayRestResolver, issuer: str) -> str:
    """Return the description as JSON. `issuer` is the base URL of the API."""
    title = "Cognito Passcode: token service"
    description = "One-time codes outside sign-in: send a code, check the answer, use the proof."
    document = json.loads(app.get_openapi_json_schema(title=title, version=VERSION, description=description))
    document["servers"] = [{"url": issuer}]
    document["components"]["securitySchemes"] = _SCHEMES
    schemas = document["components"]["schemas"]
    # Powertools describes its own error responses. This API returns problem documents instead.
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
    for operations in document["paths"].values():
        for operation in operations.values():
            _complete(operation)
    return json.dumps(document)


def _complete(operation: dict[str, Any]) -> None:
    caller, problems = operation.pop(_CALLER), operation.pop(_PROBLEMS)
    operation["security"] = [{caller: []}] if caller else []
    responses = operation["responses"]
    for powertools_error in ("422", "500"):
        responses.pop(powertools_error, None)
    descriptions = dict(_GATEWAY_PROBLEMS)
    if caller == USER:
        descriptions[401] = "not-authorised: the ID token is missing or not valid."
    for kind in all_kinds():
        if kind.name in problems:
            descriptions[kind.status] = (
                f"{kind.name}: {kind.title}. {descriptions.get(kind.status, '')}".rstrip()
            )
    for status, text in sorted(descriptions.items()):
        schema = {"$ref": "#/components/schemas/ProblemDocument"}
        content = responses.get(str(status), {}).get("content", {})
        responses[str(status)] = {"description": text, "content": content | {MEDIA_TYPE: {"schema": schema}}}
