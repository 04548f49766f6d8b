"""Callers that API Gateway refuses. Their requests do not reach the function."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import jwt
import pytest
from botocore.credentials import Credentials

from tests.support.live_sign_in import code_only
from tests.support.live_token_api import ADMINISTRATOR, Api, ApiResponse, Request, unused_address
from tests.support.users import User
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

CANARY = "canary"
BODY = {"email": f"{CANARY}@people.example", "purpose": CANARY}
SIGNED = ["/createToken", "/verifyToken", "/introspect"]


@pytest.fixture
def api(local_stack: Stack) -> Api:
    return Api(local_stack)


@contextmanager
def nothing_invoked(api: Api) -> Iterator[None]:
    """Check that the requests in the block do not reach the function and cause no message."""
    before = api.invocations()
    yield
    assert api.invocations() == before
    assert api.messages(BODY["email"]) == []


def assert_refused(response: ApiResponse, status: int) -> None:
    """Check that the response is a problem document that repeats nothing of the request."""
    assert (response.status, response.problem) == (status, "not-authorised")
    assert CANARY not in response.text
    assert not any(CANARY in value for value in response.headers.values())
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", SIGNED)
def test_a_request_without_a_valid_signature_is_refused(
    api: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    preflight = api.request("POST", path, BODY)
    other_body = {"email": f"{CANARY}@people.example", "purpose": f"{CANARY} 2"}
    invalid = {
        "unsigned": preflight,
        "another secret": preflight.signed(Credentials("test", "not the secret")),
        "an unknown key": preflight.signed(Credentials("AKIAIOSFODNN7EXAMPLE", "a secret")),
        "another service": preflight.signed(service="sts"),
        "another region": preflight.signed(region="eu-west-1"),
        "another address": Request(
            "POST", api.url + path, preflight.body, api.request("POST", "/", BODY).signed().headers
        ),
        "no signature": api.request("POST", path, BODY, authorization=f"AWS4-HMAC-SHA256 {CANARY}"),
        "a password": api.request("POST", path, BODY, authorization=f"Basic {CANARY}"),
    }
    late = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=20)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: late)
    invalid["an old signature"] = preflight.signed()
    monkeypatch.undo()
    with nothing_invoked(api):
        for request in invalid.values():
            assert_refused(request.send(), 403)
        assert_refused(preflight.signed().send(api.request("POST", path, other_body).body), 403)
        assert_refused(preflight.signed().send(iter([preflight.body[:5], preflight.body[5:-1], b" }"])), 403)


def test_a_permission_is_limited_to_one_path(api: Api) -> None:
    no_rights, another, right = api.principal(), api.principal("/verifyToken"), api.principal("/createToken")
    with nothing_invoked(api):
        for who in (no_rights, another):
            assert_refused(api.request("POST", "/createToken", BODY).signed(who).send(), 403)
        assert_refused(api.request("POST", "/introspect", {"proof": CANARY}).signed(right).send(), 403)
    to = unused_address()
    assert api.request("POST", "/createToken", {"email": to}).signed(right).send().status == 200


@pytest.mark.parametrize("path", ["/step-up", "/step-up/verify"])
def test_only_a_valid_id_token_of_the_pool_is_accepted(
    api: Api, path: str, new_user: Callable[..., User], code_for: Callable[..., str]
) -> None:
    user = new_user()
    tokens = code_only(api.stack).start(user.email).answer(code_for(user.email)).tokens
    head, claims, signature = tokens["IdToken"].split(".")
    unfit = {
        "garbled": f"{CANARY}.{CANARY}.{CANARY}",
        "none": "",
        "the access token": tokens["AccessToken"],
        "the refresh token": tokens["RefreshToken"],
        "another signature": f"{head}.{claims}.{signature[::-1]}",
        "no signature": jwt.encode(
            jwt.decode(tokens["IdToken"], options={"verify_signature": False}), "", "none"
        ),
        "of another pool": foreign_token(api.stack),
    }
    body = {} if path == "/step-up" else {"token": CANARY, "verification_code": "123456"}
    with nothing_invoked(api), expired_token(api.stack, user) as expired:
        for token in [*unfit.values(), expired]:
            assert_refused(api.as_user(token, path, body), 401)
        assert_refused(api.request("POST", path, body).signed(ADMINISTRATOR).send(), 401)
    assert api.as_user(tokens["IdToken"], "/step-up", {}).status == 200


def test_cross_origin_requests_are_refused(api: Api) -> None:
    """CORS is off: no response, with or without an error, allows an origin to read it."""
    origin = "https://evil.example"
    preflight = {"origin": origin, "access_control_request_method": "POST"}
    for path in [*SIGNED, "/step-up", "/health", "/.well-known/jwks.json"]:
        assert_refused(api.request("OPTIONS", path, None, **preflight).send(), 403)
    good = [
        api.post("/createToken", {"email": unused_address()}, origin=origin),
        api.request("GET", "/health", None, origin=origin).send(),
    ]
    for response in good:
        assert response.status == 200
        assert not [name for name in response.headers if name.startswith("access-control")]


def foreign_token(stack: Stack) -> str:
    """The ID token of a user of another pool."""
    cognito = stack.client("cognito-idp")
    pool: str = cognito.create_user_pool(PoolName="foreign")["UserPool"]["Id"]
    try:
        cognito.admin_create_user(UserPoolId=pool, Username="eve", MessageAction="SUPPRESS")
        return _by_password(cognito, pool, "eve", _client(cognito, pool, 3600))
    finally:
        cognito.delete_user_pool(UserPoolId=pool)


@contextmanager
def expired_token(stack: Stack, user: User) -> Iterator[str]:
    """An ID token of `user` that has just expired."""
    cognito, pool = stack.client("cognito-idp"), stack.user_pool_id
    client = _client(cognito, pool, 1)
    try:
        token = _by_password(cognito, pool, user.email, client)
        ends = jwt.decode(token, options={"verify_signature": False})["exp"]
        while time.time() < ends + 1:
            time.sleep(0.05)
        yield token
    finally:
        cognito.delete_user_pool_client(UserPoolId=pool, ClientId=client)


def _client(cognito: Any, pool: str, life: int) -> str:
    made: str = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="test client",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        IdTokenValidity=life,
        TokenValidityUnits={"IdToken": "seconds"},
    )["UserPoolClient"]["ClientId"]
    return made


def _by_password(cognito: Any, pool: str, name: str, client: str) -> str:
    password = "Correct horse 1!"
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    response = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    token: str = response["AuthenticationResult"]["IdToken"]
    return token
