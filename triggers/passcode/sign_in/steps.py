"""Which step of the sign-in is next: the rules of Define Auth Challenge, as data in and a step out.

Imports next to nothing, because `define` does.
"""

from enum import Enum

from passcode.sign_in.events import asks_for_message
from passcode.sign_in.rounds import CUSTOM_CHALLENGE, tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from passcode.sign_in.rounds import History


class Mode(Enum):
    """How a client signs in. The server decides it by client id, never the caller."""

    PASSWORD_AND_CODE = "PASSWORD_AND_CODE"  # noqa: S105 - the name of a mode
    CODE_ONLY = "CODE_ONLY"


class Step(Enum):
    """What Cognito is told to do. The value of an ASK is Cognito's own challengeName."""

    ASK_PASSWORD = "PASSWORD_VERIFIER"  # noqa: S105 - the name of a challenge
    ASK_NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - the name of a challenge
    ASK_CODE = CUSTOM_CHALLENGE
    ISSUE = "issueTokens"
    FAIL = "failAuthentication"


_MUST_SET_PASSWORD = ("FORCE_CHANGE_PASSWORD", "RESET_REQUIRED")


class Limits:
    """The most answers and resends that one sign-in may have."""

    def __init__(self, answers: int, resends: int) -> None:
        self.answers = answers
        self.resends = resends


def next_step(
    mode: Mode,
    history: "History",
    limits: Limits,
    *,
    user_status: str = "",
    client_metadata: "Mapping[str, Any] | None" = None,
    user_not_found: bool = False,
) -> Step:
    """Decide the step after `history`, Cognito's list of challenge results so far.

    Tokens are given only if the last entry is a CUSTOM_CHALLENGE with result true and every entry before
    it fits the mode. Whatever does not fit is a refusal: a rule that is not written here opens nothing.
    """
    opening = _opening(history)
    rounds = history[len(opening) :]
    if any(entry.get("challengeName") != CUSTOM_CHALLENGE for entry in rounds):
        return Step.FAIL
    if not rounds:
        return _before_the_code(mode, opening, user_status)
    if _before_the_code(mode, opening, "") is not Step.ASK_CODE:
        return Step.FAIL
    return _after_a_round(rounds, limits, asks_for_message(client_metadata or {}), user_not_found)


def _opening(history: "History") -> "History":
    """The entries before the first CUSTOM_CHALLENGE."""
    for index, entry in enumerate(history):
        if entry.get("challengeName") == CUSTOM_CHALLENGE:
            return history[:index]
    return history


def _before_the_code(mode: Mode, opening: "History", user_status: str) -> Step:
    if any(entry.get("challengeResult") is not True for entry in opening):
        return Step.FAIL
    names = [entry.get("challengeName") for entry in opening]
    if mode is Mode.CODE_ONLY:
        # Some SDKs always send SRP_A. It proves nothing, so it is passed over and never asked on.
        return Step.ASK_CODE if names in ([], ["SRP_A"]) else Step.FAIL
    if names == ["SRP_A"]:
        return Step.ASK_PASSWORD
    if names == ["SRP_A", "PASSWORD_VERIFIER"]:
        return Step.ASK_NEW_PASSWORD if user_status in _MUST_SET_PASSWORD else Step.ASK_CODE
    if names == ["SRP_A", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"]:
        return Step.ASK_CODE
    # An empty history lands here: without SRP first, the caller would choose to skip the password.
    return Step.FAIL


def _after_a_round(rounds: "History", limits: Limits, asks_again: bool, user_not_found: bool) -> Step:
    *before, last = rounds
    # A true result that did not end the sign-in is a history that we never made.
    if any(entry.get("challengeResult") is not False for entry in before):
        return Step.FAIL
    try:
        answers, resends = tally(rounds, asks_again)
    except ValueError:
        return Step.FAIL
    if answers > limits.answers or resends > limits.resends:
        return Step.FAIL
    if last.get("challengeResult") is True:
        return Step.FAIL if user_not_found or asks_again else Step.ISSUE
    return Step.ASK_CODE if asks_again or answers < limits.answers else Step.FAIL
