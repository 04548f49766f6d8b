"""Invalid input gets 400 or 413 with a text for the developer, and has no effect."""

import json
from typing import Any

import pytest

from passcode.confirmation import responses
from tests.support.api_gateway_events import USER, event_of
from tests.support.token_api_in_memory import Api, ApiOutput

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


def send_refused_request(api: Api, path: str, body: object, **more: Any) -> str:
    """Send an invalid request. Returns the detail of the problem."""
    response = api.call("POST", path, body, context={"authorizer": {"claims": USER}}, **more)
    assert (response.status, response.problem) == (400, "invalid-request")
    assert MARK not in str(response)
    assert api.queued == []
    assert api.kms.calls == []
    return str(response.body["detail"])


@pytest.mark.parametrize(
    "body",
    [
        *(None, "", "{", "{]", "nul", "null", "true", "1", '"M4RK"', "[]", '["M4RK"]', "M4RK", "\ufeff{}"),
        *('{"email":"a@b.example"} {"M4RK":1}', "{'email': 'a@b.example'}", '{"email": "M4RK\n"}'),
        *("[" * 16_000, '{"a":' * 3_000, "\x00", '{"email":' + "9" * 5_000 + "}", "\ud800"),
    ],
)
@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_is_no_json_object_is_refused(
    api: Api, output: ApiOutput, path: str, body: str | None
) -> None:
    assert send_refused_request(api, path, body)
    assert "errors" not in dict(output.metrics()), "a caller's mistake must fire no alarm"


@pytest.mark.parametrize(
    "media_type",
    [
        *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/json"),
        *("application/xml", "application/octet-stream", "M4RK", ""),
    ],
)
@pytest.mark.parametrize("body", ['{"email":"ann@example.com"}', "email=ann@example.com", None])
def test_a_body_of_another_media_type_is_refused(api: Api, media_type: str, body: str | None) -> None:
    for path in ("/createToken", "/step-up"):
        assert "application/json" in send_refused_request(
            api, path, body, headers={"content-type": media_type}
        )


FORM = '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nann@example.com\r\n--x--\r\n'


def test_a_form_is_refused_even_with_two_content_types(api: Api) -> None:
    send_refused_request(
        api, "/createToken", FORM, headers={"content-type": "multipart/form-data; boundary=x"}
    )
    for first in ("", "application/json"):
        named = {"content-type": first, "Content-Type": "multipart/form-data; boundary=x"}
        send_refused_request(api, "/createToken", FORM, headers=named)


@pytest.mark.parametrize("name", ["Content-Type", "CONTENT-TYPE"])
def test_a_media_type_may_have_a_charset_and_its_header_any_case(api: Api, name: str) -> None:
    event = {"headers": {name: "application/json; charset=utf-8"}}
    assert api.call("POST", "/createToken", GOOD["/createToken"], **event).status == 200


@pytest.mark.parametrize("headers", [None, {}])
def test_a_body_without_a_media_type_is_read_as_json(api: Api, headers: dict[str, str] | None) -> None:
    event = event_of("POST", "/createToken", GOOD["/createToken"])
    event |= {"headers": headers, "multiValueHeaders": headers}
    assert responses.respond(api.app, event, None, api.telemetry)["statusCode"] == 200


def test_an_event_of_another_service_gets_503(api: Api, output: ApiOutput) -> None:
    for event in ({}, {"httpMethod": "POST"}):
        assert responses.respond(api.app, event, None, api.telemetry)["statusCode"] == 503
    assert [name for name, _ in output.metrics()] == ["errors"] * 2


@pytest.mark.parametrize("body", ["%%%", "/////w=="])
def test_an_invalid_base64_body_is_refused(api: Api, body: str) -> None:
    assert send_refused_request(api, "/createToken", body, isBase64Encoded=True)


@pytest.mark.parametrize("path", [*POSTS, "/nowhere"])
def test_a_body_over_the_size_limit_is_not_parsed(api: Api, path: str) -> None:
    limit = 16_384 - len('{"email":""}')
    for size, status in ((limit + 1, 413), (10_000_000, 413)):
        response = api.call("POST", path, f'{{"email":"{"x" * size}"}}')
        assert (response.status, response.problem) == (status, "too-large")
    assert api.call("POST", path, f'{{"email":"{"x" * limit}"}}').status in (400, 404)


WRONG: list[Any] = [True, 0, 1, 1.5, [], [MARK], ["a@b.example"], {}, {MARK: 1}, MARK * 2_000, "\ud800"]


@pytest.mark.parametrize("path", POSTS)
def test_a_field_may_be_in_a_body_once_only(api: Api, path: str) -> None:
    """A proxy that checks the first of two addresses would not stop a code to the second one."""
    for name, value in (GOOD[path] or {"purpose": "pay"}).items():
        member = f"{json.dumps(name)}:{json.dumps(value)}"
        rest = json.dumps(GOOD[path] | {name: value}).removeprefix("{")
        for body in (f"{{{member},{rest}", f'{{"purpose":{{"a":1,"a":2}},{rest}'):
            assert send_refused_request(api, path, body) == (
                "The body has a field twice. Send each field once."
            )


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_a_field_of_another_type_is_refused(api: Api, path: str, field: str) -> None:
    for value in WRONG:
        assert f"`{field}`" in send_refused_request(api, path, GOOD[path] | {field: value})


@pytest.mark.parametrize(
    ("path", "field"),
    [
        *(("/createToken", "purpose"), ("/step-up", "purpose"), ("/introspect", "proof")),
        *(("/verifyToken", "verification_code"), ("/step-up/verify", "verification_code")),
    ],
)
def test_null_is_refused_for_a_field(api: Api, path: str, field: str) -> None:
    assert f"`{field}`" in send_refused_request(api, path, GOOD[path] | {field: None})


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("field", [MARK, "sub", "subjects", "Email", "code", "verificationCode", "__class__"])
def test_an_unknown_field_is_refused(api: Api, path: str, field: str) -> None:
    assert "unknown field" in send_refused_request(api, path, GOOD[path] | {field: MARK})


@pytest.mark.parametrize("path", POSTS)
def test_the_problem_names_the_missing_field(api: Api, path: str) -> None:
    for field in GOOD[path]:
        assert f"`{field}`" in send_refused_request(
            api, path, {f: v for f, v in GOOD[path].items() if f != field} or {}
        )


def test_a_request_needs_an_email_address_or_a_phone_number(api: Api) -> None:
    for body in ({}, {"email": ""}, {"email": None, "phone_number": None}, {"channel": "sms"}):
        assert "`email` or `phone_number`" in send_refused_request(api, "/createToken", body)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", [*POSTS, "/", "", "/createtoken", "/nowhere/M4RK", "/createToken/../health"])
def test_other_methods_and_paths_get_404(api: Api, method: str, path: str) -> None:
    """CORS is off, so OPTIONS gets the same response as other unknown methods."""
    response = api.call(method, path, GOOD["/createToken"])
    assert (response.status, response.problem, api.queued) == (404, "not-found", [])
    assert MARK not in str(response)
    assert not [name for name in response.headers if name.startswith("access-control")]
