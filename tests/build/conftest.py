"""What is built, once for all tests here, and a local AWS that it is deployed to by `make deploy`."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from tests.conftest import missing
from tools.local_stack import process, stack
from tools.local_stack.clients import client
from tools.local_stack.deploy import DEFAULTS
from tools.local_stack.environment import REGION, ROOT
from tools.local_stack.stack import Stack

STACK_NAME = "built"
READY = ROOT / ".venv-sam" / ".ready"


def make(*arguments: str, answers: str = "", **environment: str) -> str:
    """Run make in the project and return all that it printed."""
    return run(["make", "--no-print-directory", *arguments], answers, environment)


def run(command: list[str], answers: str, environment: Mapping[str, str]) -> str:
    """Run a command in the project, without the person's own AWS set-up, and return all that it printed."""
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


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make build` filled: one artefact for each function, and the template for them."""
    if not READY.exists() or READY.read_bytes() != (ROOT / "requirements-build.lock").read_bytes():
        missing("AWS SAM (`make build` fetches it)")
    folder = tmp_path_factory.mktemp("built")
    print(make("build", f"BUILT={folder}"))
    return folder


@pytest.fixture(scope="session")
def template(built: Path) -> dict[str, Any]:
    """The template that sam wrote beside the artefacts."""
    found: dict[str, Any] = load(str(built / "template.yaml"))
    return found


@pytest.fixture(scope="session")
def saved_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that keeps what was answered to `make deploy`."""
    return tmp_path_factory.mktemp("mine") / "samconfig.mine.toml"


@pytest.fixture(scope="package")
def local_stack(
    built: Path, template: Mapping[str, Any], saved_answers: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The built artefacts, deployed as a newcomer does it: with every question answered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("local")))
        emulator = process.start(process.free_port())
        try:
            client(emulator.endpoint_url, "ses").verify_email_identity(EmailAddress=DEFAULTS["SenderEmail"])
            print(deploy(emulator.endpoint_url, built, saved_answers, answers_to_all(template["Parameters"])))
            yield deployed(emulator.endpoint_url)
        finally:
            stack.down()


def deploy(endpoint_url: str, built: Path, mine: Path, answers: str = "y\n") -> str:
    """`make deploy` of what is built already."""
    arguments = ("-o", "build", "deploy", f"BUILT={built}", f"MINE={mine}")
    return make(*arguments, answers=answers, **pretended(endpoint_url))


def delete(endpoint_url: str, mine: Path) -> str:
    """`sam delete`, as docs/deploy.md has it."""
    command = [str(READY.with_name("bin") / "sam"), "delete", "--config-file", str(mine)]
    return run(command, "y\ny\n", pretended(endpoint_url))


def pretended(endpoint_url: str) -> dict[str, str]:
    """What makes sam take the local AWS for the real one."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
    quiet = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "NO_PROXY": "127.0.0.1"}
    home = {"__SAM_CLI_APP_DIR": str(READY.with_name("home"))}
    return {"AWS_ENDPOINT_URL": endpoint_url, **credentials, **quiet, **home}


def answers_to_all(parameters: Mapping[str, Any]) -> str:
    """What is typed: the stack, the region, its parameters, then how to deploy and what to save."""
    typed = [DEFAULTS.get(name, "") for name in parameters]
    return "\n".join([STACK_NAME, REGION, *typed, "y", "y", "n", "y", "", "", "y", ""])


def deployed(endpoint_url: str) -> Stack:
    """The stack as its outputs describe it, which is all that a person has."""
    cloudformation = client(endpoint_url, "cloudformation")
    (found,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    return Stack(
        endpoint_url=endpoint_url,
        region=REGION,
        user_pool_id=outputs["UserPoolId"],
        clients={
            "password_and_code": outputs["PasswordAndCodeClientId"],
            "code_only": outputs["CodeOnlyClientId"],
        },
        table=outputs["TableName"],
        queue_url=outputs["QueueUrl"],
        functions={},
        outputs=outputs,
    )
