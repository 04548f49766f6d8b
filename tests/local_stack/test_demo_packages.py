"""`make demo` needs no package beside those of its lock file."""

import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tools.local_stack.environment import ROOT

INSTALLED = {re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found for found in distributions()}


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The Python of an environment with the packages of the demo, which are links to those of this one."""
    home = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    lock = (ROOT / "requirements-demo.lock").read_text("utf-8")
    # Packages for other systems, such as colorama for Windows, are not installed.
    for name in set(re.findall(r"^(\S+)==", lock, re.MULTILINE)) & INSTALLED.keys():
        files = INSTALLED[name].files or ()
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(INSTALLED[name].locate_file(top))))
    (packages / "passcode.pth").write_text(str(ROOT / "triggers"))
    return home / "bin" / "python"


@pytest.mark.e2e
def test_the_demo_runs_with_its_packages_alone(python: Path, state: Path) -> None:
    without = subprocess.run([python, "-c", "import moto"], capture_output=True, check=False)
    assert b"ModuleNotFoundError" in without.stderr
    done = subprocess.run(
        [python, "-m", "demo_client", "demo", "--port", "0"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PASSCODE_LOCAL_DIR": str(state), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "All sign-ins went through Cognito." in done.stdout
    assert "ModuleNotFoundError" not in (state / "emulator.log").read_text(errors="replace")
