"""A challenge: one demand for proof. It travels as a line of JSON and has no secret in it."""

import json
from dataclasses import astuple, dataclass, fields

from token_service.code import mac_message


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
        """One line, the same for the same challenge."""
        return json.dumps(astuple(self), separators=(",", ":"))

    @classmethod
    def unpack(cls, line: object) -> "Challenge":
        """Read a packed challenge. Raises ValueError for anything else."""
        values = json.loads(line) if isinstance(line, str) and len(line) < 1024 else None
        wanted = fields(cls)
        if not isinstance(values, list) or len(values) != len(wanted):
            raise ValueError("this is no challenge")
        if any(type(v).__name__ != f.type.__name__ for v, f in zip(values, wanted, strict=True)):  # type: ignore[union-attr]
            raise ValueError("a field of the challenge has the wrong type")
        return cls(*values)
