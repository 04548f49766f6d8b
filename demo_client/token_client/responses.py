"""The responses of the token service as typed values. Their repr contains no token and no proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .errors import invalid_response

_T = TypeVar("_T", str, int, bool)


@dataclass(frozen=True, slots=True)
class Created:
    """A challenge whose code was sent.

    `token` is needed to check the code. Times are in seconds. `status` is `SENT`, or `WAITING` if the
    cooldown has not passed and the previous code is still valid. `destination` is masked. `subject` will be
    the claim `sub` of the proof.
    """

    token: str = field(repr=False)
    expires_in: int
    channel: str
    destination: str
    status: str
    resend_in: int
    subject: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of a right code: a JWT that verifies with the published keys, for `expires_in` seconds."""

    jwt: str = field(repr=False)
    expires_in: int
    channel: str
    subject: str


@dataclass(frozen=True, slots=True)
class Introspection:
    """Whether a proof was valid and not used before, and its claims. The claims are empty if it was not."""

    active: bool
    iss: str = ""
    sub: str = ""
    aud: str = ""
    iat: int = 0
    exp: int = 0
    jti: str = ""
    amr: tuple[str, ...] = ()
    otp_channel: str = ""
    purpose: str = ""


def created(body: Mapping[str, Any]) -> Created:
    """Read Created from a response. Like the others, raises TokenApiError if a field has a wrong type."""
    return Created(
        token=_take(body, "token", str),
        expires_in=_take(body, "expires_in", int),
        channel=_take(body, "channel", str),
        destination=_take(body, "destination", str),
        status=_take(body, "status", str),
        resend_in=_take(body, "resend_in", int),
        subject=_take(body, "subject", str),
    )


def proof(body: Mapping[str, Any]) -> Proof:
    """Read Proof from a response."""
    if not _take(body, "verified", bool):
        raise invalid_response(200)
    return Proof(
        jwt=_take(body, "proof", str),
        expires_in=_take(body, "expires_in", int),
        channel=_take(body, "channel", str),
        subject=_take(body, "subject", str),
    )


def introspection(body: Mapping[str, Any]) -> Introspection:
    """Read Introspection from a response."""
    if not _take(body, "active", bool):
        return Introspection(active=False)
    return Introspection(
        active=True,
        iss=_take(body, "iss", str),
        sub=_take(body, "sub", str),
        aud=_take(body, "aud", str),
        iat=_take(body, "iat", int),
        exp=_take(body, "exp", int),
        jti=_take(body, "jti", str),
        amr=_strings(body, "amr"),
        otp_channel=_take(body, "otp_channel", str),
        purpose=_take(body, "purpose", str),
    )


def _take(body: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = body.get(name)
    # Compared by type, because isinstance takes True for an int. An empty token is no token.
    if type(value) is not kind or (value == "" and name in ("token", "proof", "subject", "sub")):
        raise invalid_response(200)
    return value


def _strings(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid_response(200)
    return tuple(value)
