"""IAM authorization of methods of a REST API."""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from ministack import app
from ministack.core import iam_evaluator, sigv4
from ministack.services import apigateway_v1

Response = tuple[int, dict[str, str], bytes] | None
Failure = tuple[str, str]

# ministack accepts this access key without a check. It belongs to the administrator, and this is its secret.
_ADMINISTRATOR = "test"


@dataclass(frozen=True)
class _SentRequest:
    method: str
    raw_path: str
    query: Mapping[str, Any]
    headers: dict[str, str]
    body: bytes = b""


_sent: ContextVar[_SentRequest | None] = ContextVar("sent", default=None)


def patch() -> None:
    """API Gateway checks every signature, and refuses with a gateway response."""
    apigateway_v1._AUTHENTICATION_GATEWAY_ERRORS["AccessDenied"] = ("ACCESS_DENIED", "AccessDeniedException")
    app.pin_signed_request = _remember_request(app.pin_signed_request)
    app.pin_signed_body = _remember_body(app.pin_signed_body)
    app._enforce_execute_api = _with_signature_check(app._enforce_execute_api)


def _remember_request(pin: Callable[..., None]) -> Callable[..., None]:
    def remember(method: str, raw_path: str, query: Any, raw_headers: Any, *rest: Any) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers}
        _sent.set(_SentRequest(method, raw_path, query, headers))
        pin(method, raw_path, query, raw_headers, *rest)

    return remember


def _remember_body(pin: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def remember(body: bytes) -> None:
        if sent := _sent.get():
            _sent.set(replace(sent, body=body))
        pin(body)

    return remember


def _with_signature_check(enforce: Callable[..., Response]) -> Callable[..., Response]:
    """The gateway response for a caller without permission is ACCESS_DENIED."""

    def enforce_with_signature(
        api_id: str, stage: str, method: str, path: str, headers: Any, query: Any, **more: Any
    ) -> Response:
        def refused(code: str, message: str) -> Response:
            error = iam_evaluator.AuthError(code, message)
            return apigateway_v1.authentication_error_response(api_id, stage, error, headers, query)  # type: ignore[no-any-return]

        needs_signature = app._execute_api_authorization_type(api_id, stage, method, path) == "AWS_IAM"
        if needs_signature and (failure := _failure(api_id)):
            return refused(*failure)
        denied = enforce(api_id, stage, method, path, headers, query, **more)
        if denied and (content := json.loads(denied[2])).get("__type", "").endswith("AccessDeniedException"):
            return refused("AccessDenied", content["message"])
        return denied

    return enforce_with_signature


def _failure(api_id: str) -> Failure | None:
    """A signature is for one service and one region, and covers the whole request. None if it is valid."""
    sent, scope = _sent.get(), apigateway_v1.find_api_scope(api_id)
    if not (sent and scope and sent.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256")):
        return None
    signature = sigv4.parse_header_signature(sent.headers)
    if isinstance(signature, tuple):
        return signature
    if (signature.service, signature.region) != ("execute-api", scope[1]):
        return "SignatureDoesNotMatch", "Credential should be scoped to a valid region and service."
    if signature.access_key_id != _ADMINISTRATOR:
        return None
    expired = sigv4.request_time_failure(signature)
    return expired or sigv4.header_signature_failure(  # type: ignore[no-any-return]
        signature, _ADMINISTRATOR, sent.method, sent.raw_path, sent.query, sent.headers, sent.body
    )
