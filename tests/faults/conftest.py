"""Fixtures of the runs with faults. `make faults` runs all of them and writes docs/reliability.md.

`make test` leaves out the tests with the mark `whole`, which take minutes.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.faults import report
from tests.faults.world import World, deployed

_PROPERTY = "reliability"
RUNS_ALL = os.environ.get("PASSCODE_FAULTS") == "all"
Record = Callable[..., None]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests with the mark `whole`, unless the whole run is requested."""
    if RUNS_ALL:
        return
    left_out = [item for item in items if item.get_closest_marker("whole")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def world() -> Iterator[World]:
    """A deployment with the functions of a sign-in."""
    with deployed() as found:
        yield found


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """A function that adds a row to a table of the report."""

    def add(table: str, *cells: object) -> None:
        request.node.user_properties.append((_PROPERTY, (table, tuple(str(cell) for cell in cells))))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the document after a whole run, and print the figures."""
    rows = [
        (value[0], tuple(value[1]))
        for outcome in ("passed", "failed")
        for found in terminalreporter.getreports(outcome)
        for name, value in getattr(found, "user_properties", [])
        if name == _PROPERTY and found.when == "call"
    ]
    figures = [cells for table, cells in rows if table == "figures"]
    if figures:
        terminalreporter.section("figures")
        for cells in sorted(figures):
            terminalreporter.line("  ".join(cells))
    if RUNS_ALL and not config.getoption("keyword"):
        report.write(rows)
