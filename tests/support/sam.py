"""`make build`, `make deploy` and `sam delete` against the local stack."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.local_stack.environment import REGION, ROOT

STACK_NAME = "built"
READY = ROOT / ".venv-sam" / ".ready"


def make(*arguments: str, answers: str = "", **environment: str) -> str:
    """Run make in the project and return its output."""
    return run(["make", "--no-print-directory", *arguments], answers, environment)


def run(command: list[str], answers: str, environment: Mapping[str, str]) -> str:
    """Run a command in the project, without the user's own AWS configuration, and return its output."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_", "MAKE"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**own, **nowhere, **environment},
        input=answers,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def deploy(endpoint_url: str, built: Path, mine: Path, answers: str = "y\n") -> str:
    """Run `make deploy` for an existing build."""
    arguments = ("-o", "build", "deploy", f"BUILT={built}", f"MINE={mine}")
    return make(*arguments, answers=answers, **local_aws_environment(endpoint_url))


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
