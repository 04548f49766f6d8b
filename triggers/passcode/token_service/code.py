"""The code: derived for one destination from a MAC that only KMS can compute. It is never stored.

This is HOTP on the server, in the sense of RFC 4226. It reduces all 256 bits of the MAC instead of 31 bits.
The bias of a 256-bit number modulo 10**20 is below 10**-57.
"""

import hashlib
import hmac
from typing import NoReturn

from passcode.token_service.challenge import length_prefixed

# Longer than any code with the spaces and dashes that users type. The limit stops answers of megabytes.
_LONGEST_ANSWER = 64


class Code:
    """The digits that a user types, or a temporary password from Cognito.

    Only `reveal` returns them, and only the code that renders a message may call it.
    """

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def __repr__(self) -> str:
        return "Code(***)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a code is never stored")

    def reveal(self) -> str:
        """Return the digits, for the message to the user."""
        return self._digits

    def matches(self, answer: str) -> bool:
        """Return True if `answer` is this code. Compares in constant time."""
        return hmac.compare_digest(self._digits.encode(), answer.encode())


def derive_code(mac: bytes, channel: str, destination_id: str, digits: int) -> Code:
    """Return the code of a challenge for one destination: `digits` decimal digits, with leading zeros.

    `mac` is the MAC of the challenge, 32 bytes. `destination_id` identifies the address. The code differs by
    destination, so a principal that redirects a message receives a code that authenticates no user. Raises
    ValueError for a MAC of another length.
    """
    if len(mac) != 32:
        raise ValueError("a code is made from a MAC of 32 bytes")
    derived = hmac.digest(mac, length_prefixed("destination", channel, destination_id), hashlib.sha256)
    return Code(str(int.from_bytes(derived, "big") % 10**digits).zfill(digits))


def parse_answer(answer: object, digits: int) -> str | None:
    """Return the digits of an answer; None if it cannot be a code of `digits` digits.

    `123 456` and `123-456` are read as 123456. Digits of other scripts are refused, because the check
    compares the characters that the user typed.
    """
    if not isinstance(answer, str) or len(answer) > _LONGEST_ANSWER:
        return None
    bare = "".join(answer.split()).replace("-", "")
    return bare if len(bare) == digits and bare.isascii() and bare.isdecimal() else None
