"""The simulation of a login storm: its counts follow from the limits."""

from dataclasses import replace
from unittest.mock import Mock

from botocore.retries.standard import ExponentialBackoff, RetryContext

from benchmarks.capacity import StackLimits
from benchmarks.login_storm import (
    PATIENCE_SECONDS,
    RETRY_SECONDS,
    VISIBILITY_SECONDS,
    Storm,
    StormLimits,
    StormResult,
    longest_wait,
    quantile,
    run,
)
from tests.support.template import ROOT, TEMPLATE

WIDE = StormLimits(authentications=10_000, concurrency=10_000, deliveries=500, emails=10_000)


def storm(users: int, limits: StormLimits, seconds: float = 1) -> StormResult:
    return run(Storm("a test", users, seconds, limits))


def test_without_a_limit_each_user_gets_one_message_and_signs_in() -> None:
    counts = storm(200, WIDE).counts
    names = ("define", "create", "verify", "deliver", "messages", "signed in")
    assert {name: counts[name] for name in names} == dict.fromkeys(names, 200) | {"define": 600}
    assert set(counts) <= {*names, "cold starts"}


def test_the_defaults_are_those_of_a_new_stack() -> None:
    stack = StackLimits.read(TEMPLATE)
    assert StormLimits().deliveries == stack.deliver_concurrency // stack.queues_in_use


def test_the_same_seed_gives_the_same_storm() -> None:
    one = Storm("a test", 200, 5, StormLimits())
    assert run(one, seed=1) == run(one, seed=1)
    assert run(one, seed=1) != run(one, seed=2)


def test_cognito_repeats_a_trigger_after_five_seconds_and_the_queue_drops_the_repeats() -> None:
    result = storm(100, replace(WIDE, cold_seconds=7))
    assert result.counts["trigger calls repeated"] >= 100
    assert result.counts["dropped as a repeat"] > 0
    assert result.counts["messages"] == result.counts["signed in"] == 100


def test_a_start_of_less_than_five_seconds_is_not_repeated() -> None:
    assert storm(100, replace(WIDE, cold_seconds=2)).counts["trigger calls repeated"] == 0


def test_cognito_refuses_calls_above_its_rate() -> None:
    result = storm(300, replace(WIDE, authentications=50), seconds=0.1)
    # The bucket holds the calls of one second, and each refused call is repeated.
    assert result.counts["throttled by Cognito"] >= 300 - 50 - 5
    assert result.counts["starts again"] > 0
    assert result.counts["signed in"] + result.counts["gave up"] == 300


def test_the_sdk_waits_as_botocore_does_after_a_throttled_call() -> None:
    """The wait before the second and third attempt: rand(0, 1) x 1 s x 2 ** i, from i = 0."""
    backoff = ExponentialBackoff(random=lambda: 1, throttling_detector=Mock())
    for attempt in (1, 2):
        context = RetryContext(attempt_number=attempt)
        assert longest_wait(attempt) == backoff.delay_amount(context)


def test_the_queue_repeats_as_the_stack_does() -> None:
    source = (ROOT / "triggers" / "deliver.py").read_text("utf-8")
    assert f"_RETRY_SECONDS = {RETRY_SECONDS}" in source
    assert TEMPLATE["Resources"]["EmailQueue"]["Properties"]["VisibilityTimeout"] == VISIBILITY_SECONDS


def test_lambda_starts_a_thousand_environments_of_a_function_and_then_throttles() -> None:
    assert storm(900, WIDE, seconds=0.001).counts["throttled by Lambda"] == 0
    assert storm(1_500, WIDE, seconds=0.001).counts["throttled by Lambda"] > 400


def test_the_concurrency_of_the_account_is_a_limit_of_all_functions() -> None:
    assert storm(100, replace(WIDE, concurrency=10)).counts["throttled by Lambda"] > 0


def test_a_message_that_ses_throttles_is_delivered_again() -> None:
    result = storm(100, replace(WIDE, emails=10))
    assert result.counts["throttled by SES"] > 100
    assert result.counts["deliveries repeated"] > 0
    assert result.counts["signed in"] == 100
    # 100 emails at 10 a second, and the first ten at once.
    assert max(result.times_to_message) >= (100 - 10) / 10


def test_messages_wait_for_a_free_delivery() -> None:
    """Two at the same time send eight a second, so the last of 400 waits for about 50 seconds."""
    result = storm(400, replace(WIDE, deliveries=2))
    assert 40 < max(result.queue_ages) < 60
    assert 20 < quantile(result.queue_ages, 0.5) < 30


def test_a_user_without_a_message_starts_again_and_old_codes_expire() -> None:
    result = storm(400, replace(WIDE, deliveries=1))
    assert max(result.times_to_message) > PATIENCE_SECONDS
    assert result.counts["starts again"] > 0
    assert result.counts["signed in"] + result.counts["gave up"] == 400


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([], 0.5) == 0
    assert [quantile([3.0, 1.0, 2.0], part) for part in (0, 0.5, 1)] == [1, 2, 3]
