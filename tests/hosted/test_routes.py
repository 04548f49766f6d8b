"""The paths of the hosted sign-in, with the events of API Gateway: from Cognito's request to its tokens."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted import pages, routes
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import NOW, FixedClock
from tests.support.hosted_in_memory import (
    AUTHORIZATION_REQUEST,
    BACK,
    ISSUER,
    RIGHT,
    SECRET,
    Browser,
    HostedSiteInMemory,
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "time", FixedClock(NOW))


def signed_in(browser: Browser) -> str:
    """Sign in. Returns the code in the redirect to Cognito."""
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    browser.submit("start", user_name="ann@example.com")
    left = browser.submit("answer", code=RIGHT)
    assert left["statusCode"] == 303
    return str(parse_qs(urlsplit(left["headers"]["Location"]).query)["code"][0])


def exchanged(browser: Browser, code: str) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "client_id": "cognito", "client_secret": SECRET}
    return browser.post("/token", form | {"redirect_uri": BACK, "code": code})


def test_a_sign_in_leads_from_cognitos_request_to_its_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    site = HostedSiteInMemory()
    code = signed_in(site.browser())
    token_response = exchanged(site.browser(), code)
    assert token_response["statusCode"] == 200
    assert token_response["headers"]["Cache-Control"] == "no-store"
    token = json.loads(token_response["body"])["access_token"]
    claims = site.browser().get("/userinfo", Authorization=f"Bearer {token}")
    assert json.loads(claims["body"])["email_verified"] is True
    monkeypatch.setattr(routes, "time", FixedClock(NOW + 16))
    assert exchanged(site.browser(), code)["statusCode"] == 400


def test_no_page_can_be_cached_or_framed_or_sends_a_referrer() -> None:
    browser = HostedSiteInMemory().browser()
    signed_in(browser)
    pages = [
        response
        for response in browser.seen
        if response["headers"].get("Content-Type", "").startswith("text/html")
    ]
    assert pages
    for page in pages:
        assert page["headers"]["Cache-Control"] == "no-store"
        assert page["headers"]["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in page["headers"]["Content-Security-Policy"]


def test_only_the_last_redirect_has_parameters_of_the_sign_in() -> None:
    browser = HostedSiteInMemory().browser()
    signed_in(browser)
    places = [response["headers"]["Location"] for response in browser.seen if response["statusCode"] == 303]
    assert places[:-1] == ["sign-in"] * (len(places) - 1)


def test_the_end_of_the_sign_in_deletes_the_cookie() -> None:
    browser = HostedSiteInMemory().browser()
    signed_in(browser)
    assert "Max-Age=0" in browser.seen[-1]["headers"]["Set-Cookie"]


@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_a_form_without_its_csrf_token_is_refused(csrf: str) -> None:
    site = HostedSiteInMemory()
    browser = site.browser()
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    response = browser.post("/sign-in", {"do": "start", "csrf": csrf, "user_name": "ann"})
    assert response["statusCode"] == 403
    assert site.hosted_page.pool.calls == []


def test_a_form_without_the_cookie_is_refused() -> None:
    site = HostedSiteInMemory()
    owner, thief = site.browser(), site.browser()
    owner.get("/authorize", AUTHORIZATION_REQUEST)
    csrf = re.search(r'name="csrf" value="([^"]+)"', owner.get("/sign-in")["body"])
    assert csrf
    response = thief.post("/sign-in", {"do": "start", "csrf": csrf[1], "user_name": "ann"})
    assert response["statusCode"] == 400
    assert site.hosted_page.pool.calls == []


def test_a_form_of_an_older_window_is_refused_and_the_newer_sign_in_continues() -> None:
    site = HostedSiteInMemory()
    browser = site.browser()
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    old = re.search(r'name="csrf" value="([^"]+)"', browser.get("/sign-in")["body"])
    assert old
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    assert browser.post("/sign-in", {"do": "start", "csrf": old[1], "user_name": "ann"})["statusCode"] == 403
    browser.submit("start", user_name="ann")
    assert browser.submit("answer", code=RIGHT)["headers"]["Location"].startswith(BACK)


def test_a_request_with_a_foreign_redirect_uri_gets_an_error_page() -> None:
    response = (
        HostedSiteInMemory()
        .browser()
        .get("/authorize", AUTHORIZATION_REQUEST | {"redirect_uri": ["https://evil.example"]})
    )
    assert response["statusCode"] == 400
    assert "Location" not in response["headers"]
    assert "evil.example" not in response["body"]


def test_an_invalid_request_is_redirected_with_its_error() -> None:
    response = HostedSiteInMemory().browser().get("/authorize", AUTHORIZATION_REQUEST | {"scope": ["email"]})
    assert response["headers"]["Location"].startswith(f"{BACK}?error=invalid_scope&state=the%20state")


def test_a_level_that_the_page_does_not_reach_is_redirected_with_its_error() -> None:
    browser = HostedSiteInMemory().browser()
    request = AUTHORIZATION_REQUEST | {"acr_values": ["urn:cognito:loa:4 urn:cognito:loa:3"]}
    response = browser.get("/authorize", request)
    unmet = "unmet_authentication_requirements"
    assert response["headers"]["Location"].startswith(f"{BACK}?error={unmet}&state=the%20state")
    assert browser.cookie == ""


def test_requests_without_a_sign_in_get_an_error_or_the_logout_page() -> None:
    assert HostedSiteInMemory().browser().get("/sign-in")["statusCode"] == 400
    assert HostedSiteInMemory().browser().get("/logout")["statusCode"] == 200
    assert HostedSiteInMemory().browser().get("/userinfo")["headers"]["WWW-Authenticate"] == "Bearer"


def test_a_token_request_that_is_not_a_form_is_refused() -> None:
    response = (
        HostedSiteInMemory()
        .browser()
        ._send("POST", "/token", {"Content-Type": "application/json"}, body="{}")
    )
    assert (response["statusCode"], json.loads(response["body"])) == (400, {"error": "invalid_request"})


def test_a_failed_dependency_gives_no_tokens_and_reveals_no_code() -> None:
    site = HostedSiteInMemory(users=RecordingClient(admin_get_user=refused_by_aws("InternalErrorException")))
    response = exchanged(site.browser(), signed_in(site.browser()))
    assert response["statusCode"] == 503
    assert "123456" not in response["body"]


def test_only_the_assets_of_the_page_are_served() -> None:
    browser = HostedSiteInMemory().browser()
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    page = browser.get("/sign-in")["body"]
    names = set(re.findall(r"assets/([\w.]+)", page))
    assert {"page.css", "page.js"} <= names
    for name in names:
        version = re.search(re.escape(name) + r"\?v=(\w+)", page)
        assert version
        kept = browser.get(f"/assets/{name}", v=version[1])
        assert (kept["statusCode"], "immutable" in kept["headers"]["Cache-Control"]) == (200, True)
        other = browser.get(f"/assets/{name}", v="of-another-build")
        assert (other["statusCode"], "immutable" in other["headers"]["Cache-Control"]) == (200, False)
    for name in ("logo", "..", "page.py", "pages.py", "en.json", ""):
        assert browser.get(f"/assets/{name}")["statusCode"] == 404


def test_unknown_asset_names_do_not_fill_the_cache() -> None:
    browser = HostedSiteInMemory().browser()
    before = pages.version.cache_info().currsize
    for number in range(20):
        assert browser.get(f"/assets/{number}.css", v="1")["statusCode"] == 404
    assert pages.version.cache_info().currsize == before


def test_the_discovery_document_and_the_keys_are_public() -> None:
    browser = HostedSiteInMemory().browser()
    described = json.loads(browser.get("/.well-known/openid-configuration")["body"])
    assert described["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
    # The page of this site asks for no password.
    assert described["acr_values_supported"] == ["urn:cognito:loa:2"]
    assert json.loads(browser.get("/.well-known/jwks.json")["body"]) == {"keys": []}


@pytest.mark.parametrize(
    ("languages", "locale"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB", "en"),
        ("fi,nb;q=0.1,*;q=0.5", ""),
        ("", ""),
    ],
)
def test_a_message_gets_the_language_of_the_page_if_the_browser_asks_for_it(
    languages: str, locale: str
) -> None:
    site = HostedSiteInMemory()
    browser = site.browser()
    browser.languages = languages
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    browser.submit("start", user_name="ann@example.com")
    browser.submit("resend")
    assert site.hosted_page.pool.locales == [locale, locale]
