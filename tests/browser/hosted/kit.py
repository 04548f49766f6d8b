"""An app with its server, and users in a browser, for the browser tests."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt

from tests.support.live_browser import App, issuer
from tests.support.loopback_server import serving
from tests.support.users import User
from tools.local_stack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

BOTH = ("PASSWORD_AND_CODE", "CODE_ONLY")
PAGE_TIMEOUT_MS = 60_000.0
CODE_PAGE = "Enter your code"


class _CallbackHandler(BaseHTTPRequestHandler):
    server: "CallbackServer"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/callback":
            self.server.callbacks.append(query)
            self.server.referrers.append(self.headers.get("Referer", ""))
        html = self.server.pages.get(path, "<!doctype html><title>App</title><h1>Back in the app</h1>")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(html.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: `callbacks` has the requests."""


class CallbackServer(ThreadingHTTPServer):
    """The server of the app or of an attacker. It records queries of /callback and serves `pages` by path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _CallbackHandler)
        self.callbacks: list[str] = []
        self.referrers: list[str] = []
        self.pages: dict[str, str] = {"/favicon.ico": ""}

    def url(self, path: str, host: str = "localhost") -> str:
        """A URL of this server. For the stack, `localhost` is another site and 127.0.0.1 is the same site."""
        return f"http://{host}:{self.server_port}{path}"


@contextmanager
def callback_server() -> Iterator[CallbackServer]:
    """Run a server on loopback until the end of the block."""
    with serving(CallbackServer()) as server:
        yield server


@dataclass
class LocalApp:
    """The app: a client of the pool. Cognito redirects its users back to `server`."""

    stack: Stack
    server: CallbackServer
    request: App = field(init=False)

    def __post_init__(self) -> None:
        self.request = App(self.stack)

    @property
    def callback(self) -> str:
        return self.server.url("/callback")

    @property
    def issuer(self) -> str:
        """The base URL of the provider's page on this machine."""
        return issuer(self.stack)

    def url(self, **other: str) -> str:
        """The URL to which the app sends its users: Cognito's /oauth2/authorize."""
        return self.request.url(**{"redirect_uri": self.callback} | other)

    def last_callback(self) -> dict[str, str]:
        """The parameters of the last redirect to the app."""
        return {name: values[0] for name, values in parse_qs(self.server.callbacks[-1]).items()}

    def exchange(self, **other: str) -> tuple[int, dict[str, Any]]:
        """Exchange the code of the last redirect for tokens. Returns the status and the JSON."""
        response = self.request.exchange(
            **{"code": self.last_callback().get("code", ""), "redirect_uri": self.callback} | other
        )
        return response.status_code, response.json()

    def claims(self) -> dict[str, Any]:
        """The claims of the pool's ID token. The state and the nonce must be those of the app's request."""
        assert self.last_callback()["state"] == self.request.state
        status, tokens = self.exchange()
        assert status == 200, tokens
        claims: dict[str, Any] = jwt.decode(tokens["id_token"], options={"verify_signature": False})
        assert claims["iss"].endswith(f"/{self.stack.user_pool_id}")
        assert claims["nonce"] == self.request.nonce
        return claims


@dataclass
class Visitor:
    """A user in a browser. Each method waits for the response of the page."""

    page: "Page"
    app: LocalApp

    @property
    def context(self) -> "BrowserContext":
        return self.page.context

    def start(self, **other: str) -> "Visitor":
        """Go from the app to Cognito, which redirects to the provider's page."""
        self.page.goto(self.app.url(**other))
        return self

    def enter_name(self, user: User, password: str | None = None) -> "Visitor":
        """Enter the user name, and the password if the page has a field for it."""
        self.page.get_by_label("Username").fill(user.email)
        field_ = self.page.locator("#password")
        if field_.count():
            field_.fill(user.password if password is None else password)
        return self.press("Continue")

    def open_code_page(self, user: User) -> "Visitor":
        """Start a sign-in, and continue to the page that asks for the code."""
        return self.start().enter_name(user).wait_for_heading(CODE_PAGE)

    def enter_code(self, code: str) -> "Visitor":
        self.page.locator("#code").fill(code)
        return self.press("Sign in")

    def press(self, label: str) -> "Visitor":
        """Press a button and wait for the next page."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=label, exact=True).click()
        return self

    def wait_for_heading(self, heading: str) -> "Visitor":
        self.page.get_by_role("heading", name=heading, level=1).wait_for()
        return self

    def wait_for_notice(self, text: str) -> "Visitor":
        """Wait for a notice with this text."""
        self.page.locator("#notice", has_text=text).wait_for()
        return self

    def wait_for_app(self) -> dict[str, str]:
        """Wait for the redirect to the app. Returns its parameters."""
        self.page.wait_for_url(re.compile(re.escape(self.app.callback)))
        return self.app.last_callback()

    def cookie(self) -> str:
        """The value of the sign-in's cookie. A thief of the cookie has the same value."""
        (found,) = (each["value"] for each in self.context.cookies() if "sign-in" in each["name"])
        return found


def is_local(url: str) -> bool:
    """Whether `url` is an HTTP URL of this machine. Our pages use no other scheme, such as data:."""
    return urlsplit(url).scheme == "http" and urlsplit(url).hostname in ("localhost", "127.0.0.1")
