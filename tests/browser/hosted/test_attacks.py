"""What somebody else can do with a link, a cookie or a code of a sign-in, or from a site of their own."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from passcode.hosted.requests import COOKIE
from tests.browser.hosted.kit import CODE_PAGE, Doors, LocalApp, Person, doors
from tests.support.live_browser import App, session
from tests.support.users import User

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = [
    pytest.mark.e2e,
    # The quicker of the two: nothing here depends on the mode.
    pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True),
]

NewPerson = Callable[..., Person]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]


@pytest.fixture
def evil() -> Iterator[Doors]:
    """An attacker's site."""
    with doors() as server:
        yield server


def links(someone: Person) -> list[str]:
    """Each address that this person's browser goes to from here on."""
    went: list[str] = []
    someone.page.on(
        "request", lambda asked: went.append(asked.url) if asked.is_navigation_request() else None
    )
    return went


def refusal(app: LocalApp, **other: str) -> str:
    """Why Cognito gives the app no tokens."""
    status, said = app.exchange(**other)
    assert status == 400
    return str(said["error"])


def follow(someone: Person, url: str) -> int:
    """Go to an address of Cognito's. What it refuses is no page, here, so the test reads the status."""
    return someone.page.request.get(url, max_redirects=0, headers={"Accept": "text/html"}).status


def test_a_link_of_the_page_is_nobodys_sign_in(person: NewPerson, new_user: NewUser) -> None:
    victim = person().ask(new_user())
    thief = person()
    thief.page.goto(victim.page.url)
    thief.sees("You are not signed in")
    assert not thief.page.locator("form").count()


def test_a_link_to_the_provider_begins_a_sign_in_of_ones_own(
    person: NewPerson, app: LocalApp, new_user: NewUser
) -> None:
    victim = person()
    went = links(victim)
    victim.ask(new_user())
    (to_provider,) = (url for url in went if url.startswith(f"{app.issuer}/authorize?"))
    thief = person()
    thief.page.goto(to_provider)
    thief.sees("Sign in")
    assert thief.cookie() != victim.cookie()
    assert thief.page.get_by_label("Username").input_value() == ""


def steal(cookie: str, thief: "BrowserContext", app: LocalApp) -> None:
    # By way of https, which a Secure cookie wants; the port is none of a cookie's business.
    where = app.stack.endpoint_url.replace("http:", "https:")
    thief.add_cookies([{"name": COOKIE, "value": cookie, "url": f"{where}/", "secure": True}])


def test_a_stolen_cookie_gives_no_more_than_its_page(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user, other = new_user(), new_user()
    victim, thief = person().begin(), person()
    # Before anybody said who they are it is worth nothing: whoever goes on needs a code of their own.
    steal(victim.cookie(), thief.context, app)
    thief.page.goto(f"{app.issuer}/sign-in")
    thief.sees("Sign in")
    # With the code on its way the thief sees a masked address, and lacks the code.
    victim.name(user).sees(CODE_PAGE)
    thief.page.reload()
    thief.sees(CODE_PAGE)
    shown = thief.page.content()
    assert user.email not in shown
    assert user.phone not in shown
    # Somebody else's right code is wrong here.
    person().ask(other)
    thief.type(code_for(other.email)).reads("Incorrect code")
    kept = victim.cookie()
    victim.page.reload()
    victim.type(code_for(user.email)).is_back()
    assert app.claims()["sub"] == user.sub
    # And afterwards it opens nothing.
    steal(kept, thief.context, app)
    thief.page.goto(f"{app.issuer}/sign-in")
    thief.sees("You are not signed in")
    assert not thief.page.locator("#code").count()
    assert len(app.server.came) == 1


def test_a_stolen_code_of_the_provider_needs_its_secret(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    victim = person()
    went = links(victim)
    victim.ask(user).type(code_for(user.email)).is_back()
    (answer,) = (url for url in went if "/oauth2/idpresponse?" in url)
    code = parse_qs(urlsplit(answer).query)["code"][0]
    asked = {
        "grant_type": "authorization_code",
        "client_id": "cognito",
        "redirect_uri": f"{app.stack.endpoint_url}/oauth2/idpresponse",
        "code": code,
    }
    for secret in ({}, {"client_secret": ""}, {"client_secret": "guess"}):
        refused = session().post(f"{app.issuer}/token", data=asked | secret, timeout=60)
        assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})
    # A second browser that follows the same answer gets nothing either: it was used.
    assert follow(person(), answer) >= 400
    assert len(app.server.came) == 1
    assert app.claims()["sub"] == user.sub


