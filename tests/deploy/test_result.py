"""The commands at the end of a deployment fit the stack, and the tools have them."""

import shlex

import pytest
from typer.testing import CliRunner

from demo_client.cli.commands import app as demo_client
from tools.deploy.result import PYTHON, commands
from tools.pool_admin.cli import app as pool_admin

POOL = {"UserPoolId": "eu-central-1_Abc"}
WEB = {"PasswordAndCodeClientId": "web"}
KIOSK = {"CodeOnlyClientId": "kiosk"}
APPS = {"tools.pool_admin": pool_admin, "demo_client": demo_client}


def of(outputs: dict[str, str], profile: str = "") -> list[str]:
    return commands(POOL | outputs, "passcode", "eu-central-1", profile)


def test_a_stack_with_one_client_signs_in_with_it() -> None:
    assert of(WEB)[-1] == f"{PYTHON} -m demo_client sign-in you@example.com"
    assert "export PASSCODE_CLIENT_ID=web" in of(WEB)
    assert of(KIOSK)[-1].endswith("sign-in you@example.com --passwordless")
    assert "export PASSCODE_CODE_ONLY_CLIENT_ID=kiosk" in of(KIOSK)
    assert not [line for line in of(KIOSK) if line.startswith("export PASSCODE_CLIENT_ID")]


def test_an_existing_pool_is_attached_first() -> None:
    assert of({"HostedClientId": "page"}) == [
        f"{PYTHON} -m tools.pool_admin attach eu-central-1_Abc --stack passcode --client APP_CLIENT_ID",
        f"{PYTHON} -m tools.pool_admin doctor eu-central-1_Abc --stack passcode",
    ]


def test_the_hosted_sign_in_gets_its_levels_before_doctor_looks() -> None:
    admin = f"{PYTHON} -m tools.pool_admin"
    assert of(WEB | {"HostedClientId": "page"})[:2] == [
        f"{admin} attach eu-central-1_Abc --stack passcode",
        f"{admin} doctor eu-central-1_Abc --stack passcode",
    ]
    assert not [line for line in of(WEB) if " attach " in line]


def test_a_profile_is_in_each_command_that_calls_aws_with_credentials() -> None:
    called = [line for line in of(WEB, "my profile") if "pool_admin" in line]
    assert len(called) == 2
    assert all("--profile 'my profile'" in line for line in called)


@pytest.mark.parametrize("outputs", [WEB, KIOSK, WEB | KIOSK, {}])
def test_each_command_has_options_that_its_tool_knows(outputs: dict[str, str]) -> None:
    for line in of(outputs, "me"):
        if line.startswith("export "):
            continue
        _, _, module, command, *arguments = shlex.split(line)
        options = {argument for argument in arguments if argument.startswith("--")}
        told = CliRunner().invoke(APPS[module], [command, "--help"], env={"COLUMNS": "200"}).output
        assert not [option for option in options if option not in told]
