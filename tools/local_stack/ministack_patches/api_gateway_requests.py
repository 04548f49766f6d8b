"""One request to a REST API, as API Gateway treats it before and after the function."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import apigateway_v1

Async = Callable[..., Awaitable[Any]]

# The quota of API Gateway for a payload, in bytes. It cannot be raised.
LARGEST = 10 * 1024 * 1024
_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


class _Crashed(Exception):
    """The function did not answer in the form of a proxy integration."""


def patch() -> None:
    """What API Gateway says itself goes by the gateway responses, whatever it is about."""
    apigateway_v1._execute_in_scope = _measuring(apigateway_v1._execute_in_scope)
    apigateway_v1._validate_cognito_authorizer = _id_tokens_only(apigateway_v1._validate_cognito_authorizer)
    apigateway_v1._lambda_proxy_response = _raising(apigateway_v1._lambda_proxy_response)
    apigateway_v1._invoke_lambda_proxy_v1 = _answering(apigateway_v1._invoke_lambda_proxy_v1)


def _measuring(execute: Async) -> Async:
    """More than 10 MB is REQUEST_TOO_LARGE, before anything else is looked at."""

    async def measured(request: dict[str, Any], api_id: str, stage_name: str, *rest: Any) -> Any:
        body = rest[3]
        request["stage"] = apigateway_v1._stages_v1.get(api_id, {}).get(stage_name)
        if request["stage"] and len(body or b"") > LARGEST:
            return apigateway_v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")
        return await execute(request, api_id, stage_name, *rest)

    return measured


def _id_tokens_only(validate: Async) -> Async:
    """A Cognito authorizer of a method without scopes takes an ID token, and no access token."""

    async def validated(authorizer: Any, method: dict[str, Any], *rest: Any) -> Any:
        claims, refusal = await validate(authorizer, method, *rest)
        if claims and not method.get("authorizationScopes") and claims.get("token_use") != "id":
            return None, apigateway_v1._gw_error("UNAUTHORIZED", "Unauthorized")
        return claims, refusal

    return validated


def _raising(shape: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def shaped(result: Any) -> Any:
        response, failure = shape(result)
        if failure:
            raise _Crashed
        return response, failure

    return shaped


def _answering(invoke: Async) -> Async:
    """An integration's URI is filled in from the stage's variables. A function that crashes, or answers in
    another form, is an Internal server error: DEFAULT_5XX."""

    async def answered(integration: dict[str, Any], *rest: Any, **more: Any) -> Any:
        variables = rest[2].get("variables") or {}
        uri = _VARIABLE.sub(lambda found: variables.get(found[1], ""), integration["uri"])
        try:
            return await invoke(integration | {"uri": uri}, *rest, **more)
        except _Crashed:
            return apigateway_v1._gw_error("DEFAULT_5XX", "Internal server error")

    return answered
