"""The headers of every kind of response, compared one by one, because a missing header is not visible."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.hosted_in_memory import AUTHORIZATION_REQUEST, BACK, Browser, HostedSiteInMemory

OWN = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "otp-credentials=(self)",
    "Strict-Transport-Security": "max-age=31536000",
}
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
AFTER_A_FORM = "https://people.auth.eu-central-1.amazoncognito.com"
HTML = "text/html; charset=utf-8"


def with_sign_in() -> Browser:
    """A browser that Cognito has redirected to the page."""
    browser = HostedSiteInMemory().browser()
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    return browser


def unexpected_failure() -> dict[str, Any]:
    """The response to an unexpected error."""

    def fails() -> dict[str, Any]:
        raise OSError

    return Browser(replace(HostedSiteInMemory().site, key_set=fails)).get("/.well-known/jwks.json")


PAGES: dict[str, tuple[int, Callable[[], dict[str, Any]]]] = {
    "page": (200, lambda: with_sign_in().get("/sign-in")),
    "logged out": (200, lambda: HostedSiteInMemory().browser().get("/logout")),
    "no sign-in": (400, lambda: HostedSiteInMemory().browser().get("/sign-in")),
    "bad link": (400, lambda: HostedSiteInMemory().browser().get("/authorize", {})),
    "foreign form": (403, lambda: with_sign_in().post("/sign-in", {"do": "start", "csrf": ""})),
    "no such file": (404, lambda: HostedSiteInMemory().browser().get("/assets/other.css")),
    "no such path": (404, lambda: HostedSiteInMemory().browser().get("/other")),
    "unexpected failure": (503, unexpected_failure),
    "back to the app": (303, lambda: with_sign_in().submit("cancel")),
}


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_cannot_be_cached_or_framed_or_embedded(kind: str) -> None:
    status, ask = PAGES[kind]
    response = ask()
    assert response["statusCode"] == status
    headers = dict(response["headers"])
    policy = dict(part.strip().split(" ", 1) for part in headers.pop("Content-Security-Policy").split(";"))
    # Without form-action a browser would not follow the redirect after a form.
    assert policy.pop("form-action") == ("'self'" if status == 503 else f"'self' {AFTER_A_FORM}")
    assert policy == POLICY
    assert BACK.startswith(AFTER_A_FORM + "/")
    for name in ("Set-Cookie", "Location", "Retry-After"):
        headers.pop(name, None)
    assert headers == OWN | ({} if status == 303 else {"Content-Type": HTML})


def test_the_redirect_to_the_page_is_not_cached_and_sends_no_referrer() -> None:
    response = HostedSiteInMemory().browser().get("/authorize", AUTHORIZATION_REQUEST)
    headers = {name: value for name, value in response["headers"].items() if name != "Set-Cookie"}
    assert headers == {"Location": "sign-in"} | {
        name: OWN[name] for name in ("Cache-Control", "Referrer-Policy", "X-Content-Type-Options")
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.css", "text/css; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("brand.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_an_asset_has_its_content_type_and_runs_no_script_by_itself(name: str, kind: str) -> None:
    assert HostedSiteInMemory().browser().get(f"/assets/{name}")["headers"] == {
        "Content-Type": kind,
        "Cache-Control": "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
def test_responses_to_back_ends_cannot_be_cached(path: str) -> None:
    headers = HostedSiteInMemory().browser().post(path, {})["headers"]
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("name", ["openid-configuration", "jwks.json"])
def test_public_metadata_may_be_cached_for_five_minutes(name: str) -> None:
    assert HostedSiteInMemory().browser().get(f"/.well-known/{name}")["headers"] == {
        "Content-Type": "application/json",
        "Cache-Control": "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
    }
