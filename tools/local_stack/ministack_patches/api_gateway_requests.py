"""Requests to a REST API: the steps of API Gateway before and after the function."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import apigateway_v1

Async = Callable[..., Awaitable[Any]]

# The payload quota of API Gateway, in bytes. It cannot be increased.
MAX_PAYLOAD_BYTES = 10 * 1024 * 1024
_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


class _InvalidFunctionResponse(Exception):
    """The function failed, or its response does not have the form of a proxy integration."""


def patch() -> None:
    """Every response of API Gateway itself is a gateway response."""
    apigateway_v1._execute_in_scope = _with_size_limit(apigateway_v1._execute_in_scope)
    apigateway_v1._validate_cognito_authorizer = _id_tokens_only(apigateway_v1._validate_cognito_authorizer)
    apigateway_v1._lambda_proxy_response = _with_exception(apigateway_v1._lambda_proxy_response)
    apigateway_v1._invoke_lambda_proxy_v1 = _with_stage_variables(apigateway_v1._invoke_lambda_proxy_v1)


def _with_size_limit(execute: Async) -> Async:
    """A body over 10 MB is REQUEST_TOO_LARGE, before any other check."""

    async def execute_with_limit(request: dict[str, Any], api_id: str, stage_name: str, *rest: Any) -> Any:
        body = rest[3]
        request["stage"] = apigateway_v1._stages_v1.get(api_id, {}).get(stage_name)
        if request["stage"] and len(body or b"") > MAX_PAYLOAD_BYTES:
            return apigateway_v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")
        return await execute(request, api_id, stage_name, *rest)

    return execute_with_limit


def _id_tokens_only(validate: Async) -> Async:
    """A Cognito authorizer of a method without scopes accepts an ID token, and no access token."""

    async def validated(authorizer: Any, method: dict[str, Any], *rest: Any) -> Any:
        claims, refusal = await validate(authorizer, method, *rest)
        if claims and not method.get("authorizationScopes") and claims.get("token_use") != "id":
            return None, apigateway_v1._gw_error("UNAUTHORIZED", "Unauthorized")
        return claims, refusal

    return validated


def _with_exception(shape: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def shaped(result: Any) -> Any:
        response, failure = shape(result)
        if failure:
            raise _InvalidFunctionResponse
        return response, failure

    return shaped


def _with_stage_variables(invoke: Async) -> Async:
    """The URI of an integration can contain stage variables.

    If the function fails, or its response has another form, the response is DEFAULT_5XX.
    """

    async def invoke_with_variables(integration: dict[str, Any], *rest: Any, **more: Any) -> Any:
        variables = rest[2].get("variables") or {}
        uri = _VARIABLE.sub(lambda match: variables.get(match[1], ""), integration["uri"])
        try:
            return await invoke(integration | {"uri": uri}, *rest, **more)
        except _InvalidFunctionResponse:
            return apigateway_v1._gw_error("DEFAULT_5XX", "Internal server error")

    return invoke_with_variables
