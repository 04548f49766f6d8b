"""Attacks on codes and answers: biased digits, codes of other users or purposes, answers of other types."""

import hmac
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Any, Protocol

import pytest

from passcode.token_service.challenge import (
    SIGN_IN_CODE,
    SIGN_IN_PASSWORD,
    STEP_UP,
    TOKEN,
    Challenge,
    Code,
    derive_code,
)
from passcode.token_service.store import CodeMac
from tests.attacks.service import START, Service
from tests.attacks.trial import TryAttack
from tests.attacks.weak_codes import (
    CodeOfThePurpose,
    CodeOfTheUser,
    ComparesUntilTheFirstDifference,
    Digits,
    ForgetsTheExpiry,
    HalfByteModuloTen,
    MissingEqualsMissing,
    NineNeverOccurs,
    NoCheckOfTheType,
    NoLeadingZero,
    ReadsANumber,
    TrueEqualsEachCode,
)
from tests.support.events import code_of, golden
from tests.support.sign_in_handlers import SignInHandlers

CODES = 10_000


def digits_of_the_product(seed: int) -> str:
    return derive_code(sha256(seed.to_bytes(4, "big")).digest(), "email", "e" * 32, 6).reveal()


@pytest.mark.parametrize(
    "weak", [NineNeverOccurs(), NoLeadingZero(), HalfByteModuloTen()], ids=lambda weak: type(weak).__name__
)
def test_biased_digits(try_attack: TryAttack, weak: Digits) -> None:
    """Guess with the digits that occur more often at a place."""

    def attack(digits: Digits) -> bool:
        codes = [digits(seed) for seed in range(CODES)]
        counts = Counter((place, digit) for code in codes for place, digit in enumerate(code))
        # Each digit is expected 1,000 times at each place, with a standard deviation of 30.
        places = [counts[place, digit] for place in range(6) for digit in "0123456789"]
        return any(abs(place - CODES / 10) > 5 * 30 for place in places)

    try_attack(attack, weak=weak, product=digits_of_the_product)


def newest(service: Service, kind: str, subject: str, *, is_long: bool = False) -> Challenge:
    """Return a new challenge of `kind`; with `is_long` its code has 20 digits.

    Two of them differ in kind and subject only. Otherwise the nonce alone would give different codes.
    """
    service.now, service.ids = START, count(1)
    challenge = service.start(kind, subject)
    assert challenge
    if is_long:
        service.guess(challenge, 5)
        service.now += 30
        challenge = service.start(kind, subject)
        assert challenge
    return challenge


def test_the_code_of_another_user(try_attack: TryAttack) -> None:
    """The code of one user is accepted for another user."""

    def attack(mac: CodeMac) -> bool:
        service = Service(code_mac=mac)
        own, of_victim = newest(service, SIGN_IN_CODE, "eve"), newest(service, SIGN_IN_CODE, "ada")
        assert own._replace(subject="ada") == of_victim
        return service.answer(of_victim, service.code(own)) is None

    weak: CodeMac = CodeOfThePurpose()
    try_attack(attack, weak=weak, product=Service().code_mac)


@pytest.mark.parametrize(
    ("first", "second", "is_long"),
    [
        pytest.param(SIGN_IN_PASSWORD, STEP_UP, False, id="sign-in as step-up"),
        pytest.param(TOKEN, SIGN_IN_PASSWORD, False, id="HTTP API at a trigger"),
        pytest.param(TOKEN, STEP_UP, False, id="confirmation as step-up"),
        pytest.param(SIGN_IN_CODE, SIGN_IN_PASSWORD, True, id="code-only client at a password client"),
    ],
)
def test_the_code_of_another_purpose(try_attack: TryAttack, first: str, second: str, is_long: bool) -> None:
    """A code for one purpose is accepted for another (ory/kratos#4317, CVE-2024-45042)."""

    def attack(mac: CodeMac) -> bool:
        service = Service(code_mac=mac)
        one = newest(service, first, "ada", is_long=is_long)
        other = newest(service, second, "ada", is_long=is_long)
        assert one._replace(purpose=second) == other
        return service.answer(other, service.code(one)) is None

    weak: CodeMac = CodeOfTheUser()
    try_attack(attack, weak=weak, product=Service().code_mac)


def test_an_expired_code(try_attack: TryAttack) -> None:
    """An expired code is accepted (CVE-2024-7318)."""

    def attack(service: Service) -> bool:
        challenge = service.start()
        assert challenge
        service.now = challenge.expires_at
        return service.answer(challenge, service.code(challenge)) is None

    try_attack(attack, weak=ForgetsTheExpiry(), product=Service())


Compare = Callable[[str, str], bool]


def test_time_of_a_comparison(try_attack: TryAttack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a comparison shows the number of right digits (CVE-2026-59276, GHSA-vj7f-9q44-g5xv)."""
    compared: list[tuple[object, ...]] = []
    in_constant_time = hmac.compare_digest

    def recorded(*values: Any) -> bool:
        compared.append(values)
        return in_constant_time(*values)

    monkeypatch.setattr(hmac, "compare_digest", recorded)

    def attack(compare: Compare) -> bool:
        compared.clear()
        assert compare("123456", "123456")
        assert not compare("123456", "923456")
        return len(compared) < 2

    weak: Compare = ComparesUntilTheFirstDifference()
    try_attack(attack, weak=weak, product=lambda code, answer: Code(code).matches(answer))


class Verifier(Protocol):
    """A trigger that checks answers."""

    def verify(self, event: dict[str, Any]) -> bool: ...


HANDLERS = SignInHandlers()
OPEN = HANDLERS.issued()
CODE = code_of(OPEN)
ODD_VALUES: tuple[object, ...] = ("", None, True, 1, 1.5, [], {}, [CODE], "C", "0" * 10**6)
ODD: list[dict[str, object]] = [{}, *({"challengeAnswer": value} for value in ODD_VALUES)]
OTHER_LENGTHS: list[dict[str, object]] = [
    {"challengeAnswer": text} for text in (f"0{CODE}", f"+{CODE}", f"{CODE[:3]}_{CODE[3:]}")
]


@pytest.mark.parametrize(
    ("weak", "answers"),
    [
        (MissingEqualsMissing(CODE), ODD),
        (TrueEqualsEachCode(CODE), ODD),
        (NoCheckOfTheType(CODE), ODD),
        (ReadsANumber(CODE), OTHER_LENGTHS),
    ],
    ids=["missing", "true", "no text", "other length"],
)
def test_odd_answers(try_attack: TryAttack, weak: Verifier, answers: list[dict[str, object]]) -> None:
    """An answer that is not a code is accepted or ends in an exception."""

    def attack(verifier: Verifier) -> bool:
        for private in ({}, {"challenge": ""}, {"challenge": OPEN.pack(), "round": "1" * 16}):
            for answer in answers:
                event = golden("verify_plain", privateChallengeParameters=private)
                del event["request"]["challengeAnswer"]
                event["request"] |= answer
                try:
                    if verifier.verify(event):
                        return True
                except Exception:
                    return True
        return False

    try_attack(attack, weak=weak, product=HANDLERS)
