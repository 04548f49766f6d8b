"""The closed list of reasons to say no, the sentence for each, and the two errors of the domain.

A refusal is a value where the code decides on it, and `Refused` where it has to travel to the caller. Text
raised in a trigger reaches the caller, so every sentence here is written for that person. Cognito adds the
full stop.
"""

from enum import Enum


class Refusal(Enum):
    """Why an answer or a request for a code was refused. The value is the metric's dimension."""

    WRONG = "wrong"
    EXPIRED = "expired"
    SPENT = "spent"
    MALFORMED = "malformed"
    NO_CHALLENGE = "no_challenge"
    DESTINATION_CHANGED = "moved"
    LOCKED = "locked"
    PAUSED = "paused"
    COOLDOWN = "cooldown"
    QUOTA = "quota"
    BUSY = "busy"
    NO_DESTINATION = "no_destination"
    KEY_REUSED = "key_reused"
    KEY_IN_USE = "key_in_use"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - the name of a reason
    WRONG_USER = "wrong_user"


_SENTENCES = {
    Refusal.LOCKED: "Too many wrong codes were given. Try again in {wait}",
    Refusal.PAUSED: "Too many wrong codes were given, and sign-in by code is paused. Try again in {wait}",
    Refusal.COOLDOWN: "A code was asked for moments ago. Try again in {wait}",
    Refusal.QUOTA: "Too many codes were asked for. Try again in {wait}",
    Refusal.BUSY: "Several sign-ins started at once. Try again in {wait}",
    Refusal.NO_DESTINATION: (
        "There is no verified email address or phone number to send a code to. Ask for help to add one"
    ),
}
_UNTIL_UNLOCKED = "Too many wrong codes were given, and sign-in by code is stopped. Ask for help to unlock it"
UNAVAILABLE_SENTENCE = "The sign-in could not be completed just now. Start again in half a minute"


def refusal_text(refusal: Refusal, wait: int | None = 0) -> str:
    """Say `refusal` in one plain sentence. `wait` is in seconds; None means until an operator unlocks."""
    if wait is None:
        return _UNTIL_UNLOCKED
    return _SENTENCES.get(refusal, UNAVAILABLE_SENTENCE).format(wait=format_duration(wait))


def format_duration(seconds: int) -> str:
    """A wait as a person says it: never shorter than it is."""
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds > 2 * size:
            return f"{-(-seconds // size)} {unit}s"
    return f"{seconds} second" + ("" if seconds == 1 else "s")


class PasscodeError(Exception):
    """The root of the errors that this package raises."""


class Refused(PasscodeError):
    """A refusal on its way to the caller. Its text is the sentence, safe to show."""

    def __init__(self, refusal: Refusal, wait: int | None = 0) -> None:
        super().__init__(refusal_text(refusal, wait))
        self.refusal = refusal
        self.wait = wait


class Unavailable(PasscodeError):
    """A dependency did not answer. Names the dependency, for the log; never shown to a caller."""
