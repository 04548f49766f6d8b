"""The steps of a sign-in: the allowed histories as a table, and the metadata that counts the rounds.

`define` returns the next step, and `create` writes the metadata of each round. This module has few imports,
because `define` imports it at every cold start.
"""

from passcode.sign_in.events import is_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal

    from passcode.sign_in.events import History

    # The mode in which an app client signs users in. The server chooses it by client id, not the caller.
    Mode = Literal["PASSWORD_AND_CODE", "CODE_ONLY"]
    # The response to Cognito: a challengeName, issueTokens or failAuthentication.
    Step = Literal[
        "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "CUSTOM_CHALLENGE", "issueTokens", "failAuthentication"
    ]

# Texts and no enum, so that `define` imports fewer modules.
PASSWORD_AND_CODE: "Mode" = "PASSWORD_AND_CODE"  # noqa: S105 - the name of a mode
CODE_ONLY: "Mode" = "CODE_ONLY"

CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"

ASK_PASSWORD: "Step" = "PASSWORD_VERIFIER"  # noqa: S105 - the name of a challenge
ASK_NEW_PASSWORD: "Step" = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - the name of a challenge
ASK_CODE: "Step" = "CUSTOM_CHALLENGE"
ISSUE: "Step" = "issueTokens"
FAIL: "Step" = "failAuthentication"

# A history is written with one letter for each entry. S, P and N are challenges of Cognito with the result
# true. C is a right code. c is a wrong answer or a request for a message. ? is any other entry.
_LETTERS = {"SRP_A": "S", "PASSWORD_VERIFIER": "P", "NEW_PASSWORD_REQUIRED": "N"}

# The allowed histories. `c*` stands for any number of c. A history without a row is refused.
HISTORIES: "dict[Mode, dict[str, Step]]" = {
    PASSWORD_AND_CODE: {
        # An empty history has no row. Otherwise a caller could start without SRP_A and skip the password.
        "S": ASK_PASSWORD,
        "SP": ASK_CODE,
        "SPc*": ASK_CODE,
        "SPc*C": ISSUE,
        "SPN": ASK_CODE,
        "SPNc*": ASK_CODE,
        "SPNc*C": ISSUE,
    },
    CODE_ONLY: {
        "": ASK_CODE,
        "c*": ASK_CODE,
        "c*C": ISSUE,
        # Some SDKs always begin with SRP_A. It proves nothing, and the user is not asked for a password.
        "S": ASK_CODE,
        "Sc*": ASK_CODE,
        "Sc*C": ISSUE,
    },
}
_MUST_SET_PASSWORD = ("FORCE_CHANGE_PASSWORD", "RESET_REQUIRED")


# A response that is no answer may cost nothing: a resend in the cooldown, past the last resend, or an action
# that is not understood. A user does not reach this number of rounds. It bounds the Lambda calls of a caller
# who repeats such responses.
MOST_ROUNDS = 40
# A sign-in can resend its code so often, switches of the channel included. A further resend sends nothing.
MOST_RESENDS = 3


class RoundLimits:
    """The most answers that one sign-in may have, and the most resends that send a message."""

    def __init__(self, answers: int, resends: int = MOST_RESENDS) -> None:
        self.answers = answers
        self.resends = resends

    @classmethod
    def read(cls, whole_number: "Callable[[str, int, int], int]") -> "RoundLimits":
        """Read the limit of answers from its variable.

        `whole_number` returns the variable of a name, from a lowest to a highest value, or raises an error.
        """
        return cls(whole_number("ANSWERS_PER_SESSION", 1, 10))


def next_step(
    mode: "Mode",
    history: "History",
    limits: RoundLimits,
    *,
    user_status: str = "",
    client_metadata: "Mapping[str, Any] | None" = None,
    user_not_found: bool = False,
) -> "Step":
    """Return the step after `history`, Cognito's list of challenge results so far.

    The result is ISSUE only if the whole history has a row in `HISTORIES`. The last entry is then a
    CUSTOM_CHALLENGE with result true. A history without a row, a round without valid metadata or too many
    answers give FAIL. A resend beyond the limit does not: `create` returns the same challenge, because its
    code may be valid. So does a response with an unknown action, up to MOST_ROUNDS rounds.
    """
    letters = _letters(history)
    step = HISTORIES[mode].get(_pattern(letters), FAIL)
    if letters == "SP" and step == ASK_CODE and user_status in _MUST_SET_PASSWORD:
        return ASK_NEW_PASSWORD
    rounds = [entry for entry in history if entry.get("challengeName") == CUSTOM_CHALLENGE]
    if not rounds or step == FAIL:
        return step
    return _step_after_round(step, rounds, limits, is_answer(client_metadata or {}), user_not_found)


