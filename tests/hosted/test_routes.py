"""The paths of the hosted sign-in, with the events of API Gateway: from Cognito's request to its tokens."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted import pages, routes
from tests.support.aws_stubs import Wire, refused_by_aws
from tests.support.events import NOW, Clock
from tests.support.hosted_world import (
    BACK,
    GIVEN,
    ISSUER,
    RIGHT,
    SECRET,
    Browser,
    Place,
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "time", Clock(NOW))


def signed_in(browser: Browser) -> str:
    """Sign in. Returns the code in the redirect to Cognito."""
    browser.get("/authorize", GIVEN)
    browser.submit("start", user_name="ann@example.com")
    left = browser.submit("answer", code=RIGHT)
    assert left["statusCode"] == 303
    return str(parse_qs(urlsplit(left["headers"]["Location"]).query)["code"][0])


def exchanged(browser: Browser, code: str) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "client_id": "cognito", "client_secret": SECRET}
    return browser.post("/token", form | {"redirect_uri": BACK, "code": code})


def test_a_sign_in_leads_from_cognitos_request_to_its_tokens() -> None:
    place = Place()
    code = signed_in(place.browser())
    given = exchanged(place.browser(), code)
    assert given["statusCode"] == 200
    assert given["headers"]["Cache-Control"] == "no-store"
    token = json.loads(given["body"])["access_token"]
    claims = place.browser().get("/userinfo", Authorization=f"Bearer {token}")
    assert json.loads(claims["body"])["email_verified"] is True
    assert exchanged(place.browser(), code)["statusCode"] == 400


def test_no_page_can_be_cached_or_framed_or_sends_a_referrer() -> None:
    browser = Place().browser()
    signed_in(browser)
    pages = [
        answer for answer in browser.seen if answer["headers"].get("Content-Type", "").startswith("text/html")
    ]
    assert pages
    for page in pages:
        assert page["headers"]["Cache-Control"] == "no-store"
        assert page["headers"]["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in page["headers"]["Content-Security-Policy"]


def test_only_the_last_redirect_has_parameters_of_the_sign_in() -> None:
    browser = Place().browser()
    signed_in(browser)
    places = [answer["headers"]["Location"] for answer in browser.seen if answer["statusCode"] == 303]
    assert places[:-1] == ["sign-in"] * (len(places) - 1)


def test_the_end_of_the_sign_in_deletes_the_cookie() -> None:
    browser = Place().browser()
    signed_in(browser)
    assert "Max-Age=0" in browser.seen[-1]["headers"]["Set-Cookie"]


@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_a_form_without_its_csrf_token_is_refused(csrf: str) -> None:
    place = Place()
    browser = place.browser()
    browser.get("/authorize", GIVEN)
    answer = browser.post("/sign-in", {"do": "start", "csrf": csrf, "user_name": "ann"})
    assert answer["statusCode"] == 403
    assert place.world.pool.calls == []


def test_a_form_without_the_cookie_is_refused() -> None:
    place = Place()
    owner, thief = place.browser(), place.browser()
    owner.get("/authorize", GIVEN)
    csrf = re.search(r'name="csrf" value="([^"]+)"', owner.get("/sign-in")["body"])
    assert csrf
    answer = thief.post("/sign-in", {"do": "start", "csrf": csrf[1], "user_name": "ann"})
    assert answer["statusCode"] == 400
    assert place.world.pool.calls == []


def test_a_form_of_an_older_window_is_refused_and_the_newer_sign_in_continues() -> None:
    place = Place()
    browser = place.browser()
    browser.get("/authorize", GIVEN)
    old = re.search(r'name="csrf" value="([^"]+)"', browser.get("/sign-in")["body"])
    assert old
    browser.get("/authorize", GIVEN)
    assert browser.post("/sign-in", {"do": "start", "csrf": old[1], "user_name": "ann"})["statusCode"] == 403
    browser.submit("start", user_name="ann")
    assert browser.submit("answer", code=RIGHT)["headers"]["Location"].startswith(BACK)


def test_a_request_with_a_foreign_redirect_uri_gets_an_error_page() -> None:
    answer = Place().browser().get("/authorize", GIVEN | {"redirect_uri": ["https://evil.example"]})
    assert answer["statusCode"] == 400
    assert "Location" not in answer["headers"]
    assert "evil.example" not in answer["body"]


def test_an_invalid_request_is_redirected_with_its_error() -> None:
    answer = Place().browser().get("/authorize", GIVEN | {"scope": ["email"]})
    assert answer["headers"]["Location"].startswith(f"{BACK}?error=invalid_scope&state=the%20state")


def test_requests_without_a_sign_in_get_an_error_or_the_logout_page() -> None:
    assert Place().browser().get("/sign-in")["statusCode"] == 400
    assert Place().browser().get("/logout")["statusCode"] == 200
    assert Place().browser().get("/userinfo")["headers"]["WWW-Authenticate"] == "Bearer"


def test_a_token_request_that_is_not_a_form_is_refused() -> None:
    answer = Place().browser()._ask("POST", "/token", {"Content-Type": "application/json"}, body="{}")
    assert (answer["statusCode"], json.loads(answer["body"])) == (400, {"error": "invalid_request"})


def test_a_failed_dependency_gives_no_tokens_and_reveals_no_code() -> None:
    place = Place(users=Wire(admin_get_user=refused_by_aws("InternalErrorException")))
    answer = exchanged(place.browser(), signed_in(place.browser()))
    assert answer["statusCode"] == 503
    assert "123456" not in answer["body"]


def test_only_the_assets_of_the_page_are_served() -> None:
    browser = Place().browser()
    browser.get("/authorize", GIVEN)
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
    browser = Place().browser()
    before = pages.version.cache_info().currsize
    for number in range(20):
        assert browser.get(f"/assets/{number}.css", v="1")["statusCode"] == 404
    assert pages.version.cache_info().currsize == before


def test_the_discovery_document_and_the_keys_are_public() -> None:
    browser = Place().browser()
    described = json.loads(browser.get("/.well-known/openid-configuration")["body"])
    assert described["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
    assert json.loads(browser.get("/.well-known/jwks.json")["body"]) == {"keys": []}
