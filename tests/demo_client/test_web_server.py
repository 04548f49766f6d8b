"""The server of the demo page: its resources, and the requests that it refuses."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pytest

from demo_client.web import responses
from demo_client.web.server import PageServer
from demo_client.web.stack_data import message_id
from tests.support.demo_page import EMAIL, ENDPOINT, SMS, FakeStackData, ask, served


@pytest.fixture
def stack() -> FakeStackData:
    return FakeStackData(sent=[EMAIL, SMS])


@pytest.fixture
def page(stack: FakeStackData) -> Iterator[PageServer]:
    with served(stack) as server:
        yield server


def post(
    page: PageServer,
    body: bytes = b'{"channel": "sms"}',
    *,
    changed: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """The status of the page's POST, with some headers changed (empty: omitted)."""
    headers = {
        "Origin": f"http://localhost:{page.port}",
        "X_Page_Nonce": page.nonce,
        "Content_Type": "application/json",
        "Content_Length": str(len(body)),
        "Sec_Fetch_Site": "same-origin",
    } | dict(changed)
    return ask(page, "POST", "/users", body, **{name: text for name, text in headers.items() if text}).status


def test_the_page_and_its_files_are_served(page: PageServer) -> None:
    index = ask(page, "GET", "/")
    assert index.status == 200
    assert b'<script type="module" src="/page.js">' in index.body
    assert ask(page, "GET", "/page.css").headers["Content-Type"] == "text/css; charset=utf-8"
    assert ask(page, "GET", "/page.js").headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_the_server_listens_on_loopback_only(page: PageServer) -> None:
    assert page.socket.getsockname()[0] == "127.0.0.1"


def test_every_response_has_the_security_headers(page: PageServer) -> None:
    for path in ("/", "/facts", "/page.js", "/nothing"):
        headers = ask(page, "GET", path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert f"connect-src 'self' {ENDPOINT};" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/static/../server.py",
        "/%2e%2e/server.py",
        "/..%2fserver.py",
        "//etc/passwd",
        "/index.html/",
        "/static/page.js",
        "/built/app.js",
        "/.npmrc",
        "/mail/",
        "/mail/0000000000000000",
        "/mail/../facts",
    ],
)
def test_nothing_else_is_served(page: PageServer, path: str) -> None:
    assert ask(page, "GET", path).status == 404


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_not_supported(page: PageServer, method: str) -> None:
    assert ask(page, method, "/").status == 501


@pytest.mark.parametrize("path", ["/", "/facts", "/events", "/page.js"])
@pytest.mark.parametrize("host", ["evil.example:{}", "localhost", "localhost:1", "localhost.evil.example:{}"])
def test_another_host_name_for_loopback_is_refused(page: PageServer, path: str, host: str) -> None:
    assert ask(page, "GET", path, Host=host.format(page.port)).status == 403


def test_both_names_of_this_machine_are_accepted(page: PageServer) -> None:
    assert ask(page, "GET", "/facts", Host=f"127.0.0.1:{page.port}").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_open_the_page_and_nothing_else(page: PageServer, site: str) -> None:
    assert ask(page, "GET", "/?code=1&state=2", Sec_Fetch_Site=site).status == 200
    for path in ("/facts", "/events", "/page.js", f"/mail/{message_id(EMAIL)}"):
        assert ask(page, "GET", path, Sec_Fetch_Site=site).status == 403


def test_the_facts_of_the_stack_are_served(page: PageServer) -> None:
    facts = json.loads(ask(page, "GET", "/facts").body)
    assert facts["nonce"] == page.nonce
    assert facts["form"] is responses.BUILT.exists()
    assert facts["hosted"] is None


def test_an_email_is_served_for_a_frame_without_scripts(page: PageServer) -> None:
    mail = ask(page, "GET", f"/mail/{message_id(EMAIL)}")
    assert mail.body == EMAIL.html.encode()
    policy = mail.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "allow" not in policy
    assert ask(page, "GET", f"/mail/{message_id(SMS)}").status == 404


def test_the_page_can_create_a_demo_user(page: PageServer, stack: FakeStackData) -> None:
    assert post(page) == 201
    assert stack.made == ["sms"]


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "http://evil.example"},
        {"Origin": ""},
        {"Origin": "null"},
        {"X_Page_Nonce": "of another demo"},
        {"X_Page_Nonce": "ü"},
        {"X_Page_Nonce": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Content_Type": "text/plain"},
        {"Content_Length": "1025"},
        {"Content_Length": "-1"},
        {"Content_Length": ""},
        {"Host": "evil.example"},
    ],
)
def test_no_other_page_can_create_users(
    page: PageServer, stack: FakeStackData, changed: dict[str, str]
) -> None:
    assert post(page, changed=changed) == 403
    assert stack.made == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"channel": "fax"}', b'{"channel": ["sms"]}'])
def test_an_unknown_channel_is_refused(page: PageServer, stack: FakeStackData, body: bytes) -> None:
    assert post(page, body) == 400
    assert stack.made == []


def test_a_user_has_a_channel_of_the_stack_first(page: PageServer, stack: FakeStackData) -> None:
    assert json.loads(ask(page, "GET", "/facts").body)["channels"] == ["email", "sms"]
    assert post(page, b'{"channel": "voice"}') == 400
    stack.channel_order = ("email", "voice")
    assert post(page, b'{"channel": "voice"}') == 201
    assert post(page, b'{"channel": "sms"}') == 400
    assert stack.made == ["voice"]


def test_without_a_stack_the_response_is_a_sentence(page: PageServer, stack: FakeStackData) -> None:
    stack.gone = True
    facts = ask(page, "GET", "/facts")
    assert facts.status == 503
    assert b"make demo" in facts.body
    assert post(page) == 503
