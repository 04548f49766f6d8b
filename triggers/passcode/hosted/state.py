"""A sign-in on the hosted page: its stored state, keys, lifetime and CSRF value, and its grant.

The stored texts have named keys and a version. Their readers ignore unknown keys.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from passcode.token_service.challenge import check_version, parse_object, read_field, read_fields

_VERSION = 1
# Lifetime of an authorization code in seconds.
CODE_LIFE = 60
# The longest user name that Cognito's API accepts.
LONGEST_NAME = 128


@dataclass(frozen=True)
class AuthorizationRequest:
    """An authorization request that passed all checks.

    `required_level` is the lowest level of authentication that the app accepts (see `levels`), 0 for any.
    """

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    required_level: int = 0


class Notice(Enum):
    """A message for the user. The value is the key of its text in the catalogue."""

    WRONG_NAME_OR_PASSWORD = "wrong_name_or_password"  # noqa: S105 - the name of a sentence
    NAME_MISSING = "name_missing"
    WRONG_CODE = "wrong_code"
    NO_CODE = "no_code"  # the typed text cannot be a code
    EXPIRED = "expired"
    SENT_AGAIN = "sent_again"
    NOT_SENT_YET = "not_sent_yet"  # a message was sent moments ago, so no new one was sent
    LONGER_CODE = "longer_code"  # after several wrong codes, only a long code is accepted
    COOLDOWN = "cooldown"  # a code was sent moments ago, and this sign-in cannot use it; {duration}, as below
    QUOTA = "quota"  # too many codes were requested
    BUSY = "busy"  # several sign-ins of one user started at the same time
    SMS_STOPPED = "sms_stopped"  # a limit on SMS and calls is reached
    NO_DESTINATION = "no_destination"
    OVER = "over"  # this sign-in has ended: too many answers, too late, or it was used in another window
    OTHER_WINDOW = "other_window"  # the form belongs to an older sign-in than the newest one of this browser
    BAD_LINK = "bad_link"  # the app sent the user here with a request that is not valid
    NEW_PASSWORD = "new_password"  # noqa: S105 - a new password is to be set first, which this page cannot do
    UNAVAILABLE = "unavailable"


class SignInPhase(Enum):
    """The phase of a sign-in."""

    START = "start"
    CODE = "code"
    COMPLETE = "complete"
    ENDED = "ended"


@dataclass(frozen=True)
class SignInState:
    """One sign-in. `session` is Cognito's and as sensitive as a password, so it is stored encrypted.

    `shown` has the challenge's public parameters. `retry_after` is the wait in the notice, in seconds.
    `version` counts the changes, so that only one of two simultaneous requests is handled. A complete sign-in
    has its authorization `code` and its packed `grant`, so that a repeated form gets the same code.
    `with_password` is true after the right password.
    """

    request: AuthorizationRequest
    phase: SignInPhase = SignInPhase.START
    user_name: str = ""
    session: str = field(default="", repr=False)
    shown: Mapping[str, str] = field(default_factory=dict)
    notice: Notice | None = None
    retry_after: int = 0
    expires_at: int = 0
    version: int = 0
    with_password: bool = False
    code: str = field(default="", repr=False)
    grant: str = field(default="", repr=False)

    def pack(self) -> tuple[str, str]:
        """Return the plain part and the secret part as JSON. The store keeps the other two values itself."""
        plain = {
            "v": _VERSION,
            "request": asdict(self.request),
            "phase": self.phase.value,
            "shown": dict(self.shown),
            "notice": self.notice.value if self.notice else "",
            "retry_after": self.retry_after,
            "with_password": self.with_password,
        }
        secret = {
            "v": _VERSION,
            "user_name": self.user_name,
            "session": self.session,
            "code": self.code,
            "grant": self.grant,
        }
        return json.dumps(plain), json.dumps(secret)

    @classmethod
    def unpack(cls, plain: str, secret: str, *, expires_at: int, version: int) -> "SignInState":
        """Read both parts. Raises ValueError if `pack` of this version did not write them.

        `shown`, `notice`, `retry_after`, `with_password`, `code` and `grant` may be missing.
        """
        values, secrets = _versioned(plain), _versioned(secret)
        notice = read_field(values, "notice", str, "")
        return cls(
            # No other default: without its code challenge, a request would need no PKCE.
            request=read_fields(AuthorizationRequest, _object(values, "request"), {"required_level": 0}),
            phase=SignInPhase(read_field(values, "phase", str)),
            user_name=read_field(secrets, "user_name", str),
            session=read_field(secrets, "session", str),
            code=read_field(secrets, "code", str, ""),
            grant=read_field(secrets, "grant", str, ""),
            shown=_texts(_object(values, "shown", {})),
            notice=Notice(notice) if notice else None,
            retry_after=read_field(values, "retry_after", int, 0),
            with_password=read_field(values, "with_password", bool, False),
            expires_at=expires_at,
            version=version,
        )


@dataclass(frozen=True)
class Grant:
    """A successful sign-in. It identifies the user by user name and sub, not by an address.

    `channel` is that of the accepted code, and empty if it is not known.
    """

    client_id: str
    redirect_uri: str
    nonce: str
    code_challenge: str
    user_name: str
    sub: str
    auth_time: int
    channel: str
    with_password: bool

    def pack(self) -> str:
        """Return the grant as JSON."""
        return json.dumps({"v": _VERSION} | asdict(self))

    @classmethod
    def unpack(cls, text: str) -> "Grant":
        """Read a grant. Raises ValueError if `pack` of this version did not write it."""
        return read_fields(cls, _versioned(text), {})


def _versioned(text: str) -> dict[str, Any]:
    values = parse_object(text)
    check_version(values, _VERSION)
    return values


def _object(values: Mapping[str, Any], name: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
    value = values.get(name, default)
    if not isinstance(value, dict):
        raise ValueError(f"the field {name} is missing or is no object")  # noqa: TRY004 - as for all fields
    return value


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: read_field(values, name, str) for name in values}


def key_of_cookie(cookie: str) -> str:
    """Return the key of the sign-in of `cookie`. The store never has the cookie itself."""
    return f"hosted#{hashlib.sha256(cookie.encode()).hexdigest()}"


def key_of_code(code: str) -> str:
    """Return the key of the grant of `code`. The store never has the code itself."""
    return f"grant#{hashlib.sha256(code.encode()).hexdigest()}"


# Cognito waits five minutes for a user whom it redirected to a provider. After that, a code would be useless
# for the user.
LIFE = 290


def csrf_of(cookie: str, version: int) -> str:
    """Return the CSRF value of the forms. It binds them to the browser's cookie and to a page version."""
    return f"{version}.{_csrf_mac(cookie, version)}"


def version_of(cookie: str, csrf: str) -> int | None:
    """Return the version of the page that the form is from; None if the form is not of this sign-in."""
    number, _, mac = csrf.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    is_valid = hmac.compare_digest(_csrf_mac(cookie, int(number)).encode(), mac.encode())
    return int(number) if is_valid else None


def _csrf_mac(cookie: str, version: int) -> str:
    return hmac.digest(cookie.encode(), f"csrf {version}".encode(), hashlib.sha256).hex()
