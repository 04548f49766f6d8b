"""Attacks with a stolen link, cookie or code of a sign-in, and from a site of the attacker."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from passcode.hosted.requests import COOKIE
from tests.browser.hosted.kit import CODE_PAGE, CallbackServer, LocalApp, Visitor, callback_server
from tests.support.live_browser import App, session
from tests.support.users import User

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = [
    pytest.mark.e2e,
    # The faster mode: these tests do not depend on the mode.
    pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True),
]

NewVisitor = Callable[..., Visitor]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]


@pytest.fixture
def attacker_site() -> Iterator[CallbackServer]:
    """The web site of an attacker."""
    with callback_server() as server:
        yield server


def links(visitor: Visitor) -> list[str]:
    """A list to which each further URL of this visitor's browser is added."""
    urls: list[str] = []
    visitor.page.on(
        "request", lambda changes: urls.append(changes.url) if changes.is_navigation_request() else None
    )
    return urls


def refusal(app: LocalApp, **other: str) -> str:
    """Exchange the code, which must fail. Returns Cognito's error code."""
    status, response = app.exchange(**other)
    assert status == 400
    return str(response["error"])


def follow(visitor: Visitor, url: str) -> int:
    """Open a URL of Cognito and return the status. The local Cognito shows no page for an error."""
    return visitor.page.request.get(url, max_redirects=0, headers={"Accept": "text/html"}).status


def test_the_link_of_the_page_gives_no_access_to_a_sign_in(
    new_visitor: NewVisitor, new_user: NewUser
) -> None:
    victim = new_visitor().open_code_page(new_user())
    thief = new_visitor()
    thief.page.goto(victim.page.url)
    thief.wait_for_heading("You are not signed in")
    assert not thief.page.locator("form").count()


def test_the_link_to_the_provider_starts_a_separate_sign_in(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser
) -> None:
    victim = new_visitor()
    urls = links(victim)
    victim.open_code_page(new_user())
    (to_provider,) = (url for url in urls if url.startswith(f"{app.issuer}/authorize?"))
    thief = new_visitor()
    thief.page.goto(to_provider)
    thief.wait_for_heading("Sign in")
    assert thief.cookie() != victim.cookie()
    assert thief.page.get_by_label("Username").input_value() == ""


def steal(cookie: str, thief: "BrowserContext", app: LocalApp) -> None:
    # A Secure cookie needs https here. Cookies ignore the port.
    base_url = app.stack.endpoint_url.replace("http:", "https:")
    thief.add_cookies([{"name": COOKIE, "value": cookie, "url": f"{base_url}/", "secure": True}])


def test_a_stolen_cookie_shows_the_page_but_gives_no_sign_in(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user, other = new_user(), new_user()
    victim, thief = new_visitor().start(), new_visitor()
    # Before the user name is entered, the thief can only start a sign-in of another user.
    steal(victim.cookie(), thief.context, app)
    thief.page.goto(f"{app.issuer}/sign-in")
    thief.wait_for_heading("Sign in")
    # After the code is sent, the thief sees the masked address, and does not have the code.
    victim.enter_name(user).wait_for_heading(CODE_PAGE)
    thief.page.reload()
    thief.wait_for_heading(CODE_PAGE)
    shown = thief.page.content()
    assert user.email not in shown
    assert user.phone not in shown
    # The right code of another user is wrong here.
    new_visitor().open_code_page(other)
    thief.enter_code(code_for(other.email)).wait_for_notice("Incorrect code")
    kept = victim.cookie()
    victim.page.reload()
    victim.enter_code(code_for(user.email)).wait_for_app()
    assert app.claims()["sub"] == user.sub
    # After the sign-in the cookie is worthless.
    steal(kept, thief.context, app)
    thief.page.goto(f"{app.issuer}/sign-in")
    thief.wait_for_heading("You are not signed in")
    assert not thief.page.locator("#code").count()
    assert len(app.server.callbacks) == 1


def test_a_stolen_code_of_the_provider_is_useless_without_the_client_secret(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    victim = new_visitor()
    urls = links(victim)
    victim.open_code_page(user).enter_code(code_for(user.email)).wait_for_app()
    (response,) = (url for url in urls if "/oauth2/idpresponse?" in url)
    code = parse_qs(urlsplit(response).query)["code"][0]
    request = {
        "grant_type": "authorization_code",
        "client_id": "cognito",
        "redirect_uri": f"{app.stack.endpoint_url}/oauth2/idpresponse",
        "code": code,
    }
    for secret in ({}, {"client_secret": ""}, {"client_secret": "guess"}):
        refused = session().post(f"{app.issuer}/token", data=request | secret, timeout=60)
        assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})
    # The provider refuses the same redirect from a second browser, because the code was used.
    assert follow(new_visitor(), response) >= 400
    assert len(app.server.callbacks) == 1
    assert app.claims()["sub"] == user.sub


