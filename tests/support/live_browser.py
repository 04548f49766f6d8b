"""A minimal HTTP browser and an app without a server, for the hosted sign-in."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from tools.local_stack.stack import Stack

CALLBACK = "https://app.passcode.example/callback"
_FORM = re.compile(r"<form[^>]*action=\"([^\"]+)\"[^>]*>(.*?)</form>", re.DOTALL)
_FIELD = re.compile(r"<input[^>]*\bname=\"(\w+)\"([^>]*)>", re.DOTALL)
_VALUE = re.compile(r"\bvalue=\"([^\"]*)\"")


def session() -> requests.Session:
    """An HTTP session that ignores the settings of the machine (proxies, .netrc)."""
    made = requests.Session()
    made.trust_env = False
    return made


@dataclass
class Browser:
    """One browser: its cookies by host, its current page, and each URL that it was redirected to."""

    http: requests.Session = field(default_factory=session)
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    redirects: list[str] = field(default_factory=list)
    page: requests.Response | None = None

    def open(self, url: str, form: dict[str, str] | None = None) -> "Browser":
        """Open the URL and follow redirects, up to the app's callback URL."""
        while not url.startswith(CALLBACK):
            self.page = response = self._send(url, form)
            if response.status_code not in (302, 303):
                return self
            url, form = urljoin(url, response.headers["Location"]), None
            self.redirects.append(url)
        self.page = None
        return self

    def _send(self, url: str, form: dict[str, str] | None) -> requests.Response:
        jar = self.cookies.setdefault(urlsplit(url).netloc, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        response = self.http.request(
            "POST" if form is not None else "GET",
            url,
            data=form,
            headers=headers,
            allow_redirects=False,
            timeout=60,
        )
        # A browser sends Secure cookies to loopback too; `requests` would not.
        name, _, rest = response.headers.get("Set-Cookie", "").partition("=")
        if "Max-Age=0" in rest:
            jar.pop(name, None)
        elif rest:
            jar[name] = rest.partition(";")[0]
        self.http.cookies.clear()
        return response

    @property
    def html(self) -> str:
        """The HTML of the current page."""
        assert self.page is not None, f"the sign-in ended at the app: {self.redirects[-1]}"
        return self.page.text

    def submit(self, do: str, **typed: str) -> "Browser":
        """Fill in the form with this `do` value, and send it."""
        assert self.page is not None
        for action, inside in _FORM.findall(self.html):
            fields = {name: _value(rest) for name, rest in _FIELD.findall(inside)}
            if fields.get("do") == do:
                return self.open(urljoin(self.page.url, action), fields | typed)
        raise AssertionError(f"no form with do={do}: {self.html}")

    @property
    def answer(self) -> dict[str, str]:
        """The parameters of the app's callback URL."""
        assert self.page is None, self.html
        return {name: values[0] for name, values in parse_qs(urlsplit(self.redirects[-1]).query).items()}


def _value(attributes: str) -> str:
    found = _VALUE.search(attributes)
    return unescape(found[1]) if found else ""


@dataclass
class App:
    """An app with the hosted sign-in's app client, authorization code flow and PKCE."""

    stack: Stack
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def url(self, **other: str) -> str:
        """The authorization URL to which the app sends its users."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        default_parameters = {
            "response_type": "code",
            "client_id": self.stack.clients["hosted"],
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        parameters = {name: value for name, value in (default_parameters | other).items() if value}
        return f"{self.stack.outputs['HostedSignInURL']}?{urlencode(parameters)}"

    def exchange(self, code: str, **other: str) -> requests.Response:
        """Exchange the code for tokens at Cognito."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.stack.clients["hosted"],
            "redirect_uri": CALLBACK,
            "code": code,
            "code_verifier": self.verifier,
        }
        parameters = {name: value for name, value in (form | other).items() if value}
        return session().post(f"{self.stack.endpoint_url}/oauth2/token", data=parameters, timeout=60)

    def tokens(self, browser: Browser) -> dict[str, Any]:
        """The tokens of a completed sign-in."""
        assert browser.answer["state"] == self.state
        response = self.exchange(browser.answer["code"])
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found


def issuer(stack: Stack) -> str:
    """The provider's base URL on the local stack."""
    api = urlsplit(stack.outputs["HostedIssuer"]).netloc.partition(".")[0]
    return f"{stack.endpoint_url}/_aws/execute-api/{api}/v1"
