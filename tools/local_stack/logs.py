"""The log lines of the functions, in the order of their times."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import UTC, datetime

from tools.local_stack.errors import StackError
from tools.local_stack.stack import Stack


@dataclass(frozen=True, order=True)
class LogLine:
    """A line that a function wrote. `at` is in UTC."""

    at: datetime
    function: str
    text: str


def read(stack: Stack, functions: list[str]) -> list[LogLine]:
    """Return all lines of these functions, oldest first."""
    lines = [
        LogLine(datetime.fromtimestamp(milliseconds / 1000, UTC), function, text.rstrip())
        for function in functions
        for milliseconds, text in stack.log_events(function)
    ]
    # Lines of the same millisecond stay in the order in which their function wrote them.
    return sorted(lines, key=lambda line: line.at)


def select(stack: Stack, name: str | None) -> list[str]:
    """Return the functions that `name` means: all without a name, else the one whose name begins with it.

    Raises `StackError` if there is no such function, or more than one.
    """
    known = sorted(stack.functions)
    if name is None:
        return known
    found = [name] if name in known else [function for function in known if function.startswith(name)]
    if len(found) == 1:
        return found
    if found:
        raise StackError(f"More than one function begins with {name}: {', '.join(found)}.")
    # A short name is compared with the beginnings of the names.
    beginnings = {function[: len(name) + 1]: function for function in known}
    near = difflib.get_close_matches(name, beginnings, n=1)
    hint = f"Did you mean {beginnings[near[0]]}?" if near else f"The functions are {', '.join(known)}."
    raise StackError(f"The stack has no function {name}. {hint}")
