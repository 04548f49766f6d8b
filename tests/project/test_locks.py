"""The lock files: exact versions, hashes, and no package index."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    ["requirements.lock", "requirements-demo.lock", "requirements-mutants.lock", "triggers/requirements.txt"],
)
def test_python_packages_are_pinned_and_hashed(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = re.findall(
        r"^(\S+)==(\S+).*\\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n?)+)", text, re.MULTILINE
    )
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(packages) == len(lines) > 1
    assert "://" not in text
    assert "index" not in text.lower().replace("indexed", "")


def pins(name: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / name).read_text(), re.MULTILINE))


def test_lambda_the_demo_and_the_tests_use_the_same_packages() -> None:
    assert pins("triggers/requirements.txt").items() <= pins("requirements-demo.lock").items()
    assert pins("requirements-demo.lock").items() < pins("requirements.lock").items()


def test_node_packages_are_pinned_and_hashed() -> None:
    lock = json.loads((ROOT / "tests/clients/package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
    wanted = json.loads((ROOT / "tests/clients/package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


def test_no_node_package_runs_an_install_script() -> None:
    """Such a script of any package would run with the developer's rights, before any of its code is used."""
    locks = [path for path in ROOT.glob("*/**/package-lock.json") if "node_modules" not in path.parts]
    assert len(locks) == 2
    for lock in locks:
        assert "ignore-scripts=true" in lock.with_name(".npmrc").read_text().splitlines()
    recipes = (ROOT / "Makefile").read_text().splitlines() + (ROOT / ".ci" / "run").read_text().splitlines()
    installs = [line for line in recipes if re.search(r"npm (ci|i|install)\b", line)]
    assert installs
    assert all("--ignore-scripts" in line for line in installs)
