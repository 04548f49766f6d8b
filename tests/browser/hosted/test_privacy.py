"""The data of a sign-in that the browser stores and sends.

Every test here also checks that the browser sends no request to another host, and that its console stays
empty.
"""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted.requests import COOKIE
from tests.browser.hosted.kit import LocalApp, Visitor
from tests.support.users import User

pytestmark = pytest.mark.e2e

NewVisitor = Callable[..., Visitor]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]

code_alone = pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True)


@code_alone
def test_the_cookie_is_hidden_from_scripts_and_deleted_at_the_end(
    new_visitor: NewVisitor, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    (cookie,) = visitor.context.cookies()
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
    assert visitor.page.evaluate("document.cookie") == ""
    assert visitor.page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    visitor.enter_code(code_for(user.email)).wait_for_app()
    assert visitor.context.cookies() == []


@code_alone
def test_each_sign_in_has_a_new_cookie(new_visitor: NewVisitor) -> None:
    visitor = new_visitor().start()
    first = visitor.cookie()
    assert visitor.start().cookie() != first


@pytest.mark.parametrize("local_stack", ["PASSWORD_AND_CODE"], indirect=True)
def test_no_url_contains_personal_data_or_secrets(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor()
    requests: list[tuple[str, str]] = []
    visitor.page.on("request", lambda each: requests.append((each.url, each.headers.get("referer", ""))))
    visitor.open_code_page(user)
    cookie, code = visitor.cookie(), code_for(user.email)
    visitor.enter_code(code).wait_for_app()
    secrets = [user.email, user.phone, user.phone.strip("+"), user.password, user.sub, cookie, code]
    for url, referrer in requests:
        assert not [each for each in secrets if each in url + referrer], url
        assert referrer in ("", f"{app.stack.endpoint_url}/"), "no page sends a referrer"
    # The app gets its own state and a code, which PKCE binds to the app.
    assert set(parse_qs(urlsplit(visitor.page.url).query)) == {"code", "state"}
    assert app.server.referrers == [""]
    history = visitor.page.evaluate("performance.getEntriesByType('navigation').map(each => each.name)")
    assert not [each for each in secrets if each in "".join(history)]


@code_alone
def test_every_response_of_the_page_has_the_privacy_headers(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor()
    responses: list[tuple[str, dict[str, str]]] = []
    visitor.page.on("response", lambda each: responses.append((each.url, each.headers)))
    visitor.open_code_page(user)
    visitor.enter_code(code_for(user.email)).wait_for_app()
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
