"""Calls that start at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def run_at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Call `act(0)` … `act(count - 1)` in one thread each, all released at the same moment."""
    gate = Barrier(count)

    def one(number: int) -> T:
        gate.wait(timeout=60)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
