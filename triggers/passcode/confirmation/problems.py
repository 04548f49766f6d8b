"""What can go wrong, as problem documents (RFC 9457): a closed list whose names never change their meaning.

No detail repeats anything of the request: an answer ends up in the caller's logs.
"""

from dataclasses import dataclass

from passcode.token_service.refusal import Refusal, Refused, format_duration

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:cognito-passcode:problem:"


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem. `detail` says what to do next; `{wait}` in it is a time."""

    name: str
    status: int
    title: str
    detail: str


INVALID_REQUEST = ProblemKind("invalid-request", 400, "The request cannot be read", "")
NOT_FOUND = ProblemKind(
    "not-found",
    404,
    "There is nothing at this address",
    "GET /openapi.json lists what there is, each with its method.",
)
TOO_LARGE = ProblemKind(
    "too-large", 413, "The request is too large", "No request here needs more than 16 KiB. Send less."
)
USER_GONE = ProblemKind(
    "user-gone", 403, "The user is no longer active", "Let the user sign in again, or ask for help."
)
CHANNEL_NOT_OFFERED = ProblemKind(
    "channel-not-offered",
    422,
    "The channel is not in use",
    "This service does not send on that channel, or there is no address for it. Choose another one.",
)
DESTINATION_NOT_ALLOWED = ProblemKind(
    "destination-not-allowed",
    422,
    "The number cannot get a code",
    "It is no mobile number of a country that this service sends SMS to. Use another number, or email.",
)
UNAVAILABLE = ProblemKind(
    "unavailable",
    503,
    "The service could not do it just now",
    "Try again in {wait}, with a new Idempotency-Key. It may have been done all the same: a message sent, a "
    "code or a proof used up.",
)
_UNTIL_UNLOCKED = "Too many wrong codes were given. An operator has to unlock the subject."

_OF_REFUSAL = {
    Refusal.WRONG: ProblemKind(
        "wrong-code",
        422,
        "The code is wrong",
        "Ask for the code of the newest message. After `attempts_left` more each answer has to wait.",
    ),
    Refusal.MALFORMED: ProblemKind(
        "malformed-code",
        400,
        "This cannot be a code",
        "Send the digits of the message as `verification_code`. It was not counted.",
    ),
    Refusal.INVALID_TOKEN: ProblemKind(
        "invalid-token",
        400,
        "The token is not one of this endpoint",
        "Send the `token` unchanged, to the endpoint that belongs to the one which answered it.",
    ),
    Refusal.WRONG_USER: ProblemKind(
        "wrong-user",
        403,
        "The token is another user's",
        "Let the user who asked for the code answer it, or ask for a new one.",
    ),
    Refusal.NO_CHALLENGE: ProblemKind(
        "no-challenge", 404, "There is no such challenge any more", "Ask for a new code."
    ),
    Refusal.SPENT: ProblemKind(
        "code-spent", 409, "The code was used, or a newer one was", "Ask for a new code: each works once."
    ),
    Refusal.DESTINATION_CHANGED: ProblemKind(
        "address-changed",
        409,
        "The user's addresses changed after the code was sent",
        "Ask for a new code. It goes to the address that counts now.",
    ),
    Refusal.KEY_IN_USE: ProblemKind(
        "idempotency-key-in-use",
        409,
        "The Idempotency-Key was used",
        "Its first request is under way, or its code is used up, expired or replaced. Take a new key.",
    ),
    Refusal.EXPIRED: ProblemKind("code-expired", 410, "The code has expired", "Ask for a new code."),
    Refusal.KEY_REUSED: ProblemKind(
        "idempotency-key-reused",
        422,
        "The Idempotency-Key belongs to another request",
        "Take a new key for each request, and repeat a request unchanged.",
    ),
    Refusal.NO_DESTINATION: ProblemKind(
        "no-destination",
        422,
        "The user has no verified address",
        "Let the user verify an email address or a phone number first.",
    ),
    Refusal.COOLDOWN: ProblemKind("cooldown", 429, "A code was sent moments ago", "Try again in {wait}."),
    Refusal.QUOTA: ProblemKind("quota", 429, "Too many codes were asked for", "Try again in {wait}."),
    Refusal.LOCKED: ProblemKind("locked", 429, "Too many wrong codes were given", "Try again in {wait}."),
    Refusal.PAUSED: ProblemKind("paused", 429, "Far too many wrong codes were given", "Try again in {wait}."),
    Refusal.BUSY: ProblemKind("busy", 429, "Several requests came at once", "Try again in {wait}."),
}


class Problem(Exception):
    """A problem on its way to the caller. `wait` is in seconds; None means until an operator unlocks."""

    def __init__(
        self, kind: ProblemKind, *, detail: str = "", wait: int | None = 0, attempts_left: int | None = None
    ) -> None:
        super().__init__(kind.name)
        self.kind = kind
        self.wait = wait
        said = detail or (_UNTIL_UNLOCKED if wait is None else kind.detail.format(wait=format_duration(wait)))
        extra: dict[str, int | None] = {"attempts_left": attempts_left, "retry_after": wait or None}
        self.document: dict[str, str | int] = {
            "type": _TYPE + kind.name,
            "title": kind.title,
            "status": kind.status,
            "detail": said,
            **{name: value for name, value in extra.items() if value is not None},
        }

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with it (RFC 9110, 10.2.3)."""
        return {"Retry-After": str(self.wait)} if self.wait else {}


def of_refusal(refusal: Refusal, wait: int | None = 0, free: int = 0) -> Problem:
    """The problem that says `refusal`."""
    left = free if refusal is Refusal.WRONG else None
    return Problem(_OF_REFUSAL[refusal], wait=wait, attempts_left=left)


def of_refused(refused: Refused) -> Problem:
    """The problem that says what was raised."""
    return of_refusal(refused.refusal, refused.wait)


def all_kinds() -> list[ProblemKind]:
    """Every kind, for the description of the API."""
    others = [INVALID_REQUEST, USER_GONE, NOT_FOUND, TOO_LARGE, CHANNEL_NOT_OFFERED]
    return [*others, DESTINATION_NOT_ALLOWED, UNAVAILABLE, *_OF_REFUSAL.values()]
