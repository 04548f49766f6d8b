"""The derivation of codes, fixed by golden vectors: version 2 must always derive these codes."""

import hashlib
import hmac
import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.token_service.challenge import SIGN_IN_CODE, Challenge, Code, derive_code, parse_answer
from tests.support.memory_stores import code_mac

RFC_4226_SECRET = b"12345678901234567890"
USERS = [f"5f0c6a52-0000-4000-8000-00000000000{n}" for n in range(3)]
BY_CODE = Challenge(SIGN_IN_CODE, USERS[1], 2, "00" * 16, 1_800_000_000, 8)

# Computed without the code under test, with `openssl dgst -sha256 -mac HMAC` for both steps.
GOLDEN = [
    (Challenge("sign_in_password", USERS[1], 1, "00" * 16, 1_800_000_000, 6), "email", "aa" * 16, "994050"),
    (Challenge("sign_in_password", USERS[1], 1, "00" * 16, 1_800_000_000, 6), "sms", "aa" * 16, "783715"),
    (BY_CODE, "email", "bb" * 16, "86390130"),
    (Challenge("step_up:Pay 20 EUR", USERS[2], 1, "ff" * 16, 1_800_000_300, 6), "email", "aa" * 16, "158004"),
    (
        Challenge("sign_in_code", USERS[1], 3, "0f" * 16, 1_800_000_000, 20),
        "email",
        "bb" * 16,
        "85107143828817368169",
    ),
]


@pytest.mark.parametrize(("challenge", "channel", "destination_id", "code"), GOLDEN)
def test_the_code_of_a_challenge_is_that_of_the_golden_vector(
    challenge: Challenge, channel: str, destination_id: str, code: str
) -> None:
    mac = hmac.digest(RFC_4226_SECRET, challenge.mac_message(), hashlib.sha256)
    assert derive_code(mac, channel, destination_id, challenge.digits).reveal() == code


def test_each_field_has_its_length_before_it() -> None:
    assert Challenge("a", "b", 1, "n", 2, 6).mac_message() == (
        b"\0\0\0\x0bpasscode/v2\0\0\0\x01a\0\0\0\x01b\0\0\0\x011\0\0\0\x01n\0\0\0\x012\0\0\0\x016"
    )


@given(st.lists(st.text(), min_size=6, max_size=6))
def test_no_two_challenges_share_a_message(texts: list[str]) -> None:
    one = Challenge(texts[0], texts[1], 1, texts[2], 5, 6).mac_message()
    other = Challenge(texts[3], texts[4], 1, texts[5], 5, 6).mac_message()
    assert (one == other) == (texts[:3] == texts[3:])


@pytest.mark.parametrize("digits", [6, 8, 10, 20])
def test_a_code_uses_the_whole_mac_and_keeps_leading_zeros(
    digits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for derived in (b"\0" * 32, (1 << 255).to_bytes(32, "big")):
        monkeypatch.setattr(hmac, "digest", lambda *_, derived=derived: derived)
        expected = str(int.from_bytes(derived, "big") % 10**digits).zfill(digits)
        assert derive_code(b"k" * 32, "email", "a", digits).reveal() == expected


def test_a_mac_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        derive_code(b"short", "email", "a", 6)


def test_every_digit_occurs_in_every_place() -> None:
    mac = code_mac(b"")
    codes = [derive_code(mac, "email", str(n), 6).reveal() for n in range(10_000)]
    for place in range(6):
        seen = Counter(code[place] for code in codes)
        # Each digit is expected 1,000 times, with a deviation of 30. Seven deviations never occur by chance.
        assert set(seen) == set("0123456789")
        assert all(790 < count < 1210 for count in seen.values())


def test_a_code_is_masked_in_text_and_cannot_be_pickled() -> None:
    code = Code("123456")
    assert repr(code) == "Code(***)"
    for shown in (repr(code), str(code), f"{code}", f"{code!r}", repr([code])):
        assert "123456" not in shown
    with pytest.raises(TypeError, match="never stored"):
        pickle.dumps(code)


@pytest.mark.parametrize(
    "typed", ["123456", "123 456", "123-456", " 123456\n", "1-2-3-4-5-6", "123\u00a0456", "\t12 34 56 "]
)
def test_a_code_may_be_typed_with_spaces_and_dashes(typed: str) -> None:
    assert parse_answer(typed, 6) == "123456"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "12345",
        "1234567",
        "12345a",
        "12345²",
        "+12345",
        "1e5000",
        "0x1234",
        "123_456",
        "1" * 10_000_000,
        " " * 10_000_000,
        None,
        True,
        123456,
        ["123456"],
        {"a": 1},
        b"123456",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_malformed_answer_is_not_a_code(typed: object) -> None:
    assert parse_answer(typed, 6) is None


@given(st.text(max_size=80))
def test_parsing_an_answer_keeps_its_digits_in_order(typed: str) -> None:
    read = parse_answer(typed, 6)
    assert read is None or [int(c) for c in typed if c.isdecimal()] == [int(c) for c in read]
