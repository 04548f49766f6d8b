"""`make deploy`: how its variables reach the command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.local_stack.environment import ROOT


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A program in place of Python, which records its arguments and PASSCODE_SET."""
    program = tmp_path / "python"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "print(json.dumps([sys.argv[1:], os.environ.get('PASSCODE_SET')]))\n"
    )
    program.chmod(0o755)
    return program


def called(python: Path, *variables: str) -> tuple[list[str], str]:
    """Return the arguments of the command that `make deploy` runs, and its PASSCODE_SET."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-o", "setup", "-o", "sam", "deploy", f"RUN={python}", *variables]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    arguments, settings = json.loads(done.stdout.splitlines()[-1])
    return arguments, settings


@pytest.mark.parametrize(
    "value", ["A=1 B='two words'", 'A="it\'s"', "A=$HOME $(shell id) $$ `id`", "A=50%#1", ""]
)
def test_set_arrives_as_it_was_typed(python: Path, value: str) -> None:
    assert called(python, f"SET={value}")[1] == value


def test_without_variables_only_the_places_of_the_files_are_given(python: Path) -> None:
    arguments, settings = called(python)
    assert arguments == [
        *("-m", "tools.deploy", "--config", str(ROOT / "samconfig.mine.toml"), "--built", ".aws-sam/build"),
        *("--sam", ".venv-sam/bin/sam", "--build", "make --no-print-directory build"),
    ]
    assert settings == ""


def test_each_variable_is_an_option(python: Path) -> None:
    arguments, _ = called(
        python, "STACK=passcode", "REGION=eu-west-1", "ASK=all", "YES=1", "RIGHTS=OFF", "BUILD="
    )
    assert arguments[arguments.index("--build") + 1 :] == [
        "",
        *("--stack", "passcode", "--region", "eu-west-1", "--ask", "all", "--yes", "--no-rights"),
    ]