def test_a_code_of_the_app_needs_the_verifier_of_the_app(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    new_visitor().open_code_page(user).enter_code(code_for(user.email)).wait_for_app()
    for guess in ("x" * 43, ""):
        assert refusal(app, code_verifier=guess) == "invalid_grant"
    assert app.claims()["sub"] == user.sub
    assert refusal(app) == "invalid_grant"


def test_the_app_refuses_the_redirect_of_an_attackers_sign_in(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    """Login CSRF: the attacker signs in, and the victim opens the last redirect of that sign-in."""
    attacker_user = new_user()
    attacker = new_visitor().open_code_page(attacker_user)
    attacker.enter_code(code_for(attacker_user.email))
    attacker.wait_for_app()
    victim = Visitor(new_visitor().page, LocalApp(app.stack, app.server)).start()
    victim.page.goto(f"{app.callback}?{app.server.callbacks[-1]}")
    # The app of the victim sent another state and has another verifier.
    assert victim.app.last_callback()["state"] != victim.app.request.state
    assert refusal(victim.app) == "invalid_grant"


def test_cognito_refuses_a_state_that_it_did_not_create(new_visitor: NewVisitor, app: LocalApp) -> None:
    visitor = new_visitor()
    for query in ({"state": "made-up", "code": "made-up"}, {"code": "made-up"}, {"error": "access_denied"}):
        assert follow(visitor, f"{app.stack.endpoint_url}/oauth2/idpresponse?{urlencode(query)}") >= 400
    assert app.server.callbacks == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_form_of_another_site_has_no_effect(
    host: str,
    new_visitor: NewVisitor,
    app: LocalApp,
    attacker_site: CallbackServer,
    new_user: NewUser,
    code_for: CodeFor,
) -> None:
    user, attacker_user = new_user(), new_user()
    attacker, victim = new_visitor().open_code_page(attacker_user), new_visitor().open_code_page(user)
    fields = {
        "csrf": attacker.page.locator("[name=csrf]").first.input_value(),
        "do": "answer",
        "code": code_for(attacker_user.email),
    }
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    attacker_site.pages["/"] = (
        f'<form method="post" action="{app.issuer}/sign-in">{inputs}<button>Win</button></form>'
    )
    victim_on_attacker_site = Visitor(victim.context.new_page(), app)
    victim_on_attacker_site.page.goto(attacker_site.url("/", host))
    # From another site the browser sends no cookie. From the same site the CSRF token is wrong.
    victim_on_attacker_site.press("Win").wait_for_heading("You are not signed in")
    assert app.server.callbacks == []
    victim.enter_code(code_for(user.email)).wait_for_app()
    assert app.claims()["sub"] == user.sub


def test_the_page_cannot_be_framed(
    chromium: "Browser",
    app: LocalApp,
    attacker_site: CallbackServer,
    new_user: NewUser,
    new_visitor: NewVisitor,
) -> None:
    provider = new_visitor()
    urls = links(provider)
    provider.start()
    (to_provider,) = (url for url in urls if url.startswith(f"{app.issuer}/authorize?"))
    attacker_site.pages["/"] = "".join(
        f'<iframe src="{url}"></iframe>' for url in (provider.page.url, to_provider)
    )
    # Chromium reports the blocked frames on the console, so this browser is not checked for faults.
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(attacker_site.url("/", "127.0.0.1"))
        page.wait_for_load_state("networkidle")
        frames = page.frames[1:]
        assert len(frames) == 2
        assert [frame.locator("form").count() for frame in frames] == [0, 0]
        assert {urlsplit(frame.url).scheme for frame in frames} == {"chrome-error"}
    finally:
        context.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"redirect_uri": "{callback}/more"},
        {"redirect_uri": "{callback}?next=https://elsewhere.example"},
        {"redirect_uri": "{callback}", "client_id": "another"},
    ],
)
def test_the_provider_does_not_redirect_to_a_foreign_url(
    changes: dict[str, str], new_visitor: NewVisitor, app: LocalApp
) -> None:
    visitor = new_visitor()
    urls = links(visitor)
    request = {"response_type": "code", "scope": "openid", "client_id": "cognito", "state": "s"}
    query = request | {name: text.format(callback=app.callback) for name, text in changes.items()}
    visitor.page.goto(f"{app.issuer}/authorize?{urlencode(query)}")
    visitor.wait_for_heading("You are not signed in").wait_for_notice(
        "The link to this page is incomplete or not allowed"
    )
    assert len(urls) == 1
    assert visitor.context.cookies() == []
    assert app.server.callbacks == []


@pytest.mark.parametrize("tail", ["?next=https://elsewhere.example", "?redirect_uri=//elsewhere.example"])
@pytest.mark.parametrize("path", ["/logout", "/sign-in"])
def test_no_parameter_of_the_page_causes_a_redirect(
    path: str, tail: str, new_visitor: NewVisitor, app: LocalApp
) -> None:
    visitor = new_visitor()
    urls = links(visitor)
    visitor.page.goto(f"{app.issuer}{path}{tail}")
    visitor.wait_for_heading("You are not signed in")
    assert "elsewhere" not in visitor.page.content()
    assert len(urls) == 1


def test_cognito_refuses_a_redirect_uri_that_is_not_the_apps(new_visitor: NewVisitor, app: LocalApp) -> None:
    assert follow(new_visitor(), app.url(redirect_uri="https://elsewhere.example/")) >= 400


def test_the_app_refuses_the_redirect_of_another_request(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    """The verifier and the nonce bind the tokens to the request that started the sign-in."""
    user = new_user()
    other = App(app.stack)
    visitor = new_visitor()
    visitor.page.goto(other.url(redirect_uri=app.callback, state=app.request.state))
    visitor.enter_name(user).wait_for_heading(CODE_PAGE).enter_code(code_for(user.email)).wait_for_app()
    # The attacker copied the state, so the app accepts the redirect. Its verifier and its nonce do not match.
    assert app.last_callback()["state"] == app.request.state
    assert refusal(app) == "invalid_grant"
    app.request.verifier = other.verifier
    with pytest.raises(AssertionError):
        app.claims()
