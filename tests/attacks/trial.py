"""The type of the fixture `try_attack`."""

from collections.abc import Callable
from typing import Protocol, TypeVar

Target = TypeVar("Target")


class TryAttack(Protocol):
    """Try an attack on a weak version, where it has to succeed, and on the product, where it has to fail."""

    def __call__(self, attack: Callable[[Target], bool], *, weak: Target, product: Target) -> None:
        """Call `attack` with both. It returns True if it succeeded."""
