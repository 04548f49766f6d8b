"""Malformed, oversized and too frequent requests to the token service."""

import pytest

from tests.support.live_token_api import Api, Request, unused_address
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

MEGABYTE = 1024 * 1024
POSTS = ["/createToken", "/verifyToken", "/step-up", "/step-up/verify", "/introspect"]
GETS = ["/.well-known/jwks.json", "/openapi.json", "/health", "/health/ready"]


@pytest.fixture
def api(local_stack: Stack) -> Api:
    return Api(local_stack)


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/createtoken", "/createToken/more", "/health/ready/x", "/%2e"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_refused(api: Api, method: str, path: str) -> None:
    before = api.invocations()
    for request in (api.request(method, path), api.request(method, path).signed()):
        response = request.send()
        assert (response.status, response.problem) == (403, "not-authorised")
    assert api.invocations() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "TRACE"])
def test_an_unknown_method_is_refused(api: Api, method: str) -> None:
    before = api.invocations()
    for path in POSTS + GETS:
        response = api.request(method, path).signed().send()
        assert (response.status, response.headers["content-type"]) == (403, "application/problem+json")
    assert api.invocations() == before


@pytest.mark.parametrize("path", ["/createToken", "/verifyToken", "/introspect"])
def test_a_body_of_ten_megabytes_is_refused(api: Api, path: str) -> None:
    before = api.invocations()
    response = api.post(path, b'{"email":"' + b"x" * 10 * MEGABYTE + b'"}')
    assert (response.status, response.problem) == (413, "too-large")
    assert len(response.text) < 500
    assert api.invocations() == before


def test_a_body_of_more_than_16_kib_is_refused(api: Api) -> None:
    to = unused_address()
    response = api.post("/createToken", f'{{"email": "{to}"{" " * 16_384}}}'.encode())
    assert (response.status, response.problem) == (413, "too-large")
    assert api.messages(to) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"email"',
        b"{'email': 'a@b.example'}",
        b'{"email": "a@people.example"} and more',
        b'{"email": NaN}',
        b"\xff\xfe{\x00}\x00",
        b'{"email": "\xc3("}',
        b"[" * 10_000,
        b'{"a":' * 5_000,
        b"email=a%40people.example",
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(api: Api, body: bytes) -> None:
    response = api.post("/createToken", body)
    assert (response.status, response.problem) == (400, "invalid-request")
    assert "people.example" not in response.text


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "canary",
    ],
)
def test_another_content_type_is_refused_even_with_json(api: Api, kind: str) -> None:
    to = unused_address()
    request = Request(
        "POST", f"{api.url}/createToken", f'{{"email": "{to}"}}'.encode(), {"Content-Type": kind}
    )
    response = request.signed().send()
    assert (response.status, response.problem) == (400, "invalid-request")
    assert "canary" not in response.text
    assert api.messages(to) == []


def test_json_in_chunks_is_accepted(api: Api) -> None:
    request = api.request("POST", "/createToken", {"email": unused_address()}).signed()
    assert request.send(iter([request.body[:7], request.body[7:]])).status == 200


def test_the_detail_of_an_invalid_field_is_a_text_of_this_project(api: Api) -> None:
    response = api.post("/createToken", {"email": unused_address(), "purpose": "two\nlines"})
    assert (response.problem, response.body["detail"]) == (
        "invalid-request",
        "`purpose`: must not have line breaks or invisible characters.",
    )


@pytest.mark.parametrize("path", POSTS[:2])
def test_a_burst_over_the_limit_is_refused_with_the_wait(api: Api, path: str) -> None:
    with api.limits(1, 2):
        responses = (api.post(path, {"verification_code": "x"}) for _ in range(50))
        response = next(response for response in responses if response.status == 429)
    assert (response.problem, response.headers["retry-after"]) == ("throttled", "1")


@pytest.mark.parametrize("path", ["/health", "/.well-known/jwks.json"])
def test_public_paths_have_a_rate_limit_too(api: Api, path: str) -> None:
    with api.limits(1, 2):
        response = next(response for response in (api.get(path) for _ in range(50)) if response.status != 200)
    assert (response.status, response.problem, response.headers["retry-after"]) == (429, "throttled", "1")
