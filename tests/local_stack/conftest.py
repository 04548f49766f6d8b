"""A local stack of the real template.yaml in which probes replace the Lambda functions."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.lambda_functions import FUNCTIONS
from tools.local_stack import stack
from tools.local_stack.environment import ROOT
from tools.local_stack.stack import Stack


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which each handler is the probe."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "triggers").mkdir()
    shutil.copy(ROOT / "template.yaml", folder)
    for handler in FUNCTIONS:
        shutil.copy(Path(__file__).with_name("probe.py"), folder / "triggers" / f"{handler}.py")
    return folder


@pytest.fixture(scope="package")
def probed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack of `project`, shared by the tests that only sign in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("probed")))
        yield stack.up(port=0, root=project)
        stack.down()
