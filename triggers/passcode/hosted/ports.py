"""The ports of the hosted sign-in. The triggers do not import this module, to keep cold starts short."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from passcode.hosted.state import Grant, SignInState
from passcode.token_service.refusal import RefusalTag


@dataclass(frozen=True)
class CodeRequired:
    """A challenge of the triggers. `parameters` are the public ones, `user_name` is the pool's user name."""

    user_name: str
    session: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Authenticated:
    """The user signed in. The tokens are dropped: apps get tokens only from Cognito.

    `channel` is that of the accepted code, and empty if the pool's tokens do not name it.
    """

    user_name: str
    sub: str
    channel: str


@dataclass(frozen=True)
class SignInRefused:
    """A trigger refused the request. `tag` is the tag in its text; None if its text has no tag."""

    tag: RefusalTag | None


class AuthenticationFailed(Exception):
    """Cognito refused: wrong name, wrong password, or an expired session."""


class MustChangePassword(Exception):
    """The user must set a new password first."""


Outcome = CodeRequired | Authenticated | SignInRefused
Claims = Mapping[str, object]


class UserPool(Protocol):
    """Signs users in to the pool. Every method raises `AuthenticationFailed` or `Unavailable`.

    `locale` is that of the page, for a message. It is empty if no language of the browser has a catalogue.
    """

    def start(self, user_name: str, password: str | None, locale: str) -> Outcome:
        """Start a sign-in, with the password first unless it is None. Raises also `MustChangePassword`."""

    def answer(self, session: str, user_name: str, code: str) -> Outcome:
        """Answer the challenge with the code that the user typed."""

    def send(self, session: str, user_name: str, action: str, channel: str, locale: str) -> Outcome:
        """Request a message: `action` is send or resend."""


class HostedStore(Protocol):
    """The sign-ins on the page and their grants. Raises `Unavailable` if the store does not respond.

    A write may be repeated after a lost response, because the store recognises it.
    """

    def read(self, cookie: str, now: int) -> SignInState | None:
        """Return the sign-in of `cookie`; None if there is none or it has expired."""

    def write(self, cookie: str, state: SignInState) -> bool:
        """Replace the previous version by `state`; False if another request did so first."""

    def increment_version(self, cookie: str, state: SignInState) -> bool:
        """Increment the version of `state`; False if another request did so first."""

    def grant(self, code: str, grant: Grant, now: int) -> None:
        """Store the grant of `code` for one minute."""

    def redeem(self, code: str, use_id: str, now: int) -> Grant | None:
        """Return the grant of `code`, once and before it expires; else None.

        A repeat with the same `use_id` gets it again for 15 seconds.
        """


class UserDirectory(Protocol):
    """The users of the pool. Raises `Unavailable` if the pool does not respond."""

    def attributes(self, user_name: str, sub: str) -> Mapping[str, str] | None:
        """Return the attributes of the user with this `sub`; None if the user is deleted or disabled."""


class IdentityLinks(Protocol):
    """The links between users of the pool and the identities of this provider."""

    def link_user(self, user_name: str, attributes: Mapping[str, str]) -> None:
        """Link the user, if there is no link yet. Raises `Unavailable` if this fails."""


class TokenSigner(Protocol):
    """Writes and reads the provider's tokens. Raises `Unavailable` if the key is not available."""

    def write(self, claims: Claims) -> str:
        """Sign `claims`."""

    def read(self, token: str) -> Claims | None:
        """Return the claims of a token; None if this provider did not sign it."""

    def unverified(self, token: str) -> Claims | None:
        """Return the claims, or None if `token` is no JWT. They are not verified, so do not trust them."""
