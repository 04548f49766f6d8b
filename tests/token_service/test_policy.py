"""The arithmetic of the message rate and of wrong answers."""

from dataclasses import asdict

import pytest

from passcode.channels.registry import CHANNELS
from passcode.token_service.policy import (
    BOUNDS,
    DAY,
    MOST_DESTINATIONS,
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
    assert short_answers_left(failures, wrong_today, POLICY, 1) == left
    assert short_answers_left(failures, wrong_today, POLICY, 2) == min(left, (10 - min(wrong_today, 10)) // 2)
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


@pytest.mark.parametrize("name", BOUNDS)
def test_a_limit_has_bounds(name: str) -> None:
    low, high = BOUNDS[name]
    # The two lengths of codes must differ.
    others = {"code_only_digits": {"code_only_digits": 8, "code_digits": 7}}.get(
        name, {"code_only_digits": 7}
    )
    for value in (low, high):
        assert getattr(Policy(**others | {name: value}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"{name} must be from {low} to {high}"):
            Policy(**others | {name: value})


def test_no_bound_allows_what_nist_forbids() -> None:
    """NIST SP 800-63B-4: at least six digits, at most ten minutes, at most a hundred failures in a row."""
    assert BOUNDS["code_digits"][0] == BOUNDS["code_only_digits"][0] == 6
    assert BOUNDS["code_life_seconds"][1] == 600
    assert BOUNDS["hard_limit"][1] == 100


def test_the_codes_of_the_two_kinds_of_sign_in_have_different_lengths() -> None:
    with pytest.raises(ValueError, match="must differ"):
        Policy(code_digits=8)


@pytest.mark.parametrize(("life", "keeps"), [(600, 120), (300, 120), (240, 120), (239, 119), (60, 30)])
def test_a_resend_keeps_the_code_for_two_minutes_or_half_of_its_life(life: int, keeps: int) -> None:
    assert Policy(code_life_seconds=life).resend_keeps_code_seconds == keeps


def test_each_limit_is_read_from_its_variable() -> None:
    variables = {name.upper(): high for name, (_, high) in BOUNDS.items()} | {"CODE_DIGITS": 6}
    asked: dict[str, tuple[int, int]] = {}

    def whole_number(name: str, low: int, high: int) -> int:
        asked[name.lower()] = (low, high)
        return variables[name]

    assert {k.upper(): v for k, v in asdict(Policy.read(whole_number)).items()} == variables
    assert asked == BOUNDS


def test_codes_are_long_from_the_fifth_wrong_answer_or_before_the_last_one_that_is_checked() -> None:
    assert [Policy(wrong_answers_per_day=n).long_after for n in (1, 3, 4, 7, 10)] == [1, 1, 2, 5, 5]


def test_a_wrong_answer_counts_for_each_code_and_at_most_for_the_day() -> None:
    assert [POLICY.answer_weight(codes) for codes in (0, 1, 2, 3)] == [1, 1, 2, 3]
    assert Policy(wrong_answers_per_day=1).answer_weight(2) == 1


def test_a_user_has_no_more_destinations_than_the_policy_allows_for() -> None:
    assert len(CHANNELS) <= MOST_DESTINATIONS


def test_a_refusal_without_a_wait_has_a_tag_without_a_number() -> None:
    assert str(RefusalTag("no_destination")) == "[passcode:no_destination]"
    assert refusal_text(Refusal.NO_DESTINATION).endswith(" [passcode:no_destination]")
    assert refusal_text(Refusal.BUSY).endswith("Try again in 0 seconds. [passcode:busy]")
