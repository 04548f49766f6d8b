"""Every command says where the demo page is."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo_client.web import process as demo_page
from tools.local_stack import inbox, locks, logs
from tools.local_stack import stack as local
from tools.local_stack.cli import app
from tools.local_stack.stack import Stack

STACK = Stack("http://127.0.0.1:9", "us-east-1", "us-east-1_Local", {}, "table", {}, {}, {})
URL = "http://localhost:4599/"


@pytest.fixture(autouse=True)
def _running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    monkeypatch.setattr(local, "load", lambda: STACK)
    monkeypatch.setattr(local, "up", lambda *_: STACK)
    monkeypatch.setattr(local, "down", lambda: True)
    monkeypatch.setattr(inbox, "read", lambda *_: [])
    monkeypatch.setattr(logs, "read", lambda *_: [])


@pytest.fixture
def page() -> Iterator[None]:
    with locks.hold(demo_page.lock_path(), '{"pid": 1, "port": 4599}'):
        yield


def run(command: str) -> tuple[str, str]:
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code == 0
    return " ".join(result.stdout.split()), " ".join(result.stderr.split())


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("command", ["up --port 0", "status"])
def test_the_facts_have_the_address(command: str) -> None:
    assert f"demo page {URL}" in run(command)[0]


@pytest.mark.parametrize("command", ["inbox", "logs", "env", "env --format vite"])
def test_the_address_is_not_part_of_the_output(command: str, request: pytest.FixtureRequest) -> None:
    output, aside = run(command)
    assert aside == "Demo page: not running. `make demo` starts it."
    request.getfixturevalue("page")
    assert run(command) == (output, f"Demo page: {URL}")


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("command", ["inbox --json", "env --json"])
def test_a_program_gets_no_sentence(command: str) -> None:
    assert run(command)[1] == ""


def test_without_a_page_the_facts_say_how_to_start_it() -> None:
    assert "demo page not running. `make demo` starts it." in run("status")[0]
    assert run("down")[0] == "Stopped."
    assert json.loads(run("status --json")[0])["demo_page"] is None


@pytest.mark.usefixtures("page")
def test_down_says_that_the_page_is_closed() -> None:
    assert json.loads(run("status --json")[0])["demo_page"] == URL
    assert run("down")[0] == f"Stopped. The demo page at {URL} is closed."
