"""What a code is for: a kind, and for the kinds of the HTTP token service the caller's own words.

The whole of it goes into the code's MAC, so a code given for one purpose is worth nothing for another. The
record of counters is kept by kind and subject alone: with a record for each wording, another wording would be
another set of guesses and messages.
"""

SIGN_IN = "sign_in"
TOKEN = "token"  # noqa: S105 - the name of a kind
STEP_UP = "step_up"


def purpose_of(kind: str, words: str) -> str:
    """The purpose of `kind` in the caller's `words`."""
    return f"{kind}:{words}"


def kind_of(purpose: str) -> str:
    """One of the three kinds."""
    return purpose.partition(":")[0]


def words_of(purpose: str) -> str:
    """The caller's words, to be shown in the message; empty if there are none."""
    return purpose.partition(":")[2]
