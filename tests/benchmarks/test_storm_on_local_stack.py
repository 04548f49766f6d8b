"""A small login storm on the local stack, with the counts of the simulation.

With `-s -n 0` it also prints the times. It asserts no time.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from statistics import mean

import pytest

from benchmarks.login_storm import Storm, StormLimits, run
from demo_client.web.stack_data import LocalStackData
from tests.support.live_sign_in import password_and_code
from tests.support.users import User
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e
USERS = 4
FUNCTIONS = {
    "define_auth_challenge": "define",
    "create_auth_challenge": "create",
    "verify_auth_challenge": "verify",
    "deliver": "deliver",
}


def invocations_since(since: int, expected: Counter[str]) -> list[tuple[str, float]]:
    """Wait for the logs of `expected` invocations since a time in ms. Returns their names and seconds."""
    end = time.monotonic() + 60
    while True:
        ended = [one for one in LocalStackData().invocations(since) if one.function in FUNCTIONS]
        found = [(FUNCTIONS[one.function], one.duration_ms / 1000) for one in ended]
        if len(found) >= expected.total() or time.monotonic() > end:
            return found
        time.sleep(0.2)


def test_a_storm_on_the_local_stack_has_the_calls_and_messages_of_the_simulation(
    local_stack: Stack,
    new_user: Callable[..., User],
    messages_to: Callable[..., list[Message]],
    code_for: Callable[..., str],
) -> None:
    def sign_in(user: User) -> tuple[float, float]:
        began = time.monotonic()
        started = password_and_code(local_stack, user)
        messages_to(user.email)
        arrived = time.monotonic()
        assert started.answer(code_for(user.email)).tokens
        return arrived - began, time.monotonic() - arrived

    sign_in(new_user(phone=False))
    users = [new_user(phone=False) for _ in range(USERS)]
    since = int(time.time() * 1000)
    with ThreadPoolExecutor(USERS) as pool:
        times = list(pool.map(sign_in, users))

    simulated = run(Storm("the local stack", USERS, 0.001))
    expected = Counter({name: simulated.counts[name] for name in FUNCTIONS.values()})
    found = invocations_since(since, expected)
    counts = Counter(name for name, _ in found)
    # `deliver` may send the message of an earlier sign-in meanwhile.
    assert counts.pop("deliver") >= expected["deliver"]
    assert counts == {name: count for name, count in expected.items() if name != "deliver"}
    assert sum(len(messages_to(user.email)) for user in users) == simulated.counts["messages"]

    durations = {name: mean(seconds for one, seconds in found if one == name) for name in expected}
    same = run(Storm("the local stack", USERS, 0.001, StormLimits(cold_seconds=0), durations))
    print(f"\nseconds of an invocation: { ({name: round(value, 2) for name, value in durations.items()}) }")
    print(f"seconds to the message: {rounded(one for one, _ in times)}")
    print(f"the same, simulated with these invocations: {rounded(same.times_to_message)}")


def rounded(values: Iterable[float]) -> list[float]:
    return sorted(round(value, 1) for value in values)
