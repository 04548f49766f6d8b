"""The code: derived from a MAC that only KMS can make, never stored, never drawn at random.

Server-side HOTP, in the sense of RFC 4226, with the whole 256-bit MAC reduced instead of 31 bits of it:
10**6 divides 2**256 with a bias below 10**-70.
"""

import hmac
from typing import NoReturn

# Longer than any code with the blanks and dashes that people type into it; ten megabytes stop here.
_LONGEST_ANSWER = 64


class Code:
    """The digits that a person reads, or a temporary password of Cognito's.

    Shown only by `reveal`, which only the message may call.
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
        """The digits, for the one message that carries them."""
        return self._digits

    def matches(self, answer: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._digits.encode(), answer.encode())


def code_from_mac(mac: bytes, digits: int) -> Code:
    """Reduce a MAC of 32 bytes to a code of `digits` decimal digits, zeros in front kept."""
    if len(mac) != 32:
        raise ValueError("a code is made from a MAC of 32 bytes")
    return Code(str(int.from_bytes(mac, "big") % 10**digits).zfill(digits))


def parse_answer(answer: object, digits: int) -> str | None:
    """The digits in what a person typed; None if it cannot be a code.

    `123 456` and `123-456` are read as 123456. Digits of other scripts are not digits here: what is compared
    must be what was typed.
    """
    if not isinstance(answer, str) or len(answer) > _LONGEST_ANSWER:
        return None
    bare = "".join(answer.split()).replace("-", "")
    return bare if len(bare) == digits and bare.isascii() and bare.isdecimal() else None
