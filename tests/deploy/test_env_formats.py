"""The `.env` file of a deployed stack, for each tool that reads one."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.template import TEMPLATE
from tools import env_formats
from tools.env_formats import EnvFormat, format_env, stack_variables

VALUES = {
    "AWS_REGION": "eu-central-1",
    "CLIENT_ID": "1h57kf5cpq17m0eml12EXAMPLE",
    "TOKEN_CREATION_API_URL": "https://api.example/v1/createToken",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@pytest.mark.parametrize(("form", "prefix"), [("dotenv", ""), ("vite", "VITE_"), ("next", "NEXT_PUBLIC_")])
def test_only_the_variables_of_a_browser_get_the_prefix_of_the_tool(form: EnvFormat, prefix: str) -> None:
    assert format_env(VALUES, form).splitlines() == [
        f"{prefix}AWS_REGION=eu-central-1",
        f"{prefix}CLIENT_ID=1h57kf5cpq17m0eml12EXAMPLE",
        "TOKEN_CREATION_API_URL=https://api.example/v1/createToken",
        "AWS_SECRET_ACCESS_KEY=test",
    ]


def test_a_browser_gets_no_credentials_and_no_address_of_a_back_end() -> None:
    assert not {name for name in env_formats.BROWSER if re.search("KEY|SECRET|TOKEN", name)}


def test_a_shell_reads_each_value_unchanged(tmp_path: Path) -> None:
    value = 'https://example.com/?a=$HOME&b="c d" #e;exit 3'
    (tmp_path / "env").write_text(format_env({"URL": value, "EMPTY": ""}, "dotenv"))
    script = 'set -a; . "$1"; printf "%s|%s" "$URL" "$EMPTY"'
    read = subprocess.run(
        ["sh", "-euc", script, "sh", tmp_path / "env"], capture_output=True, check=True, text=True
    )
    assert read.stdout == f"{value}|"


@pytest.mark.parametrize("form", ["vite", "next"])
def test_a_tool_that_expands_variables_does_not_expand_a_dollar_sign(form: EnvFormat) -> None:
    assert format_env({"URL": "https://example.com/?a=$HOME"}, form) == r"URL='https://example.com/?a=\$HOME'"


@pytest.mark.parametrize("value", ["it's", "two\nlines", "two\rlines"])
def test_a_value_that_tools_read_differently_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="NAME has a line break or a quote"):
        format_env({"NAME": value}, "dotenv")


def test_the_outputs_exist_in_the_template() -> None:
    assert set(env_formats.OUTPUTS.values()) <= TEMPLATE["Outputs"].keys()


def test_a_variable_without_an_output_is_omitted() -> None:
    outputs = {"UserPoolId": "eu-central-1_Abc", "CodeOnlyClientId": "kiosk", "TokenApiURL": ""}
    assert stack_variables(outputs, "eu-central-1") == {
        "AWS_REGION": "eu-central-1",
        "CLIENT_ID": "kiosk",
        "USER_POOL_ID": "eu-central-1_Abc",
        "CODE_ONLY_CLIENT_ID": "kiosk",
    }


def test_the_first_client_is_the_one_for_password_and_code() -> None:
    outputs = {"PasswordAndCodeClientId": "web", "CodeOnlyClientId": "kiosk"}
    assert stack_variables(outputs, "eu-central-1")["CLIENT_ID"] == "web"
