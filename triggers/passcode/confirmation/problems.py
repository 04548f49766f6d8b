"""Problem documents (RFC 9457): a closed list of kinds whose names never change their meaning.

The texts of refusals are in the table of `token_service.refusal`. This module has the other kinds. No
detail repeats any part of the request, because callers often log responses.
"""

from dataclasses import dataclass

from passcode.token_service import refusal as refusals
from passcode.token_service.refusal import (
    REFUSALS,
    UNAVAILABLE_REASON,
    Refusal,
    RefusalRow,
    Refused,
    format_duration,
    refusal_row,
)

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:cognito-passcode:problem:"


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem. `detail` says what to do next; `{wait}` in it is replaced by a duration.

    `reason` is the code of a refusal, the same as in the tag of the SDK flow; empty for other problems.
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
UNAVAILABLE = _kind(refusals.UNAVAILABLE, UNAVAILABLE_REASON)


class Problem(Exception):
    """An error that becomes a problem document. `wait` is in seconds; None: until an operator unlocks."""

    def __init__(
        self, kind: ProblemKind, *, detail: str = "", wait: int | None = 0, attempts_left: int | None = None
    ) -> None:
        super().__init__(kind.name)
        self.kind = kind
        self.wait = wait
        optional: dict[str, str | int | None] = {
            "reason": kind.reason or None,
            "attempts_left": attempts_left,
            "retry_after": wait or None,
        }
        self.document: dict[str, str | int] = {
            "type": _TYPE + kind.name,
            "title": kind.title,
            "status": kind.status,
            "detail": detail or kind.detail.format(wait=format_duration(wait or 0)),
            **{name: value for name, value in optional.items() if value is not None},
        }

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of the problem: Retry-After, if there is a wait (RFC 9110, 10.2.3)."""
        return {"Retry-After": str(self.wait)} if self.wait else {}


def of_refusal(refusal: Refusal, wait: int | None = 0, attempts_left: int = 0) -> Problem:
    """Return the problem for `refusal`.

    `attempts_left` is the number of answers that are checked without a wait.
    """
    shown_attempts = attempts_left if refusal is Refusal.WRONG else None
    return Problem(_kind(refusal_row(refusal, wait), refusal.value), wait=wait, attempts_left=shown_attempts)


def of_refused(refused: Refused) -> Problem:
    """Return the problem for a refusal that was raised."""
    return of_refusal(refused.refusal, refused.wait)


def all_kinds() -> list[ProblemKind]:
    """Return every kind, for the description of the API."""
    others = [INVALID_REQUEST, USER_GONE, NOT_FOUND, TOO_LARGE, CHANNEL_NOT_OFFERED]
    refused = [_kind(row, refusal.value) for refusal, row in REFUSALS.items()]
    return [*others, DESTINATION_NOT_ALLOWED, UNAVAILABLE, *refused]
