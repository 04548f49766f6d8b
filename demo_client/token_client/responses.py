"""What the token service answers, typed. A token or a proof is never part of a repr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .errors import unfit

_T = TypeVar("_T", str, int, bool)


@dataclass(frozen=True, slots=True)
class Created:
    """A code that is on its way. Times are in seconds; `status` is `SENT`, or `WAITING` when a message went
    out moments ago; `destination` is masked; `subject` will be the proof's `sub`."""

    token: str = field(repr=False)
    expires_in: int
    channel: str
    destination: str
    status: str
    resend_in: int
    subject: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A right answer: `jwt` proves it to anybody who has the published keys, for `expires_in` seconds."""

    jwt: str = field(repr=False)
    expires_in: int
    channel: str
    subject: str


@dataclass(frozen=True, slots=True)
class Introspection:
    """Whether a proof was good and fresh, and its claims, by their names; all empty when it was not."""

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


def created(found: Mapping[str, Any]) -> Created:
    return Created(
        token=_take(found, "token", str),
        expires_in=_take(found, "expires_in", int),
        channel=_take(found, "channel", str),
        destination=_take(found, "destination", str),
        status=_take(found, "status", str),
        resend_in=_take(found, "resend_in", int),
        subject=_take(found, "subject", str),
    )


def proof(found: Mapping[str, Any]) -> Proof:
    if not _take(found, "verified", bool):
        raise unfit(200)
    return Proof(
        jwt=_take(found, "proof", str),
        expires_in=_take(found, "expires_in", int),
        channel=_take(found, "channel", str),
        subject=_take(found, "subject", str),
    )


def introspection(found: Mapping[str, Any]) -> Introspection:
    if not _take(found, "active", bool):
        return Introspection(active=False)
    return Introspection(
        active=True,
        iss=_take(found, "iss", str),
        sub=_take(found, "sub", str),
        aud=_take(found, "aud", str),
        iat=_take(found, "iat", int),
        exp=_take(found, "exp", int),
        jti=_take(found, "jti", str),
        amr=_words(found, "amr"),
        otp_channel=_take(found, "otp_channel", str),
        purpose=_take(found, "purpose", str),
    )


def _take(found: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = found.get(name)
    # Compared by type, for True is an int to isinstance; and an empty token would be none.
    if type(value) is not kind or (value == "" and name in ("token", "proof", "subject", "sub")):
        raise unfit(200)
    return value


def _words(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = found.get(name)
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise unfit(200)
    return tuple(value)
