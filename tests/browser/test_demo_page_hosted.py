"""The redirects of the demo page to Cognito's page and back, with a fake Cognito."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from demo_client.web.invocations import Invocation
from demo_client.web.server import PageServer
from tests.support.demo_page import ENDPOINT, FakeStackData, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.e2e

HOSTED = {"url": f"{ENDPOINT}/oauth2/authorize", "clientId": "the-client"}
CLAIMS = {"sub": "a-sub", "email": "ada@people.example"}


def unsigned(claims: dict[str, str]) -> str:
    """A token without a valid signature: the page reads only its claims."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJ9.{part}.c2ln"


class Cognito:
    """Redirects each request back with a code and returns tokens for it. `changed` alters the redirect."""

    def __init__(self, changed: dict[str, str]) -> None:
        self._changed = changed
        self.authorization_request: dict[str, str] = {}
        self.token_request: dict[str, str] = {}

    def authorize(self, route: "Route") -> None:
        self.authorization_request = _flat(urlsplit(route.request.url).query)
        back = {"code": "the-code", "state": self.authorization_request["state"]} | self._changed
        route.fulfill(
            status=302,
            headers={"Location": f"{self.authorization_request['redirect_uri']}?{urlencode(back)}"},
        )

    def token(self, route: "Route") -> None:
        self.token_request = _flat(route.request.post_data or "")
        tokens = {"id_token": unsigned(CLAIMS), "access_token": unsigned({"sub": "a-sub"})}
        route.fulfill(json=tokens, headers={"Access-Control-Allow-Origin": "*"})


def _flat(text: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(text, strict_parsing=True).items()}


@pytest.fixture
def stack() -> FakeStackData:
    return FakeStackData(hosted=HOSTED)


@pytest.fixture
def server(stack: FakeStackData) -> Iterator[PageServer]:
    with served(stack) as found:
        yield found


def sign_in(page: "Page", **changed: str) -> tuple["Page", Cognito]:
    """Click the button. Returns the new tab after its return from Cognito, and the fake Cognito."""
    cognito = Cognito(changed)
    page.context.route(f"{ENDPOINT}/oauth2/authorize?*", cognito.authorize)
    page.context.route(f"{ENDPOINT}/oauth2/token", cognito.token)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in with a one-time code").click()
    opened.value.locator("#app-status:not(:empty)").wait_for()
    return opened.value, cognito


def test_the_hosted_sign_in_opens_a_tab_and_returns_with_tokens(
    server: PageServer, visit: Callable[..., "Page"], stack: FakeStackData
) -> None:
    first = visit(server)
    tab, cognito = sign_in(first)
    assert tab.locator("#app-status").inner_text() == "Signed in as ada@people.example."
    assert tab.locator("#claims table").count() == 2
    page_url = f"http://localhost:{server.port}/"
    assert tab.url == page_url
    assert tab.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    challenge = hashlib.sha256(cognito.token_request.pop("code_verifier").encode()).digest()
    assert cognito.token_request == {
        "grant_type": "authorization_code",
        "client_id": "the-client",
        "redirect_uri": page_url,
        "code": "the-code",
    }
    assert cognito.authorization_request["code_challenge"] == base64.urlsafe_b64encode(
        challenge
    ).decode().rstrip("=")
    assert cognito.authorization_request["code_challenge_method"] == "S256"
    # The first page stays open, because its inbox would show the code.
    assert first.locator("#start").is_visible()


def test_invocations_during_the_sign_in_are_shown(
    server: PageServer, visit: Callable[..., "Page"], stack: FakeStackData
) -> None:
    page = visit(server)
    left = page.evaluate("Date.now()")
    stack.done.append(Invocation("r-1", "deliver", left + 1_000_000, 5, (), ()))
    tab, _ = sign_in(page)
    tab.locator('#functions [data-function="deliver"].lit').wait_for()


def test_signing_out_ends_the_session_at_cognito_too(
    server: PageServer, visit: Callable[..., "Page"]
) -> None:
    tab, _ = sign_in(visit(server))
    page_url = f"http://localhost:{server.port}/"
    tab.context.route(
        f"{ENDPOINT}/logout?*", lambda route: route.fulfill(status=302, headers={"Location": page_url})
    )
    with tab.expect_request(f"{ENDPOINT}/logout?*") as request:
        tab.get_by_role("button", name="Sign out").click()
    assert _flat(urlsplit(request.value.url).query) == {"client_id": "the-client", "logout_uri": page_url}
    tab.locator("#start").wait_for()


@pytest.mark.parametrize("changed", [{"state": "of another"}, {"state": ""}])
def test_a_redirect_with_another_state_is_refused(
    server: PageServer, visit: Callable[..., "Page"], changed: dict[str, str]
) -> None:
    tab, cognito = sign_in(visit(server), **changed)
    assert "does not belong to a sign-in" in tab.locator("#app-status").inner_text()
    assert cognito.token_request == {}
    assert tab.locator("#start").is_visible()


def test_a_link_with_a_stolen_code_gives_no_sign_in(
    server: PageServer, visit: Callable[..., "Page"], chromium: "Browser"
) -> None:
    page = visit(server)
    page.goto(f"http://localhost:{server.port}/?code=stolen&state=undefined")
    page.get_by_text("does not belong to a sign-in").wait_for()
    assert "stolen" not in page.url


def test_the_page_hides_the_hosted_sign_in_when_the_stack_has_none(visit: Callable[..., "Page"]) -> None:
    with served(FakeStackData()) as server:
        page = visit(server)
        page.locator("#no-messages").wait_for()
        assert page.locator("#hosted").is_hidden()
