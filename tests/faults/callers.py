"""A back end that calls the token service, and a browser with Cognito behind it on the hosted page."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.faults.world import World
from tests.support.api_gateway_events import event_of
from tests.support.hosted_in_memory import Browser
from tests.support.virtual_clock import Cut

BACK = "https://passcode-faults.auth.us-east-1.amazoncognito.com/oauth2/idpresponse"
_GATEWAY_TIME_OUT = {"statusCode": 504, "headers": {}, "multiValueHeaders": {}, "body": "{}"}


@dataclass
class BackEnd:
    """A back end. `call` returns the status and the body of a response."""

    world: World

    def call(self, path: str, body: dict[str, Any] | None, key: str = "") -> tuple[int, dict[str, Any]]:
        """Send one request. API Gateway answers 504 or 502 itself if the function fails."""
        headers = {"idempotency-key": key} if key else {}
        event = event_of("POST" if body is not None else "GET", path, body, headers=headers)
        try:
            response = self.world.invoke("token_api", event)
        except Cut:
            response = _GATEWAY_TIME_OUT
        return response["statusCode"], json.loads(response["body"])

    def create(self, address: str, key: str = "") -> tuple[int, dict[str, Any]]:
        """Request a code for an email address."""
        return self.call("/createToken", {"email": address}, key)

    def code_for(self, address: str, wait: float = 2.0) -> str:
        """Wait for a message, and return the newest code; an empty text if there is none."""
        self.world.run_until(self.world.clock.now + wait)
        found = [message for message in self.world.outbox if message.to == address]
        return found[-1].code if found else ""


@dataclass
class HostedSite:
    """The hosted page for `Browser`."""

    world: World

    def respond(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the response of the function, or that of API Gateway if the function fails."""
        try:
            response: dict[str, Any] = self.world.invoke("hosted_sign_in", event)
        except Cut:
            return dict(_GATEWAY_TIME_OUT)
        return response


@dataclass
class HostedSignIn:
    """One user in a browser, who presses a button again after an error page. Cognito does so too."""

    world: World
    user: str
    tries: int = 5
    error_pages: int = 0
    has_tokens: bool = False

    def run(self) -> None:
        """Sign in, up to the claims that Cognito gets."""
        self.browser = Browser(HostedSite(self.world))  # type: ignore[arg-type]
        query = {
            "client_id": ["cognito"],
            "redirect_uri": [BACK],
            "response_type": ["code"],
            "scope": ["openid email"],
            "state": ["the state"],
        }
        self._until_no_error(lambda: self.browser.get("/authorize", query))
        began = self.world.clock.now
        email = self.world.pool.users[self.user]["email"]
        self._submit("start", user_name=email)
        self.world.run_until(self.world.clock.now + 5)
        messages = self.world.sent_to(self.user, began)
        if not messages:
            return
        left = self._submit("answer", code=messages[-1].code)
        code = parse_qs(urlsplit(left["headers"].get("Location", "")).query).get("code")
        if code:
            self._exchange(code[0])

    def _submit(self, act: str, **typed: str) -> dict[str, Any]:
        page = self._until_no_error(lambda: self.browser.get("/sign-in"))
        found = re.search(r'name="csrf" value="([^"]+)"', page["body"])
        form = {"do": act, "csrf": found[1] if found else "", **typed}
        return self._until_no_error(lambda: self.browser.post("/sign-in", form))

    def _exchange(self, code: str) -> None:
        form = {
            "grant_type": "authorization_code",
            "client_id": "cognito",
            "client_secret": "a secret",
            "redirect_uri": BACK,
            "code": code,
        }
        response = self._until_no_error(lambda: self.browser.post("/token", form))
        if response["statusCode"] == 200:
            token = json.loads(response["body"])["access_token"]
            claims = self._until_no_error(
                lambda: self.browser.get("/userinfo", Authorization=f"Bearer {token}")
            )
            self.has_tokens = claims["statusCode"] == 200

    def _until_no_error(self, request: Any) -> dict[str, Any]:
        response: dict[str, Any] = request()
        for _ in range(self.tries - 1):
            if response["statusCode"] < 400:
                break
            self.error_pages += 1
            self.world.clock.now += 1
            response = request()
        return response
