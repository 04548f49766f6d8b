"""`make setup` and its smaller version for the demo: the packages that they install, in every order."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO, ALL = "requirements-demo.lock", "requirements.lock"

# It creates environments as the module venv does, and their pip only writes down its arguments.
PYTHON = f"""#!/bin/sh
case "$1 $2" in
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo new >> "$LOG" ;;
    "-m tools.install") shift 2; echo "$*" >> "$LOG"; exit "${{PIP:-0}}" ;;
    "-m tools.artefacts.aws_models") echo models >> "$LOG.models" ;;
    *) exec {sys.executable} "$@" ;;
esac
"""


class Checkout:
    """A folder with the Makefile and the lock files, and a log of the installations there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Makefile", DEMO, ALL):
            shutil.copy(ROOT / name, folder)
        (folder / "triggers" / "passcode").mkdir(parents=True)
        self.python = folder / "python"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)

    def make(self, target: str, pip: int = 0) -> list[str]:
        """Run a target. Returns the new environments and installations, in their order."""
        log = self.folder / "log"
        log.write_text("")
        environment = {"PATH": os.environ["PATH"], "PYTHON": str(self.python), "PYTHONPATH": "triggers"}
        done = subprocess.run(
            ["make", "-s", target],
            cwd=self.folder,
            env=environment | {"LOG": str(log), "PIP": str(pip)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == (pip == 0), done.stderr
        return log.read_text().splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_all_packages_are_added_to_those_of_the_demo(checkout: Checkout) -> None:
    assert checkout.make("setup-demo") == ["new", DEMO]
    assert checkout.make("setup-demo") == []
    assert checkout.make("setup") == [f"{ALL} --compile"]
    assert checkout.make("setup") == checkout.make("setup-demo") == []


def test_all_packages_are_enough_for_the_demo(checkout: Checkout) -> None:
    assert checkout.make("setup") == ["new", f"{ALL} --compile"]
    assert checkout.make("setup-demo") == []


def test_a_failed_installation_is_repeated(checkout: Checkout) -> None:
    assert checkout.make("setup-demo", pip=1) == ["new", DEMO]
    assert checkout.make("setup-demo") == ["new", DEMO]
    assert checkout.make("setup", pip=1) == [f"{ALL} --compile"]
    assert checkout.make("setup-demo") == []
    assert checkout.make("setup") == [f"{ALL} --compile"]


@pytest.mark.parametrize("first", ["setup", "setup-demo"])
def test_an_environment_of_other_locks_is_replaced(checkout: Checkout, first: str) -> None:
    checkout.make(first)
    for name in (DEMO, ALL):
        (checkout.folder / name).write_text(f"# Another lock\n{(ROOT / name).read_text()}")
    assert checkout.make("setup-demo") == ["new", DEMO]


@pytest.mark.parametrize("target", ["setup", "setup-demo"])
def test_the_aws_models_are_checked_each_time(checkout: Checkout, target: str) -> None:
    """They change with botocore and with the rights of the functions, even if no package changes."""
    checkout.make(target)
    checkout.make(target)
    assert (checkout.folder / "log.models").read_text().split() == ["models", "models"]


@pytest.mark.parametrize("target", ["demo", "up"])
@pytest.mark.parametrize(("option", "port"), [([], "4566"), (["PORT=4570"], "4570"), (["PORT=0"], "0")])
def test_the_local_aws_gets_the_port(checkout: Checkout, target: str, option: list[str], port: str) -> None:
    command = ["make", "--dry-run", target, *option]
    # Without the variables of a `make` that runs the tests.
    recipe = subprocess.run(
        command,
        cwd=checkout.folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert recipe.splitlines()[-1].endswith(f" {target} --port {port}")
    assert "install requirements.lock" not in recipe


def test_a_broken_environment_is_replaced(checkout: Checkout) -> None:
    checkout.make("setup-demo")
    (checkout.folder / ".venv" / "bin" / "python").unlink()
    assert checkout.make("setup") == ["new", f"{ALL} --compile"]
