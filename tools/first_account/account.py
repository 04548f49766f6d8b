"""What the claims use: the account, the throw-away stacks, new users, HTTP requests and bounded waits."""

from __future__ import annotations

import itertools
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, TypeVar

from tools.first_account.claim import NotTried
from tools.first_account.parts import Parts
from tools.local_stack.clients import local_address
from tools.pool_admin.context import AwsAccount

T = TypeVar("T")

# AWS WAF and a new domain need up to some minutes before they work everywhere.
SETTLE_SECONDS = 180.0


@dataclass(frozen=True)
class HttpResponse:
    """A response to a GET request. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True)
class ThrowAwayUser:
    """A user of the throw-away pool. `name` is the name that Cognito made, and `email` the sign-in name."""

    name: str
    email: str
    password: str


@dataclass
class ThrowAwayAccount:
    """The account with the parts of one run. `right_answer` ends a sign-in with tokens."""

    aws: AwsAccount
    parts: Parts
    right_answer: str
    settle_seconds: float = SETTLE_SECONDS
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a boto3 client of `service`."""
        if service not in self._clients:
            self._clients[service] = self.aws.client(service)
        return self._clients[service]

    @property
    def cognito(self) -> Any:
        """The client of Cognito."""
        return self.client("cognito-idp")

    def output(self, name: str) -> str:
        """Return an output of the stacks of this run."""
        return next(outputs[name] for outputs in self.parts.outputs.values() if name in outputs)

    def pause(self, seconds: float) -> None:
        """Wait until AWS has acted on time, such as the end of a lock. A local AWS has no such waits."""
        time.sleep(0 if self.aws.is_local else seconds)

    def wait_for(self, look: Callable[[], T | None], missing: str) -> T:
        """Call `look` until it returns something. Raises `NotTried` with the sentence `missing`."""
        end = time.monotonic() + self.settle_seconds
        while (found := look()) is None:
            if time.monotonic() > end:
                raise NotTried(missing)
            time.sleep(min(5.0, self.settle_seconds))
        return found

    def unique(self, word: str) -> str:
        """Return a name that no other call of this run returns, in lower case."""
        return f"{word}-{next(self._numbers)}-{secrets.token_hex(4)}"

    def new_user(self, *, temporary: bool = False, pool: str = "PoolId") -> ThrowAwayUser:
        """Create a user with a password, in the pool that is the output `pool`. No message is sent."""
        email, password = f"{self.unique('user')}@first-account.example", f"Aa1!{secrets.token_urlsafe(18)}"
        pool_id = self.output(pool)
        made = self.cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=email,
            TemporaryPassword=password,
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
            MessageAction="SUPPRESS",
        )
        if not temporary:
            self.cognito.admin_set_user_password(
                UserPoolId=pool_id, Username=email, Password=password, Permanent=True
            )
        return ThrowAwayUser(made["User"]["Username"], email, password)

    def get(self, url: str) -> HttpResponse | None:
        """Request `url` without following a redirect. Returns None if there is no response yet."""
        if self.aws.is_local and self.aws.endpoint_url:
            url = local_address(self.aws.endpoint_url, url)
        proxies = urllib.request.ProxyHandler({} if self.aws.is_local else None)
        opener = urllib.request.build_opener(proxies, _NoRedirect)
        try:
            with opener.open(url, timeout=10) as response:
                return HttpResponse(response.status, _lower(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return HttpResponse(error.code, _lower(error.headers))
        except (OSError, HTTPException):
            return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Makes a redirect the response, instead of following it."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Return no request, so that the redirect is the response."""


def _lower(headers: Mapping[str, str] | Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
