"""The closed list of refusals, their texts in every flow, and the errors of the token service.

`Refusal` is the value, and `Refused` is the error that takes it to the caller. In the SDK flow Cognito passes
only the text of an error to the app. So the text ends with a tag for the app. Cognito adds a prefix and a
full stop: `CreateAuthChallenge failed with error Too many codes were requested. Try again in 10 minutes.
[passcode:quota:600].`
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Refusal(Enum):
    """Why an answer or a request for a code was refused.

    The value is the stable code of the reason. The tag, problem documents and the metrics use it.
    """

    WRONG = "wrong"
    EXPIRED = "expired"
    SPENT = "spent"
    MALFORMED = "malformed"
    NO_CHALLENGE = "no_challenge"
    LONGER_CODE = "longer_code"
    COOLDOWN = "cooldown"
    QUOTA = "quota"
    BUSY = "busy"
    SMS_STOPPED = "sms_stopped"
    NO_DESTINATION = "no_destination"
    KEY_REUSED = "key_reused"
    KEY_IN_USE = "key_in_use"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - the name of a reason
    WRONG_USER = "wrong_user"


class RefusalRow(NamedTuple):
    """The texts of one refusal. `{wait}` in a text is replaced by a duration.

    `status`, `problem`, `title` and `detail` are fields of the problem document (RFC 9457), for developers.
    `sentence` is the text for the user in the SDK flow; if it is empty, title and detail are used. `notice`
    is the key of the text on the hosted page. `meaning` is the text in the documentation: the event, and the
    action for an app. `in_sign_in` is true if a trigger raises the refusal, so that apps see its tag.
    `over_http` is false if only a trigger raises it.
    """

    status: int
    problem: str
    title: str
    detail: str
    meaning: str
    sentence: str = ""
    notice: str = "unavailable"
    in_sign_in: bool = False
    over_http: bool = True


_WAIT = "Try again in {wait}."
_NEW_CODE = "Request a new code."

REFUSALS: Mapping[Refusal, RefusalRow] = {
    Refusal.WRONG: RefusalRow(
        status=422,
        problem="wrong-code",
        title="The code is wrong",
        detail="Ask for the code of the newest message. After `attempts_left` more wrong answers, a longer "
        "code is required.",
        meaning="The answer was wrong. Ask the user again. After `attempts_left` more wrong answers, a "
        "longer code is required. Without `attempts_left`, the code has 20 digits and no limit.",
        notice="wrong_code",
    ),
    Refusal.EXPIRED: RefusalRow(
        status=410,
        problem="code-expired",
        title="The code has expired",
        detail=_NEW_CODE,
        meaning="The code has expired. Request a new code.",
        notice="expired",
    ),
    Refusal.SPENT: RefusalRow(
        status=409,
        problem="code-spent",
        title="The code was used, or a newer one was",
        detail="Request a new code. Each code works once.",
        meaning="The code, or a newer one, was used before. Request a new code.",
    ),
    Refusal.MALFORMED: RefusalRow(
        status=400,
        problem="malformed-code",
        title="The answer cannot be a code",
        detail="Send the digits of the message as `verification_code`. The answer was not counted.",
        meaning="The answer does not have the digits of a code. It was not counted. Ask the user again.",
        notice="no_code",
    ),
    Refusal.NO_CHALLENGE: RefusalRow(
        status=404,
        problem="no-challenge",
        title="The challenge does not exist any more",
        detail=_NEW_CODE,
        meaning="The challenge belongs to another stack, or its record was deleted. Request a new code.",
    ),
    Refusal.LONGER_CODE: RefusalRow(
        status=409,
        problem="longer-code",
        title="After several wrong codes, a longer code is required",
        detail="Request a new code. It has 20 digits.",
        meaning="There were too many wrong answers today, so this code is not accepted any more. Request a "
        "new code: it has 20 digits, and wrong answers to it are not limited.",
        sentence="After several wrong codes, a longer code is required. Ask for a new code.",
        notice="longer_code",
        in_sign_in=True,
    ),
    Refusal.COOLDOWN: RefusalRow(
        status=429,
        problem="cooldown",
        title="A code was sent moments ago",
        detail=_WAIT,
        meaning="A code was sent moments ago, and this request cannot use it. Try again after the wait.",
        notice="cooldown",
        in_sign_in=True,
    ),
    Refusal.QUOTA: RefusalRow(
        status=429,
        problem="quota",
        title="Too many codes were requested",
        detail=_WAIT,
        meaning="Too many codes were requested in a short time. Try again after the wait.",
        notice="quota",
        in_sign_in=True,
    ),
    Refusal.BUSY: RefusalRow(
        status=429,
        problem="busy",
        title="Several requests came at the same time",
        detail=_WAIT,
        meaning="Several requests for one user came at the same moment. Try again after the wait.",
        sentence="Several sign-ins started at the same time. Try again in {wait}.",
        notice="busy",
        in_sign_in=True,
    ),
    Refusal.SMS_STOPPED: RefusalRow(
        status=429,
        problem="sms-stopped",
        title="No code can be sent to the phone number now",
        detail=_WAIT,
        meaning="A limit on SMS and calls is reached, so no code can be sent to the phone number now. Start "
        "again with a code by email, or try again after the wait.",
        notice="sms_stopped",
        in_sign_in=True,
        over_http=False,
    ),
    Refusal.NO_DESTINATION: RefusalRow(
        status=422,
        problem="no-destination",
        title="The user has no verified address that can get a code",
        detail="Let the user verify an email address or a phone number first.",
        meaning="The user has no verified address, or none that can get a code. Let the user verify another "
        "one, or say whom to ask.",
        sentence="This account has no verified email address or phone number that can get a code. Ask "
        "support to add one.",
        notice="no_destination",
        in_sign_in=True,
    ),
    Refusal.KEY_REUSED: RefusalRow(
        status=422,
        problem="idempotency-key-reused",
        title="The Idempotency-Key belongs to another request",
        detail="Use a new key for each request, and repeat a request unchanged.",
        meaning="The `Idempotency-Key` belongs to another request. Use a new key for each request.",
    ),
    Refusal.KEY_IN_USE: RefusalRow(
        status=409,
        problem="idempotency-key-in-use",
        title="The Idempotency-Key was used",
        detail="Its code is older than four minutes, used, expired or replaced. Use a new key.",
        meaning="The code of this key is older than four minutes, used, expired or replaced. Use a new key.",
    ),
    Refusal.INVALID_TOKEN: RefusalRow(
        status=400,
        problem="invalid-token",
        title="The token does not belong to this endpoint",
        detail="Send the `token` unchanged, to the endpoint that belongs to the one that created it.",
        meaning="The token was changed, or belongs to another endpoint. Send the `token` unchanged, to the "
        "endpoint that belongs to the one that created it.",
    ),
    Refusal.WRONG_USER: RefusalRow(
        status=403,
        problem="wrong-user",
        title="The token belongs to another user",
        detail="Let the user who requested the code answer, or request a new code.",
        meaning="Another user requested the code. Let that user answer, or request a new code.",
    ),
}

# This is no refusal: a dependency did not respond, or an error was unexpected. Callers get it as if it were.
UNAVAILABLE_REASON = "unavailable"
UNAVAILABLE = RefusalRow(
    status=503,
    problem="unavailable",
    title="The service is temporarily unavailable",
    detail="Try again in {wait}, with the same Idempotency-Key. The request may nevertheless have taken "
    "effect: a message sent, or a code or a proof used up.",
    meaning="AWS or this stack did not answer in time. Try again in half a minute; over HTTP with the same "
    "`Idempotency-Key`.",
    sentence="The sign-in could not be completed. Start again in half a minute.",
    in_sign_in=True,
)


class RefusalTag(NamedTuple):
    """The part of a text for the app. `retry_after` is in seconds, 0 without a wait."""

    reason: str
    retry_after: int = 0

    def __str__(self) -> str:
        """Return the tag for the end of a text: `[passcode:quota:600]`, or `[passcode:no_destination]`."""
        return f"[passcode:{self.reason}{f':{self.retry_after}' if self.retry_after else ''}]"


# Only at the end, so that a quotation inside a text is not read as its tag.
_TAG = re.compile(r"\[passcode:([a-z_]{1,32})(?::([0-9]{1,9}))?\][. ]*\Z")


def parse_tag(text: str) -> RefusalTag | None:
    """Read the tag at the end of `text`, with or without Cognito's full stop; None if there is none.

    The reason may be unknown to this release.
    """
    found = _TAG.search(text)
    return RefusalTag(found[1], int(found[2] or 0)) if found else None


def refusal_text(refusal: Refusal, wait: int = 0) -> str:
    """Return the text for the user with the tag. `wait` is in seconds."""
    sentence = _sentence(REFUSALS[refusal]).format(wait=format_duration(wait))
    return f"{sentence} {RefusalTag(refusal.value, wait)}"


def _sentence(row: RefusalRow) -> str:
    return row.sentence or f"{row.title}. {row.detail}"


UNAVAILABLE_TEXT = f"{_sentence(UNAVAILABLE)} {RefusalTag(UNAVAILABLE_REASON)}"


def format_duration(seconds: int) -> str:
    """Return seconds as text for a user, such as `10 minutes`. Rounds up, never down."""
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds > 2 * size:
            return f"{-(-seconds // size)} {unit}s"
    return f"{seconds} second" + ("" if seconds == 1 else "s")


class PasscodeError(Exception):
    """The base class of the errors of this package."""


class Refused(PasscodeError):
    """The error for a refusal. Its text is that of `refusal_text`, which is safe to show to a user."""

    def __init__(self, refusal: Refusal, wait: int = 0) -> None:
        super().__init__(refusal_text(refusal, wait))
        self.refusal = refusal
        self.wait = wait


class Unavailable(PasscodeError):
    """A dependency did not respond. The text names the dependency, for the log only. Callers never see it.

    `nothing_was_done` is true if the dependency certainly did not do the work: it refused the call, or it was
    not reached.
    """

    def __init__(self, text: str, *, nothing_was_done: bool = False) -> None:
        super().__init__(text)
        self.nothing_was_done = nothing_was_done


def error_location(error: BaseException) -> str:
    """Return the file name and line where `error` was raised, such as `kms.py:40`; empty if unknown.

    The result has no text of the error, because the text may contain user data.
    """
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
