"""The arithmetic of quotas, locks and pauses."""

from dataclasses import asdict

import pytest

from passcode.token_service.policy import (
    BOUNDS,
    DAY,
    Policy,
    answer_wait,
    next_send_tat,
    pause_is_over,
    send_wait,
)
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


@pytest.mark.parametrize("name", BOUNDS)
def test_a_limit_has_bounds(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low, high):
        assert getattr(Policy(**{name: value}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"{name} must be from {low} to {high}"):
            Policy(**{name: value})


def test_no_bound_allows_what_nist_forbids() -> None:
    """NIST SP 800-63B-4: at least six digits, at most ten minutes, at most a hundred failures in a row."""
    assert BOUNDS["code_digits"][0] == 6
    assert BOUNDS["code_life_seconds"][1] == 600
    assert BOUNDS["hard_limit"][1] == 100
    assert BOUNDS["free_failures"][1] <= BOUNDS["hard_limit"][0]


def test_each_limit_is_read_from_its_variable() -> None:
    variables = {name.upper(): high for name, (_, high) in BOUNDS.items()}
    asked: dict[str, tuple[int, int]] = {}

    def whole_number(name: str, low: int, high: int) -> int:
        asked[name.lower()] = (low, high)
        return variables[name]

    assert asdict(Policy.read(whole_number)) == {name: high for name, (_, high) in BOUNDS.items()}
    assert asked == BOUNDS


def test_a_refusal_without_a_wait_has_a_tag_without_a_number() -> None:
    assert str(RefusalTag("no_destination")) == "[passcode:no_destination]"
    assert refusal_text(Refusal.NO_DESTINATION).endswith(" [passcode:no_destination]")
    assert refusal_text(Refusal.BUSY).endswith("Try again in 0 seconds. [passcode:busy]")


def test_a_pause_without_a_wait_lasts_until_an_operator_unlocks() -> None:
    assert "operator" in refusal_row(Refusal.PAUSED).detail
    assert "operator" not in refusal_row(Refusal.PAUSED, 1).detail
