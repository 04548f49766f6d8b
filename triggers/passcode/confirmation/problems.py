"""Problem documents (RFC 9457): a closed list of kinds whose names never change their meaning.

The texts of refusals are in the table of `token_service.refusal`. This module has the other kinds. No
detail repeats any part of the request, because callers often log responses.
"""

from collections.abc import Mapping
from typing import NamedTuple

from passcode.channels.channel import AddressFault, Channel
from passcode.token_service import refusal as refusals
from passcode.token_service.refusal import (
    REFUSALS,
    UNAVAILABLE_REASON,
    Refusal,
    RefusalRow,
    Refused,
    format_duration,
)

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:cognito-passcode:problem:"


class ProblemKind(NamedTuple):
    """One kind of problem. `detail` says what to do next; `{wait}` in it is replaced by a duration.

    `reason` is the code of a refusal, the same as in the tag of the SDK flow, or that of an address that
    cannot be used; empty for other problems.
    """

    name: str
    status: int
    title: str
    detail: str
    reason: str = ""


def _kind(row: RefusalRow, reason: str) -> ProblemKind:
    return ProblemKind(row.problem, row.status, row.title, row.detail, reason)


INVALID_REQUEST = ProblemKind("invalid-request", 400, "The request cannot be read", "")
NOT_FOUND = ProblemKind(
    "not-found", 404, "No such endpoint", "GET /openapi.json lists the endpoints, each with its method."
)
TOO_LARGE = ProblemKind(
    "too-large", 413, "The request is too large", "A request can have 16 KiB at most. Send a smaller one."
)
USER_GONE = ProblemKind(
    "user-gone", 403, "The user is no longer active", "Let the user sign in again, or ask for help."
)
SIGN_IN_TOO_OLD = ProblemKind(
    "sign-in-too-old",
    401,
    "The sign-in is too long ago",
    "Let the user sign in again, and send the new ID token. A refreshed token keeps the time of its sign-in.",
)
CHANNEL_NOT_OFFERED = ProblemKind(
    "channel-not-offered",
    422,
    "The channel is not in use",
    "This service does not use the channel, or the user has no address for it. Choose another channel.",
)
DESTINATION_NOT_ALLOWED = ProblemKind(
    "destination-not-allowed",
    422,
    "The number cannot get a code",
    "This service sends SMS only to mobile numbers of some countries. Use another number, or email.",
)
_NUMBERS: Mapping[AddressFault, str] = {
    AddressFault.NUMBER: "It is not a known mobile number, or messages to it are too expensive. Use another "
    "number, or email.",
    AddressFault.COUNTRY: "This service sends no SMS to the country of the number. Use another number, or "
    "email.",
}
_ADDRESSES: Mapping[AddressFault, str] = {
    AddressFault.NOT_ASCII: "has letters outside ASCII before the @. No message can be sent to such an "
    "address. Ask the user for another one.",
    AddressFault.QUOTED: "needs quotes before the @. No message can be sent to such an address. Ask the user "
    "for another one.",
    AddressFault.HOST: "has an IP address, or a domain name that is not valid, after the @. Ask the user for "
    "another address.",
}
UNAVAILABLE = _kind(refusals.UNAVAILABLE, UNAVAILABLE_REASON)


class Problem(Exception):
    """An error that becomes a problem document. `wait` and `max_age` are in seconds."""

    def __init__(
        self,
        kind: ProblemKind,
        *,
        detail: str = "",
        wait: int = 0,
        attempts_left: int | None = None,
        max_age: int | None = None,
    ) -> None:
        super().__init__(kind.name)
        self.kind = kind
        self.wait = wait
        optional: dict[str, str | int | None] = {
            "reason": kind.reason or None,
            "attempts_left": attempts_left,
            "retry_after": wait or None,
            "max_age": max_age,
        }
        self.document: dict[str, str | int] = {
            "type": _TYPE + kind.name,
            "title": kind.title,
            "status": kind.status,
            "detail": detail or kind.detail.format(wait=format_duration(wait)),
            **{name: value for name, value in optional.items() if value is not None},
        }

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of the problem.

        Retry-After, if there is a wait (RFC 9110, 10.2.3). WWW-Authenticate, if the sign-in is too old
        (RFC 9470, section 3).
        """
        headers = {"Retry-After": str(self.wait)} if self.wait else {}
        if "max_age" in self.document:
            headers["WWW-Authenticate"] = (
                'Bearer error="insufficient_user_authentication", '
                f'error_description="{self.kind.title}", max_age="{self.document["max_age"]}"'
            )
        return headers


def of_refusal(refusal: Refusal, wait: int = 0, attempts_left: int | None = None) -> Problem:
    """Return the problem for `refusal`. `wait` is in seconds.

    `attempts_left` is the number of wrong answers that are still checked today; None without a limit.
    """
    return Problem(_kind(REFUSALS[refusal], refusal.value), wait=wait, attempts_left=attempts_left)


def of_number(fault: AddressFault) -> Problem:
    """Return the problem for a number that gets no SMS. Its `reason` is the code of the fault."""
    kind = DESTINATION_NOT_ALLOWED._replace(detail=_NUMBERS[fault], reason=fault.value)
    return Problem(kind)


def of_address(channel: Channel, address: str) -> Problem:
    """Return the problem for an address that is no destination. Its `reason` is the code of the fault."""
    fault = channel.fault(address) or AddressFault.MALFORMED
    rule = f"must be {channel.address_format}, such as {channel.example}."
    kind = INVALID_REQUEST._replace(reason=fault.value)
    return Problem(kind, detail=f"`{channel.attribute}` {_ADDRESSES.get(fault, rule)}")


def of_refused(refused: Refused) -> Problem:
    """Return the problem for a refusal that was raised."""
    return of_refusal(refused.refusal, refused.wait)


def all_kinds() -> list[ProblemKind]:
    """Return every kind, for the description of the API."""
    others = [INVALID_REQUEST, SIGN_IN_TOO_OLD, USER_GONE, NOT_FOUND, TOO_LARGE, CHANNEL_NOT_OFFERED]
    refused = [_kind(row, refusal.value) for refusal, row in REFUSALS.items() if row.over_http]
    return [*others, DESTINATION_NOT_ALLOWED, UNAVAILABLE, *refused]
