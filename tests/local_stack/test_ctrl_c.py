"""Ctrl-C during `up`: the message, and the processes that are left. A real process gets a real SIGINT."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.interrupt import run_and_interrupt
from tools.local_stack import deploy, process, stack
from tools.local_stack.cli import app

UP = ("tools.local_stack", "up", "--port", "0")


def _child_exists(state: Path) -> bool:
    return (state / "emulator.log").exists()


def _emulator_runs(_: Path) -> bool:
    found = process.running()
    return found is not None and found.is_ready()


def _processes_of(state: Path) -> list[Path]:
    """The processes of this state directory, where the system has /proc."""
    return [process for process in Path("/proc").glob("[0-9]*") if str(state) in _environment(process)]


def _environment(process: Path) -> str:
    try:
        return (process / "environ").read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("moment", [_child_exists, _emulator_runs])
def test_before_the_stack_is_up_nothing_is_left(state: Path, moment: Callable[[Path], bool]) -> None:
    code, output = run_and_interrupt(UP, lambda: moment(state))
    assert code == 130
    assert output == "Interrupted before the local AWS was up. Nothing is left running."
    assert not _processes_of(state)
    assert {path.name for path in state.iterdir()} <= {"emulator.lock", "emulator.log", "runner.lock"}


@pytest.fixture
def ctrl_c_while_deploying(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function. After its call, a deployment raises KeyboardInterrupt."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    return lambda: monkeypatch.setattr(deploy, "deploy", stopped)


@pytest.mark.usefixtures("state")
def test_a_stack_that_was_up_before_keeps_running(
    project: Path, ctrl_c_while_deploying: Callable[[], None]
) -> None:
    first = stack.up(port=0, root=project)
    ctrl_c_while_deploying()
    result = CliRunner().invoke(app, ["up", "--port", "0"])
    assert result.exit_code == 130
    assert (
        " ".join(result.stderr.split())
        == "Interrupted. The local AWS is still running: `make down` stops it."
    )
    assert stack.load() == first


@pytest.mark.usefixtures("state")
def test_status_distinguishes_an_emulator_without_a_stack_from_none() -> None:
    assert "No local stack is running" in CliRunner().invoke(app, ["status"]).stderr
    process.start(0)
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 1
    output = " ".join(result.stderr.split())
    assert "A local AWS is running, but template.yaml is not deployed to it." in output
    assert "`make down` stops" in output


def test_the_stack_file_of_a_dead_emulator_is_not_used_for_the_next(
    state: Path, ctrl_c_while_deploying: Callable[[], None]
) -> None:
    state.mkdir()
    (state / "stack.json").write_text("{}")
    ctrl_c_while_deploying()
    with pytest.raises(KeyboardInterrupt):
        stack.up(port=0)
    assert process.running() is None
    assert not (state / "stack.json").exists()
