"""A challenge: one request for a code, with its purpose. It is sent as JSON and contains no secret.

A purpose has a kind. For confirmations over HTTP it also has the caller's text. The code's MAC covers the
whole purpose, so a code for one purpose is not valid for another. The record of counters depends on the kind
and the subject only. Otherwise an attacker could get more guesses and messages by changing the text.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

SIGN_IN = "sign_in"
TOKEN = "token"  # noqa: S105 - the name of a kind
STEP_UP = "step_up"


def purpose_of(kind: str, words: str) -> str:
    """Return the purpose of `kind` with the caller's text `words`."""
    return f"{kind}:{words}"


def kind_of(purpose: str) -> str:
    """Return the kind of `purpose`: `sign_in`, `token` or `step_up`."""
    return purpose.partition(":")[0]


def words_of(purpose: str) -> str:
    """Return the caller's text of `purpose` for the message; empty if there is none."""
    return purpose.partition(":")[2]


_DOMAIN = "passcode/v1"


def mac_message(purpose: str, subject: str, counter: int, nonce: str, expires_at: int) -> bytes:
    """Return the bytes that the MAC covers. `expires_at` is in seconds since the epoch.

    Each field follows its length, so that two different challenges never give the same bytes.
    """
    fields = (_DOMAIN, purpose, subject, str(counter), nonce, str(expires_at))
    encoded = [field.encode() for field in fields]
    return b"".join(len(field).to_bytes(4, "big") + field for field in encoded)


@dataclass(frozen=True)
class Challenge:
    """The data from which an answer is checked. Times are in seconds since the epoch."""

    purpose: str
    subject: str
    counter: int
    nonce: str  # 32 hex digits; identifies the challenge in logs
    issued_at: int
    expires_at: int
    channel: str
    bound: str  # fingerprint of the destinations it was issued for
    decoy: bool  # for an unknown user: no message is sent, and no answer is right

    def mac_message(self) -> bytes:
        """Return the bytes from which the code is derived."""
        return mac_message(self.purpose, self.subject, self.counter, self.nonce, self.expires_at)

    def pack(self) -> str:
        """Return one line of JSON with named keys and a version. Equal challenges give equal lines."""
        return json.dumps({"v": _VERSION} | asdict(self), separators=(",", ":"))

    @classmethod
    def unpack(cls, line: object) -> "Challenge":
        """Read a packed challenge of this or another release. Raises ValueError for any other value.

        Unknown keys are ignored. An optional key that is missing gets its default.
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
# Room for the longest purpose over HTTP (64 characters, each up to 12 bytes in JSON) and the other fields.
_LONGEST = 1280
# A challenge of another release may lack these.
_OPTIONAL = {"issued_at": 0, "channel": "", "bound": "", "decoy": False}


def record_key(purpose: str, subject: str) -> str:
    """Return the key of the record of `subject` for all purposes of the same kind as `purpose`."""
    return f"{kind_of(purpose)}#{subject}"
