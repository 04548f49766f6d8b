"""The code: derived from a MAC that only KMS can compute. It is never stored and not random.

This is HOTP on the server, in the sense of RFC 4226. It reduces all 256 bits of the MAC instead of 31 bits.
The bias of a 256-bit number modulo 10**6 is below 10**-70.
"""

import hmac
from typing import NoReturn

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


def code_from_mac(mac: bytes, digits: int) -> Code:
    """Return a code of `digits` decimal digits, with leading zeros, from a MAC of 32 bytes.

    Raises ValueError for a MAC of another length.
    """
    if len(mac) != 32:
        raise ValueError("a code is made from a MAC of 32 bytes")
    return Code(str(int.from_bytes(mac, "big") % 10**digits).zfill(digits))


def parse_answer(answer: object, digits: int) -> str | None:
    """Return the digits of an answer; None if it cannot be a code of `digits` digits.

    `123 456` and `123-456` are read as 123456. Digits of other scripts are refused, because the check
    compares the characters that the user typed.
    """
    if not isinstance(answer, str) or len(answer) > _LONGEST_ANSWER:
        return None
    bare = "".join(answer.split()).replace("-", "")
    return bare if len(bare) == digits and bare.isascii() and bare.isdecimal() else None
