"""Ctrl-C during `make demo`. A real SIGINT to a real process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_client.web import process as page
from tests.support.interrupt import interrupted
from tools.local_stack import process, stack

DEMO = ("demo_client", "demo", "--port", str(process.free_port()))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory for one test. Afterwards its local stack is stopped."""
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path / "state"))
    yield tmp_path / "state"
    stack.down()


@pytest.mark.usefixtures("state")
def test_during_the_scenarios_it_says_what_is_still_running() -> None:
    code, said = interrupted(DEMO, stack.stack_file().exists)
    assert (code, said) == (130, "Interrupted. The local AWS is still running: `make down` stops it.")
    assert stack.load().user_pool_id
    assert page.running() is None


@pytest.mark.usefixtures("state")
def test_before_the_scenarios_nothing_is_left_running() -> None:
    code, said = interrupted(DEMO, lambda: process.running() is not None)
    assert (code, said) == (130, "Interrupted before the local AWS was up. Nothing is left running.")
    assert process.running() is None