def test_the_apps_code_needs_the_apps_verifier(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    person().ask(user).type(code_for(user.email)).is_back()
    for guess in ("x" * 43, ""):
        assert refusal(app, code_verifier=guess) == "invalid_grant"
    assert app.claims()["sub"] == user.sub
    assert refusal(app) == "invalid_grant"


def test_an_attackers_way_back_signs_no_victim_in(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    """Login CSRF: the attacker signs in, and lets the victim open the address that ends it."""
    mallory = new_user()
    attacker = person().ask(mallory)
    attacker.type(code_for(mallory.email))
    attacker.is_back()
    victim = Person(person().page, LocalApp(app.stack, app.server)).begin()
    victim.page.goto(f"{app.callback}?{app.server.came[-1]}")
    # The victim's app asked with another state, and has another verifier.
    assert victim.app.told()["state"] != victim.app.asked.state
    assert refusal(victim.app) == "invalid_grant"


def test_a_state_that_cognito_did_not_give_leads_nowhere(person: NewPerson, app: LocalApp) -> None:
    someone = person()
    for said in ({"state": "made-up", "code": "made-up"}, {"code": "made-up"}, {"error": "access_denied"}):
        assert follow(someone, f"{app.stack.endpoint_url}/oauth2/idpresponse?{urlencode(said)}") >= 400
    assert app.server.came == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_form_of_another_site_does_nothing(
    host: str, person: NewPerson, app: LocalApp, evil: Doors, new_user: NewUser, code_for: CodeFor
) -> None:
    user, mallory = new_user(), new_user()
    attacker, victim = person().ask(mallory), person().ask(user)
    fields = {
        "csrf": attacker.page.locator("[name=csrf]").first.input_value(),
        "do": "answer",
        "code": code_for(mallory.email),
    }
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    evil.pages["/"] = f'<form method="post" action="{app.issuer}/sign-in">{inputs}<button>Win</button></form>'
    lured = Person(victim.context.new_page(), app)
    lured.page.goto(evil.url("/", host))
    # From another site the cookie stays away; from the same one the form's word is missing.
    lured.press("Win").sees("You are not signed in")
    assert app.server.came == []
    victim.type(code_for(user.email)).is_back()
    assert app.claims()["sub"] == user.sub


def test_nobody_frames_the_page(
    chromium: "Browser", app: LocalApp, evil: Doors, new_user: NewUser, person: NewPerson
) -> None:
    provider = person()
    went = links(provider)
    provider.begin()
    (to_provider,) = (url for url in went if url.startswith(f"{app.issuer}/authorize?"))
    evil.pages["/"] = "".join(f'<iframe src="{url}"></iframe>' for url in (provider.page.url, to_provider))
    # Chromium complains in the console, as it should: this browser is not watched.
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(evil.url("/", "127.0.0.1"))
        page.wait_for_load_state("networkidle")
        frames = page.frames[1:]
        assert len(frames) == 2
        assert [frame.locator("form").count() for frame in frames] == [0, 0]
        assert {urlsplit(frame.url).scheme for frame in frames} == {"chrome-error"}
    finally:
        context.close()


@pytest.mark.parametrize(
    "asked",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"redirect_uri": "{callback}/more"},
        {"redirect_uri": "{callback}?next=https://elsewhere.example"},
        {"redirect_uri": "{callback}", "client_id": "another"},
    ],
)
def test_the_provider_sends_nobody_elsewhere(asked: dict[str, str], person: NewPerson, app: LocalApp) -> None:
    someone = person()
    went = links(someone)
    given = {"response_type": "code", "scope": "openid", "client_id": "cognito", "state": "s"}
    told = given | {name: text.format(callback=app.callback) for name, text in asked.items()}
    someone.page.goto(f"{app.issuer}/authorize?{urlencode(told)}")
    someone.sees("You are not signed in").reads("The link to this page is incomplete or not allowed")
    assert len(went) == 1
    assert someone.context.cookies() == []
    assert app.server.came == []


@pytest.mark.parametrize("tail", ["?next=https://elsewhere.example", "?redirect_uri=//elsewhere.example"])
@pytest.mark.parametrize("path", ["/logout", "/sign-in"])
def test_no_address_of_the_page_leads_elsewhere(
    path: str, tail: str, person: NewPerson, app: LocalApp
) -> None:
    someone = person()
    went = links(someone)
    someone.page.goto(f"{app.issuer}{path}{tail}")
    someone.sees("You are not signed in")
    assert "elsewhere" not in someone.page.content()
    assert len(went) == 1


def test_cognito_sends_nobody_to_an_address_that_is_not_the_apps(person: NewPerson, app: LocalApp) -> None:
    assert follow(person(), app.url(redirect_uri="https://elsewhere.example/")) >= 400


def test_an_answer_to_another_question_is_not_ours(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    """A nonce: the ID token names the one of the request that began this very sign-in."""
    user = new_user()
    other = App(app.stack)
    someone = person()
    someone.page.goto(other.url(redirect_uri=app.callback, state=app.asked.state))
    someone.name(user).sees(CODE_PAGE).type(code_for(user.email)).is_back()
    # The state was played back, so that the app asks; neither its verifier nor its nonce fits.
    assert app.told()["state"] == app.asked.state
    assert refusal(app) == "invalid_grant"
    app.asked.verifier = other.verifier
    with pytest.raises(AssertionError):
        app.claims()
