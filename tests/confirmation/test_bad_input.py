"""What cannot be read is the caller's to mend: 400 or 413, in words, and nothing happens."""

import json
from typing import Any

import pytest

from passcode.confirmation import responses
from tests.support.api_gateway_events import USER, event_of
from tests.support.token_api_world import Api, Said

MARK = "M4RK"
POSTS = ["/createToken", "/verifyToken", "/step-up", "/step-up/verify", "/introspect"]
GOOD: dict[str, dict[str, Any]] = {
    "/createToken": {"email": "ann@example.com"},
    "/verifyToken": {"token": "t", "verification_code": "123456"},
    "/step-up": {},
    "/step-up/verify": {"token": "t", "verification_code": "123456"},
    "/introspect": {"proof": "p"},
}
FIELDS = [
    *(
        ("/createToken", name)
        for name in ("email", "phone_number", "channel", "purpose", "locale", "audience")
    ),
    *(("/verifyToken", name) for name in ("token", "verification_code")),
    *(("/step-up", name) for name in ("channel", "purpose", "audience")),
    *(("/step-up/verify", name) for name in ("token", "verification_code")),
    *(("/introspect", name) for name in ("proof", "audience", "purpose")),
]


def refused(api: Api, path: str, body: object, **more: Any) -> str:
    """Send what cannot be read; the sentence that comes back."""
    answer = api.call("POST", path, body, context={"authorizer": {"claims": USER}}, **more)
    assert (answer.status, answer.problem) == (400, "invalid-request")
    assert MARK not in str(answer)
    assert api.queued == []
    assert api.kms.calls == []
    return str(answer.body["detail"])


@pytest.mark.parametrize(
    "body",
    [
        *(None, "", "{", "{]", "nul", "null", "true", "1", '"M4RK"', "[]", '["M4RK"]', "M4RK", "\ufeff{}"),
        *('{"email":"a@b.example"} {"M4RK":1}', "{'email': 'a@b.example'}", '{"email": "M4RK\n"}'),
        *("[" * 16_000, '{"a":' * 3_000, "\x00", '{"email":' + "9" * 5_000 + "}", "\ud800"),
    ],
)
@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_is_no_json_object(api: Api, said: Said, path: str, body: str | None) -> None:
    assert refused(api, path, body)
    assert "errors" not in dict(said.metrics()), "nobody is woken up by a caller's mistake"


@pytest.mark.parametrize(
    "media_type",
    [
        *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/json"),
        *("application/xml", "application/octet-stream", "M4RK", ""),
    ],
)
@pytest.mark.parametrize("body", ['{"email":"ann@example.com"}', "email=ann@example.com", None])
def test_a_body_of_another_media_type(api: Api, media_type: str, body: str | None) -> None:
    for path in ("/createToken", "/step-up"):
        assert "application/json" in refused(api, path, body, headers={"content-type": media_type})


FORM = '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nann@example.com\r\n--x--\r\n'


def test_a_form_is_no_way_round(api: Api) -> None:
    refused(api, "/createToken", FORM, headers={"content-type": "multipart/form-data; boundary=x"})
    for first in ("", "application/json"):
        named = {"content-type": first, "Content-Type": "multipart/form-data; boundary=x"}
        refused(api, "/createToken", FORM, headers=named)


@pytest.mark.parametrize("name", ["Content-Type", "CONTENT-TYPE"])
def test_a_media_type_may_have_a_charset_and_its_header_any_case(api: Api, name: str) -> None:
    event = {"headers": {name: "application/json; charset=utf-8"}}
    assert api.call("POST", "/createToken", GOOD["/createToken"], **event).status == 200


@pytest.mark.parametrize("headers", [None, {}])
def test_json_is_what_a_body_without_a_media_type_is_taken_for(
    api: Api, headers: dict[str, str] | None
) -> None:
    event = event_of("POST", "/createToken", GOOD["/createToken"])
    event |= {"headers": headers, "multiValueHeaders": headers}
    assert responses.respond(api.app, event, None, api.telemetry)["statusCode"] == 200


