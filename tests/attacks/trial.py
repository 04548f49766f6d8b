"""The types of the fixtures `try_attack` and `report`."""

from collections.abc import Callable
from typing import Protocol, TypeVar

Target = TypeVar("Target")
# Prints one line after the table of attacks.
Report = Callable[[str], None]


class TryAttack(Protocol):
    """Try an attack on a weak version, where it has to succeed, and on the product, where it has to fail."""

    def __call__(self, attack: Callable[[Target], bool], *, weak: Target, product: Target) -> None:
        """Call `attack` with both. It returns True if it succeeded."""
