"""Who calls a method of a REST API that asks for AWS_IAM."""

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

# ministack believes whoever names this key; it is the administrator of the local stack, and this its secret.
_ADMINISTRATOR = "test"


@dataclass(frozen=True)
class _Sent:
    method: str
    raw_path: str
    query: Mapping[str, Any]
    headers: dict[str, str]
    body: bytes = b""


_sent: ContextVar[_Sent | None] = ContextVar("sent", default=None)


def patch() -> None:
    """Every signature is checked, and every refusal is a gateway response."""
    apigateway_v1._AUTHENTICATION_GATEWAY_ERRORS["AccessDenied"] = ("ACCESS_DENIED", "AccessDeniedException")
    app.pin_signed_request = _keeping(app.pin_signed_request)
    app.pin_signed_body = _keeping_body(app.pin_signed_body)
    app._enforce_execute_api = _judging(app._enforce_execute_api)


def _keeping(pin: Callable[..., None]) -> Callable[..., None]:
    def kept(method: str, raw_path: str, query: Any, raw_headers: Any, *rest: Any) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers}
        _sent.set(_Sent(method, raw_path, query, headers))
        pin(method, raw_path, query, raw_headers, *rest)

    return kept


def _keeping_body(pin: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def kept(body: bytes) -> None:
        if sent := _sent.get():
            _sent.set(replace(sent, body=body))
        pin(body)

    return kept


def _judging(enforce: Callable[..., Response]) -> Callable[..., Response]:
    """Whoever may not call hears it as ACCESS_DENIED."""

    def judged(
        api_id: str, stage: str, method: str, path: str, headers: Any, query: Any, **more: Any
    ) -> Response:
        def refused(code: str, message: str) -> Response:
            error = iam_evaluator.AuthError(code, message)
            return apigateway_v1.authentication_error_response(api_id, stage, error, headers, query)  # type: ignore[no-any-return]

        signs = app._execute_api_authorization_type(api_id, stage, method, path) == "AWS_IAM"
        if signs and (failure := _failure(api_id)):
            return refused(*failure)
        denied = enforce(api_id, stage, method, path, headers, query, **more)
        if denied and (said := json.loads(denied[2])).get("__type", "").endswith("AccessDeniedException"):
            return refused("AccessDenied", said["message"])
        return denied

    return judged


def _failure(api_id: str) -> Failure | None:
    """A signature is for one service and one region, and is right for all that was sent."""
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
    late = sigv4.request_time_failure(signature)
    return late or sigv4.header_signature_failure(  # type: ignore[no-any-return]
        signature, _ADMINISTRATOR, sent.method, sent.raw_path, sent.query, sent.headers, sent.body
    )
