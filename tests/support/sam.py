"""`make build`, `make deploy` and `sam delete` against the local stack."""

import os
import pty
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.local_stack.environment import REGION, ROOT

STACK_NAME = "built"
READY = ROOT / ".venv-sam" / ".ready"


def make(*arguments: str, **environment: str) -> str:
    """Run make in the project and return its output."""
    return run(["make", "--no-print-directory", *arguments], "", environment)


def run(command: list[str], answers: str, environment: Mapping[str, str], *, exit_code: int = 0) -> str:
    """Run a command in the project, without the user's own AWS configuration, and return its output.

    With `answers`, the command has a terminal, in which they are typed.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_", "MAKE"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    with terminal(answers) as typed:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**own, **nowhere, **environment},
            stdin=typed,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    assert done.returncode == exit_code, done.stdout
    return done.stdout


@contextmanager
def terminal(answers: str) -> Iterator[int]:
    """Provide an input for a process: a terminal in which `answers` are typed, or none without answers."""
    if not answers:
        yield subprocess.DEVNULL
        return
    keyboard, screen = pty.openpty()
    try:
        os.write(keyboard, answers.encode())
        yield screen
    finally:
        os.close(screen)
        os.close(keyboard)


def deploy(
    endpoint_url: str, built: Path, mine: Path, *arguments: str, answers: str = "", exit_code: int = 0
) -> str:
    """Run `make deploy` for an existing build. Make exits with 2 for each failure."""
    command = [
        "make",
        "--no-print-directory",
        "deploy",
        "BUILD=",
        f"BUILT={built}",
        f"MINE={mine}",
        *arguments,
    ]
    return run(command, answers, local_aws_environment(endpoint_url), exit_code=exit_code)


def delete(endpoint_url: str, mine: Path) -> str:
    """Run `sam delete`, as in docs/deploy.md."""
    command = [str(READY.with_name("bin") / "sam"), "delete", "--config-file", str(mine)]
    return run(command, "y\ny\n", local_aws_environment(endpoint_url))


def local_aws_environment(endpoint_url: str) -> dict[str, str]:
    """The environment that makes sam use the local AWS instead of the real one."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
    quiet = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "NO_PROXY": "127.0.0.1"}
    home = {"__SAM_CLI_APP_DIR": str(READY.with_name("home"))}
    return {"AWS_ENDPOINT_URL": endpoint_url, **credentials, **quiet, **home}
