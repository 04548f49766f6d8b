"""Codes and comparisons with one fault."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from passcode.token_service.challenge import Challenge, length_prefixed
from passcode.token_service.refusal import Refusal
from tests.attacks.service import Service
from tests.support.memory_stores import code_mac

Digits = Callable[[int], str]


class NineNeverOccurs:
    """Fault: the upper bound of each random digit is exclusive, as in `randomInt(0, 9)`."""

    def __call__(self, seed: int) -> str:
        random = Random(seed)
        return "".join(str(random.randrange(9)) for _ in range(6))


class NoLeadingZero:
    """Fault: the code is a number from 100000 to 999999."""

    def __call__(self, seed: int) -> str:
        return str(Random(seed).randrange(100_000, 1_000_000))


class HalfByteModuloTen:
    """Fault: each digit is half a random byte modulo ten, so 0 to 5 occur twice as often."""

    def __call__(self, seed: int) -> str:
        return "".join(str((byte & 15) % 10) for byte in Random(seed).randbytes(6))


def _fields_of(message: bytes) -> list[str]:
    fields = []
    while message:
        end = 4 + int.from_bytes(message[:4], "big")
        fields.append(message[4:end].decode())
        message = message[end:]
    return fields


class CodeOfThePurpose:
    """Fault: all users have the same code. The MAC covers only the purpose."""

    def __call__(self, message: bytes) -> bytes:
        return code_mac(length_prefixed(_fields_of(message)[1]))


class CodeOfTheUser:
    """Fault: a user has the same code for all purposes (ory/kratos#4317). The MAC covers only the subject."""

    def __call__(self, message: bytes) -> bytes:
        return code_mac(length_prefixed(_fields_of(message)[2]))


class ForgetsTheExpiry(Service):
    """Fault: the expiry is not checked (CVE-2024-7318)."""

    def answer(self, challenge: Challenge, answer: object) -> Refusal | None:
        self.now = challenge.issued_at
        return super().answer(challenge, answer)


class ComparesUntilTheFirstDifference:
    """Fault: the time of the comparison depends on the number of right digits (CVE-2026-59276)."""

    def __call__(self, code: str, answer: str) -> bool:
        return code == answer


@dataclass
class MissingEqualsMissing:
    """Fault: an answer that is missing equals a code that is missing (CVE-2025-12374)."""

    code: str | None

    def verify(self, event: dict[str, Any]) -> bool:
        code = self.code if event["request"]["privateChallengeParameters"] else None
        return bool(event["request"].get("challengeAnswer") == code)


@dataclass
class TrueEqualsEachCode:
    """Fault: the comparison is loose, so `true` equals each code (CVE-2026-7458)."""

    code: str

    def verify(self, event: dict[str, Any]) -> bool:
        answer = event["request"].get("challengeAnswer")
        return answer is True or answer == self.code


@dataclass
class ReadsANumber:
    """Fault: the answer is converted to a number, so texts of another length equal the code."""

    code: str

    def verify(self, event: dict[str, Any]) -> bool:
        try:
            return int(event["request"]["challengeAnswer"]) == int(self.code)
        except (KeyError, TypeError, ValueError):
            return False


@dataclass
class NoCheckOfTheType:
    """Fault: an answer that is not a text ends in an exception."""

    code: str

    def verify(self, event: dict[str, Any]) -> bool:
        return bool(event["request"]["challengeAnswer"].strip() == self.code)
