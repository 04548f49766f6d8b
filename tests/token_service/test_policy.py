"""The arithmetic of quotas, locks and pauses."""

import pytest

from passcode.token_service.policy import (
    DAY,
    Policy,
    day_of,
    needs_long_code,
    next_send_tat,
    seconds_to_midnight,
    send_wait,
    short_answers_left,
)
from passcode.token_service.refusal import (
    Refusal,
    RefusalTag,
    format_duration,
    refusal_text,
)

NOW = 1_800_000_000
POLICY = Policy()


def test_the_quota_is_five_messages_and_then_one_every_ten_minutes() -> None:
    tat = 0
    for _ in range(5):
        assert send_wait(tat, NOW, POLICY) == 0
        tat = next_send_tat(tat, NOW, POLICY)
    assert send_wait(tat, NOW, POLICY) == 600
    assert send_wait(tat, NOW + 599, POLICY) == 1
    assert send_wait(tat, NOW + 600, POLICY) == 0
    tat = next_send_tat(tat, NOW + 600, POLICY)
    assert send_wait(tat, NOW + 600, POLICY) == 600


def test_an_unused_quota_does_not_accumulate() -> None:
    tat = next_send_tat(1, NOW, POLICY)
    assert tat == NOW + 600


@pytest.mark.parametrize(
    ("failures", "wrong_today", "left", "is_long"),
    [
        (0, 0, 10, False),
        (4, 4, 6, False),
        (5, 5, 5, True),
        (50, 4, 6, False),
        (10, 10, 0, True),
        (11, 11, 0, True),
        (95, 0, 5, False),
        (99, 0, 1, False),
        (100, 0, 0, True),
    ],
)
def test_wrong_answers_of_a_day_and_in_a_row_lead_to_long_codes(
    failures: int, wrong_today: int, left: int, is_long: bool
) -> None:
    assert short_answers_left(failures, wrong_today, POLICY) == left
    assert needs_long_code(failures, wrong_today, POLICY) is is_long


def test_a_day_ends_at_midnight_utc() -> None:
    midnight = 20_834 * DAY
    assert (day_of(midnight - 1), day_of(midnight)) == (20_833, 20_834)
    assert (seconds_to_midnight(midnight - 1), seconds_to_midnight(midnight)) == (1, DAY)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (30, "30 seconds"),
        (120, "120 seconds"),
        (121, "3 minutes"),
        (7201, "3 hours"),
        (DAY, "24 hours"),
    ],
)
def test_a_wait_is_never_shown_shorter_than_it_is(seconds: int, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CODE_LIFE_SECONDS", "601"),
        ("CODE_DIGITS", "5"),
        ("HARD_LIMIT", "101"),
        ("HARD_LIMIT", "9"),
        ("COOLDOWN_SECONDS", "0"),
        ("SEND_INTERVAL_SECONDS", "601"),
        ("LONG_AFTER", "11"),
    ],
)
def test_an_unsafe_setting_is_refused_with_its_name(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        Policy.from_environment({name: value})


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("CODE_DIGITS", 6, 10),
        ("CODE_LIFE_SECONDS", 1, 600),
        ("COOLDOWN_SECONDS", 1, DAY),
        ("SEND_BURST", 1, 1_000),
        ("SEND_INTERVAL_SECONDS", 1, 600),
        ("CODE_ONLY_DIGITS", 6, 10),
        ("COOLDOWN_AFTER_SUCCESS_SECONDS", 1, 30),
        ("WRONG_ANSWERS_PER_DAY", 5, 10),
        ("LONG_AFTER", 1, 10),
        ("HARD_LIMIT", 10, 100),
    ],
)
def test_each_setting_has_bounds(name: str, low: int, high: int) -> None:
    for value in (low, high):
        assert getattr(Policy.from_environment({name: str(value)}), name.lower()) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"{name} must be from {low} to {high}"):
            Policy.from_environment({name: str(value)})


def test_the_policy_is_read_from_the_environment() -> None:
    policy = Policy.from_environment({"CODE_DIGITS": "8", "PATH": "/bin"})
    assert policy == Policy(code_digits=8)


def test_a_refusal_without_a_wait_has_a_tag_without_a_number() -> None:
    assert str(RefusalTag("no_destination")) == "[passcode:no_destination]"
    assert refusal_text(Refusal.NO_DESTINATION).endswith(" [passcode:no_destination]")
    assert refusal_text(Refusal.BUSY).endswith("Try again in 0 seconds. [passcode:busy]")
