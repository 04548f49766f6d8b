"""Each attack is tried on a weak version of the product and on the product. `make attack` prints a table.

To add an attack, write a class with one fault in a module `weak_*.py`, and a test that calls `try_attack`.
The first line of the test's docstring names the attack in the table.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.attacks.trial import Report, Target, TryAttack
from tests.support.handlers import output
from tests.support.no_network import no_network

__all__ = ["no_network", "output"]
_PROPERTY = "attack"
_FIGURE = "figure"
_HEADER = ("attack", "weak version", "product")


@pytest.fixture
def try_attack(request: pytest.FixtureRequest) -> Iterator[TryAttack]:
    """The function that tries an attack. The test fails if it does not call the function."""
    rows: list[tuple[str, ...]] = []

    def tried(attack: Callable[[Target], bool], *, weak: Target, product: Target) -> None:
        succeeded = attack(weak), attack(product)
        rows.append((_title(request), *("succeeded" if each else "failed" for each in succeeded)))
        request.node.user_properties.append((_PROPERTY, rows[-1]))
        assert succeeded == (True, False), "the attack has to succeed on the weak version only"

    yield tried
    assert rows, "the test tried no attack"


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """The function that adds a line to the figures of the simulated weeks."""
    return lambda line: request.node.user_properties.append((_FIGURE, line))


def _title(request: pytest.FixtureRequest) -> str:
    title = (request.function.__doc__ or request.node.name).splitlines()[0].rstrip(".")
    callspec = getattr(request.node, "callspec", None)
    return f"{title} [{callspec.id}]" if callspec else title


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the attacks of this run, and the figures of the simulated weeks."""
    rows = _properties(terminalreporter, _PROPERTY)
    if rows:
        terminalreporter.section("attacks")
        width = max(len(row[0]) for row in rows)
        for attack, weak, product in (_HEADER, *rows):
            terminalreporter.line(f"{attack:{width}}  {weak:12}  {product}")
    figures = _properties(terminalreporter, _FIGURE)
    if figures:
        terminalreporter.section("a simulated week of attack")
        for line in figures:
            terminalreporter.line(line)


def _properties(terminalreporter: pytest.TerminalReporter, wanted: str) -> list[Any]:
    return [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == wanted and report.when == "call"
    ]
