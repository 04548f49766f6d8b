"""The data of a sign-in that the browser stores and sends.

Every test here also checks that the browser sends no request to another host, and that its console stays
empty.
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
def test_the_cookie_is_hidden_from_scripts_and_deleted_at_the_end(
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
        # Exactly this host: a leading dot would include subdomains.
        "domain": "127.0.0.1",
    }
    assert someone.page.evaluate("document.cookie") == ""
    assert someone.page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    someone.type(code_for(user.email)).is_back()
    assert someone.context.cookies() == []


@code_alone
def test_each_sign_in_has_a_new_cookie(person: NewPerson) -> None:
    someone = person().begin()
    first = someone.cookie()
    assert someone.begin().cookie() != first


@pytest.mark.parametrize("local_stack", ["PASSWORD_AND_CODE"], indirect=True)
def test_no_url_contains_personal_data_or_secrets(
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
        assert referrer in ("", f"{app.stack.endpoint_url}/"), "no page sends a referrer"
    # The app gets its own state and a code, which PKCE binds to the app.
    assert set(parse_qs(urlsplit(someone.page.url).query)) == {"code", "state"}
    assert app.server.referrers == [""]
    history = someone.page.evaluate("performance.getEntriesByType('navigation').map(each => each.name)")
    assert not [each for each in secrets if each in "".join(history)]


@code_alone
def test_every_response_of_the_page_has_the_privacy_headers(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person()
    responses: list[tuple[str, dict[str, str]]] = []
    someone.page.on("response", lambda each: responses.append((each.url, each.headers)))
    someone.ask(user)
    someone.type(code_for(user.email)).is_back()
    own = [headers for url, headers in responses if url.endswith(("/sign-in", "/authorize"))]
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
