"""The built artefacts, and a local AWS to which `make deploy` deploys them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from tests.support.machine import skip_because_missing
from tests.support.sam import READY, STACK_NAME, deploy, make
from tools.local_stack import process, stack
from tools.local_stack.clients import client
from tools.local_stack.deploy import DEFAULTS
from tools.local_stack.environment import REGION, ROOT
from tools.local_stack.stack import Stack

# The parameters without a default, in the order of the questions.
REQUIRED = ("SenderEmail", "SignInHost")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run `make build` and return its folder: one artefact for each function, and the built template."""
    if not READY.exists() or READY.read_bytes() != (ROOT / "requirements-build.lock").read_bytes():
        skip_because_missing("AWS SAM (`make build` installs it)")
    folder = tmp_path_factory.mktemp("built")
    print(make("build", f"BUILT={folder}"))
    return folder


@pytest.fixture(scope="session")
def template(built: Path) -> dict[str, Any]:
    """Return the built template."""
    found: dict[str, Any] = load(str(built / "template.yaml"))
    return found


@pytest.fixture(scope="session")
def saved_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file in which `make deploy` saves the answers."""
    return tmp_path_factory.mktemp("mine") / "samconfig.mine.toml"


@pytest.fixture(scope="package")
def local_stack(
    built: Path, saved_answers: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Deploy the built artefacts with `make deploy` in a terminal, and answers to all of its questions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("local")))
        emulator = process.start(process.free_port())
        try:
            sender = DEFAULTS["SenderEmail"]
            client(emulator.endpoint_url, "ses").verify_email_identity(EmailAddress=sender)
            client(emulator.endpoint_url, "sesv2").create_email_identity(EmailIdentity=sender)
            settings = " ".join(
                f"{name}='{value}'" for name, value in DEFAULTS.items() if name not in REQUIRED
            )
            answers = "\n".join([STACK_NAME, REGION, *(DEFAULTS[name] for name in REQUIRED), "y", ""])
            arguments = (emulator.endpoint_url, built, saved_answers, f"SET={settings}")
            print(deploy(*arguments, answers=answers))
            yield deployed(emulator.endpoint_url)
        finally:
            stack.down()


def deployed(endpoint_url: str) -> Stack:
    """Return the stack as its outputs describe it."""
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
        queues={"email": outputs["EmailQueueUrl"]},
        functions={},
        outputs=outputs,
    )
