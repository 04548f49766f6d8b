"""Cookies, forms, tokens and headers of a browser's requests and responses."""

import pytest

from passcode.hosted.requests import bearer_of, cookie_of, form_of, page_headers, set_cookie
from passcode.hosted.state import csrf_of, key_of_cookie, version_of

COOKIE = "A" * 43


def event(**headers: list[str]) -> dict[str, object]:
    return {"multiValueHeaders": {name.replace("_", "-"): values for name, values in headers.items()}}


def test_the_cookie_is_read_among_others() -> None:
    assert cookie_of(event(Cookie=[f"a=b; __Host-sign-in={COOKIE}; c=d"])) == COOKIE


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [f"__Host-sign-in={COOKIE}; __Host-sign-in={'B' * 43}"],
        [f"__Host-sign-in={COOKIE}", f"__Host-sign-in={COOKIE}"],
        [f"__Secure-sign-in={COOKIE}"],
        [f"__Host-sign-in={COOKIE}A"],
        ["__Host-sign-in=../../etc/passwd"],
        [f'__Host-sign-in="{COOKIE}"'],
    ],
)
def test_anything_but_exactly_one_valid_cookie_is_ignored(lines: list[str]) -> None:
    assert cookie_of(event(cookie=lines)) is None


def test_the_cookie_is_limited_to_this_host_and_to_tls_and_hidden_from_scripts() -> None:
    attributes = set(set_cookie(COOKIE, 900).split("; "))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900"} <= attributes
    assert not any(attribute.startswith("Domain") for attribute in attributes)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("do=start&do=answer", "application/x-www-form-urlencoded"),
        ("do", "application/x-www-form-urlencoded"),
        ('{"do": "start"}', "application/json"),
        ("do=start", "text/plain"),
        ("do=" + "x" * 9_000, "application/x-www-form-urlencoded"),
        ("&".join(f"f{i}=1" for i in range(30)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_malformed_form_is_refused(body: str, kind: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - parse_qs raises other texts
        form_of(event(content_type=[kind]) | {"body": body})


def test_a_form_is_read() -> None:
    request = event(content_type=["application/x-www-form-urlencoded; charset=utf-8"]) | {
        "body": "do=start&user_name=a%40b"
    }
    assert form_of(request) == {"do": "start", "user_name": "a@b"}


def test_a_request_with_exactly_one_bearer_token_is_read() -> None:
    assert bearer_of(event(authorization=["Bearer abc"])) == "abc"
    assert bearer_of(event(authorization=["Basic abc"])) == ""
    assert bearer_of(event(authorization=["Bearer a", "Bearer b"])) == ""


def test_forms_may_redirect_only_to_the_redirect_uris() -> None:
    places = ["https://a.example/x", "https://a.example/y", "http://127.0.0.1:8400/cb", "myapp://cb"]
    policy = page_headers(places)
    directives = dict(part.strip().split(" ", 1) for part in policy["Content-Security-Policy"].split(";"))
    assert directives["form-action"] == "'self' http://127.0.0.1:8400 https://a.example myapp:"
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["Content-Security-Policy"]
    assert policy["Cache-Control"] == "no-store"


def test_the_csrf_token_and_the_key_are_derived_from_the_cookie_and_do_not_contain_it() -> None:
    assert COOKIE not in csrf_of(COOKIE, 3)
    assert COOKIE not in key_of_cookie(COOKIE)
    assert version_of(COOKIE, csrf_of(COOKIE, 3)) == 3


MALFORMED = ["", "3", "3.", ".", "-1.x", "\u0663.x", "9" * 99]
FOREIGN = ["4." + csrf_of(COOKIE, 3)[2:], csrf_of("B" * 43, 3)]


@pytest.mark.parametrize("word", [*MALFORMED, *FOREIGN])
def test_a_csrf_token_of_another_sign_in_or_version_is_refused(word: str) -> None:
    assert version_of(COOKIE, word) is None
