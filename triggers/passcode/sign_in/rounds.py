"""The rounds of one sign-in: how many there are, and the label that carries the count along.

`define` imports this module, so it imports nothing: each import is paid at every cold start.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Cognito's list of challenge results, oldest first.
History = list[dict[str, "Any"]]

CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"


def label(resends: int, state: str) -> str:
    """The challengeMetadata of a round: the resends before it, then what `create` must know again."""
    return f"{resends}|{state}"


def read_label(metadata: object) -> "tuple[int, str]":
    """Take a label apart. Raises ValueError if it is none of ours."""
    if not isinstance(metadata, str):
        raise ValueError("a round has no label")  # noqa: TRY004 - a foreign label is bad data, not a bug
    count, bar, state = metadata.partition("|")
    if not bar or not count.removeprefix("-").isdecimal() or len(count) > 3:
        raise ValueError("a round has a foreign label")
    return int(count), state


def tally(rounds: "History", asks_again: bool) -> "tuple[int, int]":
    """Count (answers, resends) of the rounds so far, the present response included.

    `rounds` are the CUSTOM_CHALLENGE entries of the history, one at least. A label counts the resends
    before its own round, and starts at -1 where the first round only asks for the channel (the message
    that follows is the first one, no resend). Raises ValueError on a foreign label.
    """
    first, _ = read_label(rounds[0].get("challengeMetadata"))
    last, _ = read_label(rounds[-1].get("challengeMetadata"))
    resends = last + asks_again
    return len(rounds) - (resends - first), resends
