"""A local stack of the real template.yaml with probes in the places of the doors."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.local_stack import stack
from tools.local_stack.environment import ROOT
from tools.local_stack.stack import Stack

DOORS = ("define_auth_challenge", "create_auth_challenge", "verify_auth_challenge", "deliver", "token_api")


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the project's own, in which each door is the probe."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "triggers").mkdir()
    shutil.copy(ROOT / "template.yaml", folder)
    for door in DOORS:
        shutil.copy(Path(__file__).with_name("probe.py"), folder / "triggers" / f"{door}.py")
    return folder


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of this test's own, in which nothing runs afterwards."""
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path / "state"))
    yield tmp_path / "state"
    stack.down()


@pytest.fixture(scope="package")
def probed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack of `project`, shared by the tests that only sign in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("probed")))
        yield stack.up(port=0, root=project)
        stack.down()
