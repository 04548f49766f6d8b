"""The number of files that a reader of a path has to read, as benchmarks/paths.py counts them."""

import json
import subprocess
import sys

import pytest

from benchmarks import paths
from tests.support.template import ROOT

LIMITS = {paths.ANSWER: 12, paths.RESEND: 14, paths.CONFIRMATION: 25}

# Files without which a path cannot work.
NEEDED = {
    paths.ANSWER: {"verify_auth_challenge.py"},
    paths.RESEND: {"define_auth_challenge.py", "create_auth_challenge.py"},
    paths.CONFIRMATION: {"token_api.py", "deliver.py"},
}


@pytest.fixture(scope="module")
def measured() -> dict[str, list[str]]:
    """Run the benchmark in its own process, because the handlers read their environment at import."""
    command = [sys.executable, "-m", "benchmarks.paths", "--json"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("path", LIMITS)
def test_a_path_does_not_need_more_files(measured: dict[str, list[str]], path: str) -> None:
    assert len(measured[path]) <= LIMITS[path], measured[path]


@pytest.mark.parametrize("path", LIMITS)
def test_the_count_has_the_files_of_the_path_and_no_telemetry(
    measured: dict[str, list[str]], path: str
) -> None:
    assert set(measured[path]) >= NEEDED[path]
    assert not [file for file in measured[path] if file.endswith("telemetry.py")]