def _letters(history: "History") -> str:
    letters = ""
    for number, entry in enumerate(history, 1):
        name, result = entry.get("challengeName"), entry.get("challengeResult")
        if name == CUSTOM_CHALLENGE:
            # Cognito has not recorded the last result yet. All results before it must be true or false.
            letters += "C" if result is True else "c" if result is False or number == len(history) else "?"
        else:
            letters += _LETTERS.get(name, "?") if isinstance(name, str) and result is True else "?"
    return letters


def _pattern(letters: str) -> str:
    """Return the row of a history: `SPc*C` for `SPccC`. `SPC`, without a wrong answer, has that row too."""
    opening = letters.rstrip("cC")
    rounds = letters[len(opening) :]
    wrong = rounds.rstrip("C")
    if "C" in wrong or len(rounds) - len(wrong) > 1:
        return "?"
    return opening + ("c*" if rounds else "") + rounds[len(wrong) :]


def _step_after_round(
    step: "Step", rounds: "History", limits: RoundLimits, answered: bool, user_not_found: bool
) -> "Step":
    try:
        # The last round has all counts. But each round must have metadata of this stack.
        records = [decode_metadata(entry.get("challengeMetadata")) for entry in rounds]
    except ValueError:
        return FAIL
    answers = records[-1].answers + (1 if answered else 0)
    if answers > limits.answers:
        return FAIL
    if step == ISSUE:
        return ISSUE if answered and not user_not_found else FAIL
    goes_on = answers < limits.answers if answered else len(rounds) < MOST_ROUNDS
    return ASK_CODE if goes_on else FAIL


_VERSION = 1
# Longer than any that `create` writes: a challenge has 1,024 characters at most.
_LONGEST = 1536


class RoundRecord:
    """The counts of a sign-in when one of its rounds began.

    `answers` were given in the rounds before it. `resends` have sent a message before or with it. `resend_at`
    is the time, in seconds since the epoch, from which another message may be sent. `challenge` is the open
    challenge as text, empty if no message was sent yet. `asked` is the channel that the app asked for, and
    `locale` the language tag. Both may be empty.

    It is no dataclass, because `dataclasses` would be the slowest import of `define`.
    """

    __slots__ = ("answers", "asked", "challenge", "locale", "resend_at", "resends")

    def __init__(
        self, answers: int, resends: int, resend_at: int, challenge: str, asked: str = "", locale: str = ""
    ) -> None:
        self.answers = answers
        self.resends = resends
        self.resend_at = resend_at
        self.challenge = challenge
        self.asked = asked
        self.locale = locale


def encode_metadata(record: RoundRecord) -> str:
    """Return the challengeMetadata of a round: named fields, with the challenge as the last one."""
    return (
        f"v={_VERSION};answers={record.answers};resends={record.resends};resend_at={record.resend_at};"
        f"asked={record.asked};locale={record.locale};challenge={record.challenge}"
    )


def decode_metadata(metadata: object) -> RoundRecord:
    """Read a challengeMetadata. Raises ValueError unless `create` of this or another release wrote it.

    Unknown fields are ignored. `answers` and `resends` are required. `resend_at` is 0 by default, `asked` and
    `locale` are empty. `v` is required too, and may be any number.
    """
    if not isinstance(metadata, str) or len(metadata) > _LONGEST:
        raise ValueError("the round has no metadata of this stack")
    counts, found, challenge = metadata.partition(";challenge=")
    parts = counts.split(";")
    fields = dict(part.partition("=")[::2] for part in parts)
    if not found or len(fields) != len(parts):
        raise ValueError("the round has no metadata of this stack")
    _count(fields.get("v"))
    return RoundRecord(
        _count(fields.get("answers")),
        _count(fields.get("resends")),
        _count(fields.get("resend_at", "0")),
        challenge,
        fields.get("asked", ""),
        fields.get("locale", ""),
    )


def _count(text: "str | None") -> int:
    # `isdecimal` is also true for digits of other scripts, so `isascii` is checked too.
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 12:
        raise ValueError("a count in the metadata is missing or is no number")
    return int(text)
