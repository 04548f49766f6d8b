"""The rounds of one sign-in, and the metadata with which `create` passes their counts to the next round.

`define` imports this module. It imports nothing, because each import makes every cold start slower.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Cognito's list of challenge results, oldest first.
History = list[dict[str, "Any"]]

CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"

_VERSION = 1
# Longer than any that `create` writes: a challenge has 1,024 characters at most.
_LONGEST = 1536


class RoundRecord:
    """The counts of a sign-in when one of its rounds began.

    `answers` and `resends` were given in the rounds before it. `resend_at` is the time, in seconds since the
    epoch, from which another message may be sent. `challenge` is the open challenge as text, empty in a
    first round that only asks for the channel.

    It is no dataclass, because `dataclasses` would be the slowest import of `define`.
    """

    __slots__ = ("answers", "challenge", "resend_at", "resends")

    def __init__(self, answers: int, resends: int, resend_at: int, challenge: str) -> None:
        self.answers = answers
        self.resends = resends
        self.resend_at = resend_at
        self.challenge = challenge

    def after_response(self, *, asks_for_message: bool) -> "tuple[int, int]":
        """Return the counts (answers, resends) after the app has responded to this round.

        The message after the choice of a channel is the first message, so it does not count as a resend.
        """
        if not asks_for_message:
            return self.answers + 1, self.resends
        return self.answers, self.resends + (1 if self.challenge else 0)


def encode_metadata(record: RoundRecord) -> str:
    """Return the challengeMetadata of a round: named fields, with the challenge as the last one."""
    return (
        f"v={_VERSION};answers={record.answers};resends={record.resends};resend_at={record.resend_at};"
        f"challenge={record.challenge}"
    )


def decode_metadata(metadata: object) -> RoundRecord:
    """Read a challengeMetadata. Raises ValueError unless `create` of this or another release wrote it.

    Unknown fields are ignored. `answers` and `resends` are required, and `resend_at` is 0 by default. `v` is
    required too, and may be any number.
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
    )


def _count(text: "str | None") -> int:
    # `isdecimal` is also true for digits of other scripts, so `isascii` is checked too.
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 12:
        raise ValueError("a count in the metadata is missing or is no number")
    return int(text)
