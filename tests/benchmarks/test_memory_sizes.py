"""The times, prices and sizes of benchmarks/memory_sizes.py, with values computed by hand."""

from dataclasses import replace

import pytest

from benchmarks import memory_sizes, performance_page
from benchmarks.memory_sizes import SIZES, VCPU_MB, MeasuredFunction
from tests.support.template import TEMPLATE
from tools.lambda_functions import FUNCTIONS, property_of

CREATE = MeasuredFunction(
    name="create_auth_challenge",
    start_cpu=0.28,
    first_cpu=0.02,
    warm_cpu=0.004,
    memory_mb=40,
    calls=["UpdateItem", "SendMessage"],
    time_out=5,
)
MEASURED = {
    function.name: function
    for function in performance_page.measured_functions(performance_page.recorded(), TEMPLATE)
}


@pytest.mark.parametrize(
    ("cpu", "size", "seconds"),
    [(1, 1_769, 1), (1, 128, 1_769 / 128), (0.5, 884.5, 1), (1, 3_538, 1)],
)
def test_cpu_time_is_shared_by_memory_up_to_one_vcpu(cpu: float, size: int, seconds: float) -> None:
    assert memory_sizes.seconds(cpu, size) == pytest.approx(seconds)


def test_an_event_takes_its_cpu_time_and_waits_for_its_calls() -> None:
    assert CREATE.wait == pytest.approx(0.02)
    assert CREATE.cold(1_769) == pytest.approx(0.32)
    assert CREATE.cold(512) == pytest.approx(0.3 * 1_769 / 512 + 0.02)
    assert CREATE.warm(1_769) == pytest.approx(0.024)


def test_a_price_has_the_request_and_the_seconds_of_its_memory() -> None:
    seconds = 0.05 * 0.32 + 0.95 * 0.024
    assert CREATE.price(1_769) == pytest.approx(0.2e-6 + 1_769 / 1_024 * seconds * 13.3334e-6)


def test_the_cpu_time_costs_the_same_with_each_size() -> None:
    busy = MeasuredFunction("define_auth_challenge", 0.1, 0.1, 0.1, 10, [], 5)
    assert busy.price(128) == pytest.approx(busy.price(1_769), rel=0.001)


@pytest.mark.parametrize(("time", "seconds"), [(1e-5, 0.001), (0.001, 0.001), (0.0011, 0.002), (1.5, 1.5)])
def test_lambda_bills_each_started_millisecond(time: float, seconds: float) -> None:
    assert memory_sizes.billed(time) == seconds
    short = MeasuredFunction("define_auth_challenge", 0, time, time, 10, [], 5)
    assert short.price(VCPU_MB) == pytest.approx(0.2e-6 + VCPU_MB / 1_024 * seconds * 13.3334e-6)


def test_the_cheapest_size_is_the_smallest_with_enough_memory_and_an_early_start() -> None:
    # 256 MB: 0.3 x 6.9 + 0.02 = 2.09 s, less than half of five seconds. 128 MB: 4.17 s.
    assert CREATE.cheapest == 256
    assert not CREATE.fits(128)
    # A function with 180 measured MB needs 270 MB.
    assert replace(CREATE, memory_mb=180).cheapest == 512


def test_a_start_has_to_end_in_half_of_lambdas_ten_seconds() -> None:
    # 128 MB: 0.37 x 13.8 = 5.1 s, and with 256 MB half of it.
    slow = replace(CREATE, name="delivery_events", start_cpu=0.37, time_out=60)
    assert slow.cheapest == 256
    assert replace(slow, start_cpu=0.36).cheapest == 128


def test_a_function_for_which_a_user_waits_has_one_vcpu_and_any_other_the_cheapest_size() -> None:
    assert CREATE.chosen == VCPU_MB > CREATE.cheapest
    assert replace(CREATE, name="delivery_events").chosen == CREATE.cheapest


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_template_has_the_size_that_follows_from_the_measurement(name: str) -> None:
    function = MEASURED[name]
    assert property_of(TEMPLATE, name, "MemorySize") == function.chosen, (
        "Set MemorySize in template.yaml as docs/decisions/0046 says."
    )
    assert function.fits(function.chosen)
    # No larger size is faster.
    assert function.cold(VCPU_MB) == min(function.cold(size) for size in (*SIZES, 2 * VCPU_MB))


def test_a_user_waits_for_every_function_but_that_of_events() -> None:
    assert {name for name, function in FUNCTIONS.items() if not function.is_awaited} == {"delivery_events"}


def test_each_size_is_below_the_limit_of_a_new_account() -> None:
    """Lambda refuses more than 3,008 MB in a new account."""
    assert max(property_of(TEMPLATE, name, "MemorySize") for name in FUNCTIONS) <= 3_008


def test_snapstart_replaces_the_start_and_costs_a_restore_and_the_cache() -> None:
    assert memory_sizes.snapstart_cold(CREATE, 1_769) == pytest.approx(0.04)
    assert memory_sizes.start_price(CREATE, 1_024) == pytest.approx(0.28 * 1_769 / 1_024 * 13.3334e-6)
    assert memory_sizes.restore_price(512) == pytest.approx(0.5 * 139.7998e-6)
    assert memory_sizes.cache_price(1_024) == pytest.approx(30 * 86_400 * 1.5046e-6)
