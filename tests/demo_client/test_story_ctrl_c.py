"""Ctrl-C in the middle of the story that `make demo` tells. A real SIGINT to a real process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_client.web import process as page
from tests.support.interrupt import interrupted
from tools.local_stack import process, stack

STORY = ("demo_client", "demo", "--port", str(process.free_port()))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of this test's own, in which nothing runs afterwards."""
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path / "state"))
    yield tmp_path / "state"
    stack.down()


@pytest.mark.usefixtures("state")
def test_during_the_story_it_says_what_still_runs() -> None:
    code, said = interrupted(STORY, stack.file().exists)
    assert (code, said) == (130, "Stopped here. The local AWS still runs: `make down` stops it.")
    assert stack.load().user_pool_id
    assert page.running() is None


@pytest.mark.usefixtures("state")
def test_before_the_story_nothing_is_left() -> None:
    code, said = interrupted(STORY, lambda: process.running() is not None)
    assert (code, said) == (130, "Stopped here, before the local AWS was up. Nothing of it runs any more.")
    assert process.running() is None
