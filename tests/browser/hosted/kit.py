"""An app with a server of its own, and people in front of a browser: what the browser tests are told in."""

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
PATIENCE = 60_000.0
CODE_PAGE = "Enter your code"


class _Answering(BaseHTTPRequestHandler):
    server: "Doors"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/callback":
            self.server.came.append(query)
            self.server.referrers.append(self.headers.get("Referer", ""))
        html = self.server.pages.get(path, "<!doctype html><title>App</title><h1>Back in the app</h1>")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(html.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: what matters is in `came`."""


class Doors(ThreadingHTTPServer):
    """The app's server, or an attacker's: it keeps what came to /callback and shows `pages` by their path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.came: list[str] = []
        self.referrers: list[str] = []
        self.pages: dict[str, str] = {"/favicon.ico": ""}

    def url(self, path: str, host: str = "localhost") -> str:
        """An address here. Seen from the stack's, `localhost` is another site and 127.0.0.1 the same one."""
        return f"http://{host}:{self.server_port}{path}"


@contextmanager
def doors() -> Iterator[Doors]:
    """A server on loopback, gone when the block is left."""
    with serving(Doors()) as server:
        yield server


@dataclass
class LocalApp:
    """The app: a client of the pool whose people come back to `server`."""

    stack: Stack
    server: Doors
    asked: App = field(init=False)

    def __post_init__(self) -> None:
        self.asked = App(self.stack)

    @property
    def callback(self) -> str:
        return self.server.url("/callback")

    @property
    def issuer(self) -> str:
        """Where the provider's page is reached here."""
        return issuer(self.stack)

    def url(self, **other: str) -> str:
        """Where it sends its users: Cognito's /oauth2/authorize."""
        return self.asked.url(**{"redirect_uri": self.callback} | other)

    def told(self) -> dict[str, str]:
        """What it was told last."""
        return {name: values[0] for name, values in parse_qs(self.server.came[-1]).items()}

    def exchange(self, **other: str) -> tuple[int, dict[str, Any]]:
        """Ask Cognito for the tokens of the code that came: the status, and what was said."""
        answer = self.asked.exchange(
            **{"code": self.told().get("code", ""), "redirect_uri": self.callback} | other
        )
        return answer.status_code, answer.json()

    def claims(self) -> dict[str, Any]:
        """Who signed in, by the pool's own ID token. An answer to anybody else's question does not count."""
        assert self.told()["state"] == self.asked.state
        status, tokens = self.exchange()
        assert status == 200, tokens
        claims: dict[str, Any] = jwt.decode(tokens["id_token"], options={"verify_signature": False})
        assert claims["iss"].endswith(f"/{self.stack.user_pool_id}")
        assert claims["nonce"] == self.asked.nonce
        return claims


@dataclass
class Person:
    """Somebody at a browser's page. What they do waits until its answer is there."""

    page: "Page"
    app: LocalApp

    @property
    def context(self) -> "BrowserContext":
        return self.page.context

    def begin(self, **other: str) -> "Person":
        """The app sends them to Cognito, and that to the provider's page."""
        self.page.goto(self.app.url(**other))
        return self

    def name(self, user: User, password: str | None = None) -> "Person":
        """Say who they are, with the password where one is asked for."""
        self.page.get_by_label("Username").fill(user.email)
        field_ = self.page.locator("#password")
        if field_.count():
            field_.fill(user.password if password is None else password)
        return self.press("Continue")

    def ask(self, user: User) -> "Person":
        """Come as far as the page that wants the code."""
        return self.begin().name(user).sees(CODE_PAGE)

    def type(self, code: str) -> "Person":
        self.page.locator("#code").fill(code)
        return self.press("Sign in")

    def press(self, label: str) -> "Person":
        """Press a button, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=label, exact=True).click()
        return self

    def sees(self, heading: str) -> "Person":
        self.page.get_by_role("heading", name=heading, level=1).wait_for()
        return self

    def reads(self, text: str) -> "Person":
        """A notice on the page has this text."""
        self.page.locator("#notice", has_text=text).wait_for()
        return self

    def is_back(self) -> dict[str, str]:
        """They are in the app again; what it was told."""
        self.page.wait_for_url(re.compile(re.escape(self.app.callback)))
        return self.app.told()

    def cookie(self) -> str:
        """The value of the sign-in's cookie, as somebody who stole it has it."""
        (found,) = (each["value"] for each in self.context.cookies() if "sign-in" in each["name"])
        return found


def is_local(url: str) -> bool:
    """Whether `url` is of this machine. The code's own schemes, such as data:, are none of a page of ours."""
    return urlsplit(url).scheme == "http" and urlsplit(url).hostname in ("localhost", "127.0.0.1")
