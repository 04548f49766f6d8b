"""The lock files: exact versions, hashes, and no package index."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-mutants.lock", "triggers/requirements.txt"]
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


def test_lambda_and_the_tests_use_the_same_packages() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("triggers/requirements.txt").items() <= pins("requirements.lock").items()


def test_node_packages_are_pinned_and_hashed() -> None:
    lock = json.loads((ROOT / "tests/clients/package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
    wanted = json.loads((ROOT / "tests/clients/package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
