"""What the hosted sign-in needs from the world. No trigger loads it: each import is paid at a cold start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from passcode.hosted.state import Grant, SignInState
from passcode.token_service.refusal import RefusalTag


@dataclass(frozen=True)
class CodeRequired:
    """A challenge of our triggers. `parameters` are the public ones, `user_name` is the pool's own."""

    user_name: str
    session: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Authenticated:
    """The person signed in. The tokens are let go: nobody gets them but through Cognito."""

    user_name: str
    sub: str


@dataclass(frozen=True)
class SignInRefused:
    """A trigger refused. `tag` is that of its text; None if the text has none, as from another trigger."""

    tag: RefusalTag | None


class AuthenticationFailed(Exception):
    """Cognito refused: a wrong name, a wrong password, or a session that is over."""


class MustChangePassword(Exception):
    """A new password is to be set before anything else."""


Outcome = CodeRequired | Authenticated | SignInRefused
Claims = Mapping[str, object]


class UserPool(Protocol):
    """The pool's own sign-in. Every method raises `AuthenticationFailed` or `Unavailable`."""

    def start(self, user_name: str, password: str | None) -> Outcome:
        """Begin, with the password first unless it is None. Raises `MustChangePassword` too."""

    def answer(self, session: str, user_name: str, code: str) -> Outcome:
        """Answer with what was typed: nothing else lets in."""

    def send(self, session: str, user_name: str, action: str, channel: str) -> Outcome:
        """Ask for a message: `action` is send or resend."""


class HostedStore(Protocol):
    """The sign-ins on the page, and the grants that they end in. Raises `Unavailable` if the store is out."""

    def read(self, cookie: str, now: int) -> SignInState | None:
        """The sign-in of `cookie`; None if there is none or its time is over."""

    def write(self, cookie: str, state: SignInState) -> bool:
        """Keep `state` in place of the version before it; False if another request was faster."""

    def take(self, cookie: str, state: SignInState) -> bool:
        """Count one more change of `state`; False if another request was faster."""

    def grant(self, code: str, grant: Grant, now: int) -> None:
        """Keep what `code` stands for, for a minute."""

    def redeem(self, code: str, now: int) -> Grant | None:
        """The grant of `code`, once and in time; else None."""


class UserDirectory(Protocol):
    """The users of the pool. Raises `Unavailable` if the pool is out."""

    def attributes(self, user_name: str, sub: str) -> Mapping[str, str] | None:
        """The attributes of the user who is `sub`; None if that user is gone or disabled."""


class IdentityLinks(Protocol):
    """The links between users of the pool and the identities of this provider."""

    def make(self, user_name: str, attributes: Mapping[str, str]) -> None:
        """Link the user, unless the user is linked. Raises `Unavailable` if it cannot be done."""


class TokenSigner(Protocol):
    """Writes and reads the provider's tokens. Raises `Unavailable` if the key is out."""

    def write(self, claims: Claims) -> str:
        """Sign `claims`."""

    def read(self, token: str) -> Claims | None:
        """The claims of a token; None if it was not signed here."""

    def unverified(self, token: str) -> Claims | None:
        """The claims without a check of the signature: no call. None if this is no token."""
