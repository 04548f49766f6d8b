"""What each function loads and calls until the end of its first event. No test here measures time."""

import pytest

from benchmarks.performance import SECOND_EVENT
from benchmarks.processes import Counts, all_functions, count_all

# Event: the operations in their order, the most modules and the most opened files. The modules include those
# of the interpreter and of packages that are installed here, but not in an artefact.
LIMITS: dict[str, tuple[list[str], int, int]] = {
    "define_auth_challenge": ([], 60, 25),
    "create_auth_challenge": (["UpdateItem", "SendMessage"], 425, 350),
    "verify_auth_challenge": (["GenerateMac", "UpdateItem"], 420, 345),
    "pre_token_generation": (["GetItem"], 420, 340),
    # The first email of a container counts itself.
    "deliver": (["GenerateMac", "UpdateItem", "SendEmail"], 440, 375),
    "delivery_events": (["UpdateItem"], 415, 340),
    "custom_sender": (["SendMessage"], 420, 345),
    "token_api": (["UpdateItem", "SendMessage", "GenerateMac"], 670, 710),
    SECOND_EVENT: (["GenerateMac", "GenerateMac", "UpdateItem", "Sign"], 670, 710),
    # The pool is described once in a container.
    "hosted_sign_in": (["GetItem", "Decrypt", "DescribeUserPool"], 530, 460),
}
# The bytes of the longest request.
MOST_BYTES = 6_000


@pytest.fixture(scope="module")
def counts() -> dict[str, Counts]:
    return count_all(tuple(LIMITS))


def test_every_function_is_counted() -> None:
    assert set(LIMITS) - {SECOND_EVENT} == set(all_functions())


@pytest.mark.parametrize("event", LIMITS)
def test_a_first_event_makes_these_calls_and_loads_no_more(event: str, counts: dict[str, Counts]) -> None:
    operations, modules, files = LIMITS[event]
    found = counts[event]
    assert [operation for operation, _ in found.requests] == operations
    assert found.modules <= modules
    assert found.files <= files
    assert all(0 < size < MOST_BYTES for _, size in found.requests)


@pytest.mark.parametrize("event", LIMITS)
def test_the_recorded_calls_are_those_that_the_fake_received(event: str, counts: dict[str, Counts]) -> None:
    """The floor of the cold starts repeats the recorded calls."""
    found = counts[event]
    assert [operation for _, operation, _ in found.calls] == [operation for operation, _ in found.requests]
    assert {service for service, _, _ in found.calls} <= set(found.services)
