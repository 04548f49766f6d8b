"""Runs the curl snippets of docs/token-service.md, as a shell runs them."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from tests.support.machine import skip_because_missing
from tools.local_stack.environment import ROOT

# The first version with --json.
_OLDEST = (7, 82)


@dataclass(frozen=True)
class CurlResult:
    """The output of curl, as JSON, and its exit code: 0, or 22 for an HTTP error."""

    answer: dict[str, Any]
    code: int


def run(snippet: str, environment: dict[str, str]) -> CurlResult:
    """Run a snippet with `environment` and PATH as its only variables, with a time limit."""
    curl = shutil.which("curl")
    if curl is None or _version(curl) < _OLDEST:
        skip_because_missing("curl 7.82 or later")
    done = subprocess.run(
        ["sh", "-eu", str(ROOT / "docs" / "snippets" / snippet)],
        # The curl settings and the proxies of the user must have no effect.
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "CURL_HOME": "/nonexistent", "NO_PROXY": "*"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    return CurlResult(json.loads(done.stdout), done.returncode)


def _version(curl: str) -> tuple[int, ...]:
    output = subprocess.run(
        [curl, "--version"], capture_output=True, text=True, timeout=10, check=True
    ).stdout
    found = re.match(r"curl (\d+)\.(\d+)", output)
    return tuple(int(part) for part in found.groups()) if found else ()
