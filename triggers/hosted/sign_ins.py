"""A sign-in on the page: what is kept of it between two requests of the browser."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hosted.oidc import AuthRequest
from hosted.views import Notice

# Cognito waits five minutes for somebody whom it has sent to a provider. Who came back later would have given
# a code for nothing.
LIFE = 290


class Stage(Enum):
    """Where a sign-in is."""

    START = "start"
    CODE = "code"
    ENDED = "ended"


@dataclass(frozen=True)
class SignInState:
    """One sign-in. `session` is Cognito's, and as good as a password: it is kept encrypted.

    `shown` are the challenge's public parameters. `version` counts the changes, so that of two requests at
    once only one is heard.
    """

    request: AuthRequest
    stage: Stage = Stage.START
    user_name: str = ""
    session: str = field(default="", repr=False)
    shown: Mapping[str, str] = field(default_factory=dict)
    notice: Notice | None = None
    minutes: int = 0
    expires_at: int = 0
    version: int = 0


def key_of_cookie(cookie: str) -> str:
    """The key of the sign-in of `cookie`. The cookie itself is kept nowhere."""
    return f"hosted#{hashlib.sha256(cookie.encode()).hexdigest()}"


def csrf_of(cookie: str, version: int) -> str:
    """The word that each form of a page brings back: which page it is of, and that it is this browser's."""
    return f"{version}.{_word(cookie, version)}"


def version_of(cookie: str, csrf: str) -> int | None:
    """The version that a form's page was made of; None if the form is not of this sign-in."""
    number, _, word = csrf.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    same = hmac.compare_digest(_word(cookie, int(number)).encode(), word.encode())
    return int(number) if same else None


def _word(cookie: str, version: int) -> str:
    return hmac.digest(cookie.encode(), f"csrf {version}".encode(), hashlib.sha256).hex()
