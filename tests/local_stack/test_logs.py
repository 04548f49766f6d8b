"""The `logs` command: which lines it shows, and in which order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from tests.support.local_stack_user import Caller
from tools.local_stack import logs
from tools.local_stack import stack as local
from tools.local_stack.cli import app
from tools.local_stack.errors import StackError
from tools.local_stack.logs import LogLine
from tools.local_stack.stack import Stack

START = datetime(2026, 1, 1, tzinfo=UTC)
FUNCTIONS = {
    name: f"passcode-{name}" for name in ("create_auth_challenge", "deliver", "delivery_events", "token_api")
}
STACK = Stack("http://127.0.0.1:9", "us-east-1", "us-east-1_Local", {}, "table", {}, FUNCTIONS, {})


def line(second: int, text: str, function: str = "deliver") -> LogLine:
    return LogLine(START + timedelta(seconds=second), function, text)


@pytest.mark.parametrize(
    ("name", "functions"),
    [
        (None, sorted(FUNCTIONS)),
        ("create", ["create_auth_challenge"]),
        ("deliver", ["deliver"]),
        ("token_api", ["token_api"]),
    ],
)
def test_the_beginning_of_a_name_is_enough(name: str | None, functions: list[str]) -> None:
    assert logs.select(STACK, name) == functions


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("del", "More than one function begins with del: deliver, delivery_events."),
        ("crate", "The stack has no function crate. Did you mean create_auth_challenge?"),
        ("tokn_api", "The stack has no function tokn_api. Did you mean token_api?"),
        ("zzz", f"The stack has no function zzz. The functions are {', '.join(sorted(FUNCTIONS))}."),
    ],
)
def test_another_name_is_refused(name: str, reason: str) -> None:
    with pytest.raises(StackError) as refused:
        logs.select(STACK, name)
    assert str(refused.value) == reason


def test_the_lines_of_all_functions_are_in_the_order_of_time(probed: Stack) -> None:
    Caller(probed).start("unknown@people.example")
    lines = logs.read(probed, logs.select(probed, None))
    assert [each.at for each in lines] == sorted(each.at for each in lines)
    assert {"define_auth_challenge", "create_auth_challenge"} <= {each.function for each in lines}
    for function in ("define_auth_challenge", "create_auth_challenge"):
        texts = [each.text for each in lines if each.function == function]
        assert sorted(texts) == sorted(text.rstrip() for text in probed.logs()[function])
        assert any("EVENT {" in text for text in texts)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[list[LogLine]]:
    """The lines that exist at each reading. After the last reading comes Ctrl-C."""
    readings: list[list[LogLine]] = []

    def next_reading() -> Iterator[list[LogLine]]:
        yield from readings
        raise KeyboardInterrupt

    reader = next_reading()
    monkeypatch.setattr(local, "load", lambda: STACK)
    monkeypatch.setattr(logs, "read", lambda _, selected: next(reader))
    monkeypatch.setattr("tools.local_stack.cli.time.sleep", lambda _: None)
    return readings


def test_each_new_line_is_shown_once_also_if_it_is_not_the_last(rounds: list[list[LogLine]]) -> None:
    first, late, last = line(1, "first"), line(2, "late"), line(3, "last")
    rounds += [[first, last], [first, late, last], [first, late, last, last]]
    result = CliRunner().invoke(app, ["logs", "deliver", "--follow"])
    assert result.exit_code == 130
    assert result.stdout.splitlines() == ["first", "last", "late", "last"]


def test_without_a_function_each_line_has_its_name(rounds: list[list[LogLine]]) -> None:
    rounds += [[line(1, '{"a": 1}\t[b]'), replace(line(2, "two\x1b[31m"), function="token_api")]]
    result = CliRunner().invoke(app, ["logs"])
    assert result.exit_code == 0
    assert [" ".join(each.split()[1:]) for each in result.stdout.splitlines()] == [
        'deliver {"a": 1} [b]',
        "token_api two\ufffd[31m",
    ]
    assert result.stdout.startswith(f"{START.astimezone():%H:%M}:01 ")
