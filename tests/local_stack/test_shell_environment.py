"""The `env` command: the variables of the documentation's examples, quoted for a shell."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools import env_formats
from tools.env_formats import EnvFormat
from tools.local_stack import shell_environment
from tools.local_stack import stack as local
from tools.local_stack.cli import app
from tools.local_stack.environment import ROOT
from tools.local_stack.errors import StackError
from tools.local_stack.stack import Stack

SNIPPETS = sorted(path for path in (ROOT / "docs" / "snippets").iterdir() if path.is_file())
# Variables that the user sets.
USER_VARIABLES = {"EMAIL", "TOKEN", "CODE", "PROOF", "SUBJECT"}
# os.environ["A"], const { A, B: b } = process.env, $A and ${A:+x}.
READS = (r'environ\["(\w+)"\]', r"\{([^}]*)\} = process\.env", r"\$\{?([A-Z_]+)")
STACK = Stack(
    endpoint_url="http://127.0.0.1:4566",
    region="us-east-1",
    user_pool_id="us-east-1_Local",
    clients={"password_and_code": "web", "code_only": "kiosk", "hosted": "page"},
    table="table",
    queues={},
    functions={},
    outputs={"TokenApiURL": "http://127.0.0.1:4566/v1", "HostedIssuer": "https://it's; exit 3 $HOME"},
)


@pytest.fixture
def _running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "load", lambda: STACK)


def read_by(snippet: Path) -> Iterator[str]:
    for pattern in READS:
        for found in re.findall(pattern, snippet.read_text("utf-8")):
            yield from (name.partition(":")[0].strip() for name in found.split(","))


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda path: path.name)
def test_each_variable_that_a_snippet_reads_exists(snippet: Path) -> None:
    names = set(read_by(snippet)) - USER_VARIABLES
    assert names
    outputs = dict.fromkeys(shell_environment._OUTPUTS.values(), "there")
    assert names <= shell_environment.variables(replace(STACK, outputs=outputs)).keys()


@pytest.mark.usefixtures("_running")
def test_a_shell_reads_each_value_unchanged() -> None:
    output = CliRunner().invoke(app, ["env"]).stdout
    names = shell_environment.variables(STACK)
    environment = subprocess.run(
        ["sh", "-euc", 'eval "$1"; exec env -0', "sh", output],
        env={},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    variables = dict(pair.split("=", 1) for pair in environment.split("\0") if "=" in pair)
    assert {name: variables.get(name) for name in names} == names
    assert names["HOSTED_ISSUER"] == STACK.outputs["HostedIssuer"]


@pytest.mark.usefixtures("_running")
def test_json_is_one_object() -> None:
    assert json.loads(CliRunner().invoke(app, ["env", "--json"]).stdout) == shell_environment.variables(STACK)


@pytest.mark.usefixtures("_running")
@pytest.mark.parametrize("form", env_formats.ENV_FORMATS)
def test_an_env_file_has_the_form_of_its_tool(form: EnvFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = replace(STACK, outputs={"TokenApiURL": "http://127.0.0.1:4566/v1"})
    monkeypatch.setattr(local, "load", lambda: plain)
    output = CliRunner().invoke(app, ["env", "--format", form]).stdout
    assert output == env_formats.format_env(shell_environment.variables(plain), form) + "\n"
    prefix = {"dotenv": "", "vite": "VITE_", "next": "NEXT_PUBLIC_"}[form]
    assert f"{prefix}USER_POOL_ID=us-east-1_Local" in output.splitlines()


@pytest.mark.usefixtures("_running")
def test_a_value_that_no_env_file_can_hold_is_an_error() -> None:
    result = CliRunner().invoke(app, ["env", "--format", "dotenv"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "HOSTED_ISSUER has a line break or a quote" in result.stderr


def test_an_unknown_form_is_refused() -> None:
    assert CliRunner().invoke(app, ["env", "--format", "toml"]).exit_code == 2


def test_a_variable_without_a_value_is_omitted() -> None:
    bare = shell_environment.variables(replace(STACK, clients={"code_only": "kiosk"}, outputs={}))
    assert bare["CLIENT_ID"] == bare["CODE_ONLY_CLIENT_ID"] == "kiosk"
    assert not {name for name in bare if name.startswith(("TOKEN_", "STEP_UP_", "HOSTED_", "PASSWORD_"))}
    assert "CLIENT_ID" not in shell_environment.variables(replace(STACK, clients={"hosted": "page"}))
    assert shell_environment.variables(STACK)["CLIENT_ID"] == "web"


def test_without_a_stack_the_error_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> Stack:
        raise StackError("No local stack is running. Start one with `make up`.")

    monkeypatch.setattr(local, "load", nothing)
    result = CliRunner().invoke(app, ["env"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "make up" in result.stderr


def test_the_outputs_exist_in_the_template() -> None:
    template = (ROOT / "template.yaml").read_text("utf-8").partition("\nOutputs:\n")[2]
    assert set(shell_environment._OUTPUTS.values()) <= set(re.findall(r"^  (\w+):$", template, re.MULTILINE))
