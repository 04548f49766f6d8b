"""A challenge: one request for a code, with its purpose. It travels as JSON and has no secret in it.

A purpose is a kind, and for the kinds of the HTTP token service the caller's own text. The whole of it goes
into the code's MAC, so a code given for one purpose is worth nothing for another. The record of counters is
kept by kind and subject alone: with a record for each text, another text would be another set of guesses and
messages.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

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


_DOMAIN = "passcode/v1"


def mac_message(purpose: str, subject: str, counter: int, nonce: str, expires_at: int) -> bytes:
    """What the MAC is made over. Each field has its length before it, so no two challenges run together."""
    fields = (_DOMAIN, purpose, subject, str(counter), nonce, str(expires_at))
    encoded = [field.encode() for field in fields]
    return b"".join(len(field).to_bytes(4, "big") + field for field in encoded)


@dataclass(frozen=True)
class Challenge:
    """What `verify` needs to derive the code and judge an answer. Times are seconds since the epoch."""

    purpose: str
    subject: str
    counter: int
    nonce: str  # 32 hex digits; names the challenge in logs
    issued_at: int
    expires_at: int
    channel: str
    bound: str  # fingerprint of the destinations it was issued for
    decoy: bool  # made for a user who does not exist: nothing is sent, no answer is right

    def mac_message(self) -> bytes:
        """What its code is derived from."""
        return mac_message(self.purpose, self.subject, self.counter, self.nonce, self.expires_at)

    def pack(self) -> str:
        """One line of JSON with named keys and a version, the same for the same challenge."""
        return json.dumps({"v": _VERSION} | asdict(self), separators=(",", ":"))

    @classmethod
    def unpack(cls, line: object) -> "Challenge":
        """Read a packed challenge of this or another release. Raises ValueError for anything else.

        Unknown keys are ignored, and an optional key that is missing has its default.
        """
        values = json.loads(line) if isinstance(line, str) and len(line) <= _LONGEST else None
        if not isinstance(values, dict) or type(values.get("v")) is not int:
            raise ValueError("this is not a challenge")
        known: dict[str, Any] = _OPTIONAL | {
            name: values[name] for name in cls.__dataclass_fields__ if name in values
        }
        for field in fields(cls):
            if type(known.get(field.name)) is not field.type:
                raise ValueError("a field of the challenge is missing or has the wrong type")
        return cls(**known)


_VERSION = 1
# The longest purpose over HTTP, 64 characters of 12 bytes each in JSON, and the other fields.
_LONGEST = 1280
# A challenge of another release may lack these.
_OPTIONAL = {"issued_at": 0, "channel": "", "bound": "", "decoy": False}


def record_key(purpose: str, subject: str) -> str:
    """The key of the record of one subject for purposes of one kind."""
    return f"{kind_of(purpose)}#{subject}"
