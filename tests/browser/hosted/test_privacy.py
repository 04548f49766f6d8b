"""What the browser keeps, sends and remembers of a sign-in.

That nobody else is asked for anything, and that the console stays empty, is watched in every test here.
"""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted.requests import COOKIE
from tests.browser.hosted.kit import LocalApp, Person
from tests.support.users import User

pytestmark = pytest.mark.e2e

NewPerson = Callable[..., Person]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]

code_alone = pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True)


@code_alone
def test_the_browser_keeps_the_cookie_to_itself(
    person: NewPerson, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    (cookie,) = someone.context.cookies()
    flags = {name: cookie.get(name) for name in ("name", "path", "secure", "httpOnly", "sameSite", "domain")}
    assert flags == {
        "name": COOKIE,
        "path": "/",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
        # Of this very host, with no dot before it.
        "domain": "127.0.0.1",
    }
    assert someone.page.evaluate("document.cookie") == ""
    assert someone.page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    someone.type(code_for(user.email)).is_back()
    assert someone.context.cookies() == []


@code_alone
def test_each_sign_in_has_a_cookie_of_its_own(person: NewPerson) -> None:
    someone = person().begin()
    first = someone.cookie()
    assert someone.begin().cookie() != first


@pytest.mark.parametrize("local_stack", ["PASSWORD_AND_CODE"], indirect=True)
def test_no_address_tells_anything(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person()
    asked: list[tuple[str, str]] = []
    someone.page.on("request", lambda each: asked.append((each.url, each.headers.get("referer", ""))))
    someone.ask(user)
    cookie, code = someone.cookie(), code_for(user.email)
    someone.type(code).is_back()
    secrets = [user.email, user.phone, user.phone.strip("+"), user.password, user.sub, cookie, code]
    for url, referrer in asked:
        assert not [each for each in secrets if each in url + referrer], url
        assert referrer in ("", f"{app.stack.endpoint_url}/"), "no page says where it was come from"
    # What the app is told is its own state and a code, which PKCE binds to it.
    assert set(parse_qs(urlsplit(someone.page.url).query)) == {"code", "state"}
    assert app.server.referrers == [""]
    history = someone.page.evaluate("performance.getEntriesByType('navigation').map(each => each.name)")
    assert not [each for each in secrets if each in "".join(history)]


@code_alone
def test_every_answer_of_the_page_keeps_it_to_itself(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person()
    heard: list[tuple[str, dict[str, str]]] = []
    someone.page.on("response", lambda each: heard.append((each.url, each.headers)))
    someone.ask(user)
    someone.type(code_for(user.email)).is_back()
    own = [headers for url, headers in heard if url.endswith(("/sign-in", "/authorize"))]
    assert len(own) >= 4
    for headers in own:
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
    pages = [headers for headers in own if "text/html" in headers.get("content-type", "")]
    assert pages
    for headers in pages:
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
        assert headers["x-frame-options"] == "DENY"
