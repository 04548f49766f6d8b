"""A challenge: one request for a code, with its purpose. It is sent as JSON and contains no secret.

All readers of JSON that another function wrote use `parse_object` and `read_field`.

A purpose has a kind. For confirmations over HTTP it also has the caller's text. The code's MAC covers the
whole purpose, so a code for one purpose is not valid for another. The record of counters depends on the kind
and the subject only. Otherwise an attacker could get more guesses and messages by changing the text.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

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
        if not isinstance(line, str) or len(line) > _LONGEST:
            raise ValueError("this is not a challenge")
        values = parse_object(line)
        read_field(values, "v", int)
        return read_fields(cls, values, _OPTIONAL)


_VERSION = 1
# Room for the longest purpose over HTTP (64 characters, each up to 12 bytes in JSON) and the other fields.
_LONGEST = 1280
# A challenge of another release may lack these.
_OPTIONAL = {"issued_at": 0, "channel": "", "bound": "", "decoy": False}
# Above every count and every time in seconds. A larger number would not fit into a number of DynamoDB.
_TOO_LARGE = 10**12
Value = TypeVar("Value", str, int, bool)
Read = TypeVar("Read")


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object in `text`.

    Raises ValueError if it has another value, or if one of its objects has a key twice: two readers could use
    different values of that key.
    """
    try:
        values = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("the JSON has too many levels") from None
    if not isinstance(values, dict):
        raise ValueError("the JSON is no object")  # noqa: TRY004 - one error for all wrong texts
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def read_field(
    values: Mapping[str, Any], name: str, kind: type[Value], default: Value | None = None
) -> Value:
    """Return the value of `name` in `values`; `default` if it is missing. Numbers are below 10**12.

    Raises ValueError if it is missing and has no default, or if it is not exactly of the type `kind`: a
    boolean is no number, and null is not the same as missing. Raises ValueError also for a number below zero.
    """
    value = values.get(name, default)
    if type(value) is not kind or (type(value) is int and not 0 <= value < _TOO_LARGE):
        raise ValueError(f"the field {name} is missing or has a wrong value")
    return value


def read_fields(cls: type[Read], values: Mapping[str, Any], optional: Mapping[str, Any]) -> Read:
    """Return the dataclass `cls` with its fields from `values`. Ignores other keys.

    `optional` has the defaults of the fields that may be missing. Raises ValueError as `read_field` does.
    """
    read: dict[str, Any] = {}
    for each in fields(cls):  # type: ignore[arg-type]
        kind: Any = each.type
        read[each.name] = read_field(values, each.name, kind, optional.get(each.name))
    return cls(**read)


def check_version(values: Mapping[str, Any], version: int) -> None:
    """Raise ValueError unless `values` have exactly the version `version`."""
    if read_field(values, "v", int) != version:
        raise ValueError("this has another version")


def record_key(purpose: str, subject: str) -> str:
    """Return the key of the record of `subject` for all purposes of the same kind as `purpose`."""
    return f"{kind_of(purpose)}#{subject}"
