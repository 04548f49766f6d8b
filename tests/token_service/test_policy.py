"""The arithmetic of quotas, locks and pauses."""

import pytest

from passcode.token_service.policy import DAY, Policy, answer_wait, next_send_tat, pause_is_over, send_wait
from passcode.token_service.refusal import (
    Refusal,
    RefusalTag,
    format_duration,
    refusal_row,
    refusal_text,
)

NOW = 1_800_000_000
POLICY = Policy()


def test_the_quota_is_five_messages_and_then_one_every_fifteen_minutes() -> None:
    tat = 0
    for _ in range(5):
        assert send_wait(tat, NOW, POLICY) == 0
        tat = next_send_tat(tat, NOW, POLICY)
    assert send_wait(tat, NOW, POLICY) == 900
    assert send_wait(tat, NOW + 899, POLICY) == 1
    assert send_wait(tat, NOW + 900, POLICY) == 0
    tat = next_send_tat(tat, NOW + 900, POLICY)
    assert send_wait(tat, NOW + 900, POLICY) == 900


def test_an_unused_quota_does_not_accumulate() -> None:
    tat = next_send_tat(1, NOW, POLICY)
    assert tat == NOW + 900


@pytest.mark.parametrize(
    ("failures", "failed_ago", "wait"),
    [
        (0, 0, 0),
        (9, 0, 0),
        (10, 0, 300),
        (10, 299, 1),
        (10, 300, 0),
        (99, 1, 299),
        (100, 0, DAY),
        (100, DAY, 0),
    ],
)
def test_wrong_answers_lead_to_a_lock_and_then_to_a_pause(failures: int, failed_ago: int, wait: int) -> None:
    assert answer_wait(failures, NOW - failed_ago, NOW, POLICY) == wait


def test_a_pause_without_end_lasts_until_an_operator_unlocks_the_user() -> None:
    policy = Policy(pause_seconds=0)
    assert answer_wait(100, NOW - 100 * DAY, NOW, policy) is None
    assert not pause_is_over(100, NOW - 100 * DAY, NOW, policy)
    assert policy.keep_seconds > 3_000 * DAY, "deleting the old record would unlock the user"


def test_a_pause_ends_after_its_time() -> None:
    assert not pause_is_over(99, NOW - DAY, NOW, POLICY)
    assert not pause_is_over(100, NOW - DAY + 1, NOW, POLICY)
    assert pause_is_over(100, NOW - DAY, NOW, POLICY)


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
        ("PAUSE_SECONDS", "-1"),
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
        ("SEND_INTERVAL_SECONDS", 1, DAY),
        ("FREE_FAILURES", 1, 100),
        ("LOCK_SECONDS", 1, DAY),
        ("HARD_LIMIT", 10, 100),
        ("PAUSE_SECONDS", 0, 365 * DAY),
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


def test_a_pause_without_a_wait_lasts_until_an_operator_unlocks() -> None:
    assert "operator" in refusal_row(Refusal.PAUSED).detail
    assert "operator" not in refusal_row(Refusal.PAUSED, 1).detail
