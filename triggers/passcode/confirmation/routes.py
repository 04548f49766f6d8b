"""The paths with their methods: read the request, call one function, respond. Health and readiness."""

import json
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Header
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from passcode.confirmation import responses
from passcode.confirmation.create import ConfirmationCreator
from passcode.confirmation.openapi import (
    CREATE_PROBLEMS,
    IAM,
    PUBLIC,
    USER,
    USER_PROBLEMS,
    VERIFY_PROBLEMS,
    describe,
    describe_access,
)
from passcode.confirmation.requests import (
    Created,
    CreateToken,
    Health,
    IdTokenUser,
    Introspect,
    Introspected,
    Ready,
    RequestContext,
    StepUp,
    Verified,
    VerifyToken,
)
from passcode.confirmation.verify import ConfirmationVerifier
from passcode.token_service.telemetry import Telemetry

Check = Callable[[], object]


def ready(checks: Mapping[str, Check], telemetry: Telemetry) -> Ready:
    """Run every check, even after a failure. The log has the reasons; the response has only the names.

    The checks run in parallel. If AWS hangs, checks in sequence would exceed the function's time-out, and the
    response could not name the failed part.
    """
    with ThreadPoolExecutor(len(checks)) as pool:
        passed = pool.map(lambda name: _passes(name, checks[name], telemetry), checks)
        results = dict(zip(checks, passed, strict=True))
    return Ready(
        status="ready" if all(results.values()) else "not_ready",
        checks={name: "ok" if passed else "failed" for name, passed in results.items()},
    )


def _passes(name: str, check: Check, telemetry: Telemetry) -> bool:
    try:
        check()
    except Exception as error:
        telemetry.failed(f"not ready: {name}", error)
        return False
    return True


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="A name for this request. Requests with the same name send one message a day at most.",
    ),
]

UseKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="A name for this request. For 15 seconds, a repeat with the name gets the same response.",
    ),
]

_READY: OpenAPIResponse = {
    "description": "Each dependency, with `ok` or `failed`.",
    "content": {"application/json": {"model": Ready}},
}


@dataclass(eq=False, repr=False)
class Endpoints:
    """The functions behind the paths. `random_nonce` returns 32 hex digits, new at each call."""

    creator: ConfirmationCreator
    verifier: ConfirmationVerifier
    key_set: Callable[[], Mapping[str, Any]]
    checks: Mapping[str, Check]
    random_nonce: Callable[[], str]
    issuer: str
    telemetry: Telemetry


def resolver(endpoints: Endpoints) -> APIGatewayRestResolver:
    """Return the application. CORS is off: callers are back ends, or apps through their own back end."""
    app = APIGatewayRestResolver(
        enable_validation=True,
        response_validation_error_http_code=500,
        debug=False,
        # No body has a number. An int of 4,300 digits raises an error that would look like a bug in our code.
        json_body_deserializer=partial(
            json.loads, parse_int=float, object_pairs_hook=responses.without_repeats
        ),
    )
    _codes(app, endpoints)
    _step_up(app, endpoints)
    _proofs(app, endpoints)
    _service(app, endpoints)
    responses.install(app, endpoints.telemetry)
    return app


def _codes(app: APIGatewayRestResolver, endpoints: Endpoints) -> None:
    @app.post("/createToken", **describe_access(IAM, *CREATE_PROBLEMS))
    def create_token(body: CreateToken, idempotency_key: Key = None) -> Created:
        """Send a code to an email address or a phone number."""
        return endpoints.creator.create(body, _request_context(app, endpoints, idempotency_key))

    @app.post("/verifyToken", **describe_access(IAM, *VERIFY_PROBLEMS))
    def verify_token(body: VerifyToken) -> Verified:
        """Check the code that the user typed. A right code is spent, and the response has a proof."""
        return endpoints.verifier.verify(body, _request_context(app, endpoints))


def _step_up(app: APIGatewayRestResolver, endpoints: Endpoints) -> None:
    @app.post("/step-up", **describe_access(USER, *CREATE_PROBLEMS, "no-destination", *USER_PROBLEMS))
    def step_up(body: StepUp, idempotency_key: Key = None) -> Created:
        """Send a code to a verified address of the user who is signed in."""
        return endpoints.creator.step_up(
            body, _signed_in(app), _request_context(app, endpoints, idempotency_key)
        )

    @app.post(
        "/step-up/verify",
        **describe_access(USER, *VERIFY_PROBLEMS, "wrong-user", *USER_PROBLEMS),
    )
    def verify_step_up(body: VerifyToken) -> Verified:
        """Check the code of the signed-in user. A right code is spent, and the response has a proof."""
        return endpoints.verifier.verify_step_up(body, _signed_in(app), _request_context(app, endpoints))


def _proofs(app: APIGatewayRestResolver, endpoints: Endpoints) -> None:
    @app.post("/introspect", **describe_access(IAM, "invalid-request"))
    def introspect(body: Introspect, idempotency_key: UseKey = None) -> Introspected:
        """Use a proof. `active` is true once, for the right audience, purpose and subject."""
        context = _request_context(app, endpoints, idempotency_key)
        return Introspected(**endpoints.verifier.introspect(body, context))  # type: ignore[arg-type]

    @app.get("/.well-known/jwks.json", **describe_access(PUBLIC))
    def key_set() -> Response[Any]:
        """Return the public keys of the proofs (RFC 7517)."""
        # Verifiers may cache the keys for this long: a new key is published well before it signs.
        return Response(
            200, "application/json", dict(endpoints.key_set()), {"Cache-Control": "public, max-age=300"}
        )


def _service(app: APIGatewayRestResolver, endpoints: Endpoints) -> None:
    cached_description = cache(partial(describe, app, endpoints.issuer))

    @app.get("/health", **describe_access(PUBLIC))
    def health() -> Health:
        """Return whether the function responds. It calls no AWS service."""
        return Health(status="ok")

    @app.get("/health/ready", **describe_access(IAM), responses={200: _READY, 503: _READY})
    def health_ready() -> Response[Ready]:
        """Check every dependency of the service."""
        result = ready(endpoints.checks, endpoints.telemetry)
        return Response(200 if result.status == "ready" else 503, "application/json", result)

    @app.get("/openapi.json", **describe_access(PUBLIC), include_in_schema=False)
    def description() -> Response[str]:
        return Response(
            200, "application/json", cached_description(), {"Cache-Control": "public, max-age=300"}
        )


def _request_context(
    app: APIGatewayRestResolver, endpoints: Endpoints, key: str | None = None
) -> RequestContext:
    return RequestContext(_caller(app), key, endpoints.random_nonce(), int(time.time()))


def _caller(app: APIGatewayRestResolver) -> str:
    context = app.current_event.raw_event["requestContext"]
    claims = (context.get("authorizer") or {}).get("claims")
    if claims:
        return str(claims["sub"])
    # `AROA…:session`. Two sessions of a role are two callers: one must not get the result of the other.
    return str((context.get("identity") or {}).get("user"))


def _signed_in(app: APIGatewayRestResolver) -> IdTokenUser:
    claims = app.current_event.raw_event["requestContext"]["authorizer"]["claims"]
    # API Gateway has checked the signature, the pool and the expiry. It does not reject access tokens.
    if claims.get("token_use") != "id":
        raise responses.not_an_id_token()
    auth_time = str(claims.get("auth_time", ""))
    return IdTokenUser(
        claims["cognito:username"],
        claims["sub"],
        claims["aud"],
        int(auth_time) if re.fullmatch("[0-9]{1,12}", auth_time) else 0,
    )
