"""The times and prices of benchmarks/memory_sizes.py, with values computed by hand."""

import pytest

from benchmarks import memory_sizes
from benchmarks.memory_sizes import MeasuredFunction

CREATE = MeasuredFunction(
    name="create_auth_challenge",
    start_cpu=0.28,
    first_cpu=0.02,
    warm_cpu=0.004,
    memory_mb=40,
    calls=["UpdateItem", "SendMessage"],
    time_out=5,
)


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
    assert busy.price(128) == pytest.approx(busy.price(1_769))


def test_the_cheapest_size_is_the_smallest_with_enough_memory_and_an_early_start() -> None:
    # 256 MB: 0.3 x 6.9 + 0.02 = 2.09 s, less than half of five seconds. 128 MB: 4.17 s.
    assert CREATE.cheapest == 256
    assert not CREATE.fits(128)
    assert CREATE.quickest == 1_769
    # With 180 MB measured, 270 MB are needed.
    larger = MeasuredFunction("create_auth_challenge", 0.28, 0.02, 0.004, 180, ["UpdateItem"], 5)
    assert larger.cheapest == 512


def test_snapstart_replaces_the_start_and_costs_a_restore_and_the_cache() -> None:
    assert memory_sizes.snapstart_cold(CREATE, 1_769) == pytest.approx(0.04)
    assert memory_sizes.start_price(CREATE, 1_024) == pytest.approx(0.28 * 1_769 / 1_024 * 13.3334e-6)
    assert memory_sizes.restore_price(512) == pytest.approx(0.5 * 139.7998e-6)
    assert memory_sizes.cache_price(1_024) == pytest.approx(30 * 86_400 * 1.5046e-6)
