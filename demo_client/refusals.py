"""Refusals of the triggers: the tag at the end of an error's text, and this client's own sentence for it.

An app reads only the tag, such as `[passcode:quota:600]`. The sentence before it is English and may change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TAG: Final = re.compile(r"\[passcode:([a-z_]{1,32})(?::([0-9]{1,9}))?\][. ]*\Z")
_UNAVAILABLE: Final = "The pool cannot send or check a code at the moment. Try again in a minute."
_SENTENCES: Final[Mapping[str, str]] = {
    "cooldown": "A code was sent moments ago.",
    "quota": "Too many codes were requested.",
    "busy": "Several sign-ins started at the same time.",
    "sms_stopped": "No code can be sent to your phone number now.",
}
_SENTENCES_WITHOUT_WAIT: Final[Mapping[str, str]] = {
    "longer_code": "After several wrong codes, a longer code is required. Start again to get one.",
    "no_destination": (
        "This user has no verified email address or phone number. Ask the operators of the pool to add one."
    ),
    "unavailable": _UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class RefusalTag:
    """The reason of a trigger's refusal. `retry_after` is in seconds, 0 if waiting does not help."""

    reason: str
    retry_after: int = 0


def parse_tag(message: str) -> RefusalTag | None:
    """Read the tag at the end of a UserLambdaValidationException's message; None if there is none."""
    match = _TAG.search(message)
    return RefusalTag(match[1], int(match[2] or 0)) if match else None


def refusal_sentence(message: str) -> str:
    """Return the sentence for a UserLambdaValidationException with this message.

    A message without a tag is not shown, because it may be anything.
    """
    tag = parse_tag(message)
    if tag is None:
        return _UNAVAILABLE
    if tag.retry_after:
        sentence = _SENTENCES.get(tag.reason, "The pool refused this sign-in.")
        return f"{sentence} Try again in {duration(tag.retry_after)}."
    return _SENTENCES_WITHOUT_WAIT.get(tag.reason, f"The pool refused this sign-in ({tag.reason}).")


def duration(seconds: int) -> str:
    """Format seconds for people. The result is rounded up, so that waiting this long is enough."""
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    if seconds <= 2 * 3600:
        return f"{-(-seconds // 60)} minutes"
    return f"{-(-seconds // 3600)} hours"