def test_an_event_that_is_none_of_api_gateways_breaks_nothing(api: Api, said: Said) -> None:
    for event in ({}, {"httpMethod": "POST"}):
        assert responses.respond(api.app, event, None, api.telemetry)["statusCode"] == 503
    assert [name for name, _ in said.metrics()] == ["errors"] * 2


@pytest.mark.parametrize("body", ["%%%", "/////w=="])
def test_a_binary_body_that_is_none(api: Api, body: str) -> None:
    assert refused(api, "/createToken", body, isBase64Encoded=True)


@pytest.mark.parametrize("path", [*POSTS, "/nowhere"])
def test_a_body_longer_than_any_of_use_is_not_even_read(api: Api, path: str) -> None:
    room = 16_384 - len('{"email":""}')
    for size, status in ((room + 1, 413), (10_000_000, 413)):
        answer = api.call("POST", path, f'{{"email":"{"x" * size}"}}')
        assert (answer.status, answer.problem) == (status, "too-large")
    assert api.call("POST", path, f'{{"email":"{"x" * room}"}}').status in (400, 404)


WRONG: list[Any] = [True, 0, 1, 1.5, [], [MARK], ["a@b.example"], {}, {MARK: 1}, MARK * 2_000, "\ud800"]


@pytest.mark.parametrize("path", POSTS)
def test_a_field_may_be_in_a_body_once_only(api: Api, path: str) -> None:
    """A proxy that checks the first of two addresses would let through a code to the second one."""
    for name, value in (GOOD[path] or {"purpose": "pay"}).items():
        member = f"{json.dumps(name)}:{json.dumps(value)}"
        rest = json.dumps(GOOD[path] | {name: value}).removeprefix("{")
        for body in (f"{{{member},{rest}", f'{{"purpose":{{"a":1,"a":2}},{rest}'):
            assert refused(api, path, body) == (
                "There is a field that is in the request twice. Send each field once."
            )


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_a_field_of_another_type(api: Api, path: str, field: str) -> None:
    for value in WRONG:
        assert f"`{field}`" in refused(api, path, GOOD[path] | {field: value})


@pytest.mark.parametrize(
    ("path", "field"),
    [
        *(("/createToken", "purpose"), ("/step-up", "purpose"), ("/introspect", "proof")),
        *(("/verifyToken", "verification_code"), ("/step-up/verify", "verification_code")),
    ],
)
def test_a_null_is_no_value(api: Api, path: str, field: str) -> None:
    assert f"`{field}`" in refused(api, path, GOOD[path] | {field: None})


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("field", [MARK, "sub", "subjects", "Email", "code", "verificationCode", "__class__"])
def test_an_unknown_field_is_refused(api: Api, path: str, field: str) -> None:
    assert "not known" in refused(api, path, GOOD[path] | {field: MARK})


@pytest.mark.parametrize("path", POSTS)
def test_an_endpoint_that_needs_something_says_what(api: Api, path: str) -> None:
    for field in GOOD[path]:
        assert f"`{field}`" in refused(api, path, {f: v for f, v in GOOD[path].items() if f != field} or {})


def test_both_addresses_may_not_be_missing_or_empty(api: Api) -> None:
    for body in ({}, {"email": ""}, {"email": None, "phone_number": None}, {"channel": "sms"}):
        assert "`email` or `phone_number`" in refused(api, "/createToken", body)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", [*POSTS, "/", "", "/createtoken", "/nowhere/M4RK", "/createToken/../health"])
def test_nothing_is_anywhere_else(api: Api, method: str, path: str) -> None:
    """CORS is off: an OPTIONS is answered as any other method that is not there."""
    answer = api.call(method, path, GOOD["/createToken"])
    assert (answer.status, answer.problem, api.queued) == (404, "not-found", [])
    assert MARK not in str(answer)
    assert not [name for name in answer.headers if name.startswith("access-control")]
