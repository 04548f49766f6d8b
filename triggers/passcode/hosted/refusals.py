"""What a trigger's sentence means. Cognito hands on its text and nothing else, and the texts are ours."""

import re

from passcode.hosted.state import Notice
from passcode.token_service.refusal import Refusal, refusal_text

_WAIT = re.compile(r"Try again in (\d+) (second|minute|hour)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600}


def notice_of(said: str) -> tuple[Notice, int]:
    """The notice for `said`, and the minutes of its wait (0 if it has none)."""
    found = _WAIT.search(said)
    if found:
        seconds = int(found[1]) * _SECONDS[found[2]]
        return Notice.WAIT, -(-seconds // 60)
    if said == refusal_text(Refusal.NO_DESTINATION):
        return Notice.NO_DESTINATION, 0
    if said == refusal_text(Refusal.PAUSED, None):
        return Notice.STOPPED, 0
    return Notice.UNAVAILABLE, 0
