"""The output of the commands: one sentence or one JSON object, and an exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo_client.cli.commands import app
from demo_client.cli.view import View
from demo_client.cognito.challenge import Tokens
from demo_client.cognito.tokens import SignedInUser

COMMANDS = [
    ["sign-up", "ada@example.com"],
    ["confirm", "ada@example.com"],
    ["sign-in", "ada@example.com", "--passwordless"],
    ["whoami"],
    ["refresh"],
    ["sign-out"],
]
UNREACHABLE_STACK = {
    "endpoint_url": "http://127.0.0.1:9",
    "region": "us-east-1",
    "user_pool_id": "us-east-1_AbCdEfGhI",
    "clients": {"password_and_code": "both", "code_only": "code"},
}


@pytest.fixture(autouse=True)
def local_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("PASSCODE_PASSWORD", "a long pass phrase")
    # A broken AWS configuration of the user must have no effect.
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.delenv("PASSCODE_USER_POOL_ID", raising=False)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_without_a_stack_every_command_reports_it(command: list[str]) -> None:
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 5
    assert result.stdout == ""
    assert result.stderr.startswith("No stack is running")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_with_json_the_error_is_one_json_object(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--json"])
    content = json.loads(result.stdout)
    assert content.keys() == {"error", "exit_code"}
    assert content["exit_code"] == result.exit_code == 5
    assert result.stderr == ""


def test_a_stack_that_does_not_respond_is_reported_in_one_sentence(local_dir: Path) -> None:
    (local_dir / "stack.json").write_text(json.dumps(UNREACHABLE_STACK))
    result = CliRunner().invoke(app, ["sign-in", "ada@example.com"])
    assert result.exit_code == 5
    assert result.stderr.startswith("The pool does not respond.")
    assert len(result.stderr.splitlines()) == 1


def test_a_mistyped_command_exits_with_2() -> None:
    assert CliRunner().invoke(app, ["sign-in", "a@example.com", "--channel", "pigeon"]).exit_code == 2


@pytest.mark.parametrize("show", [False, True])
def test_the_signed_in_user_as_json(capsys: pytest.CaptureFixture[str], *, show: bool) -> None:
    tokens = Tokens("both", "an-id-token", "an-access-token", "a-refresh-token")
    View(as_json=True).user(SignedInUser("the-sub", "ada@example.com", 0), tokens, show_tokens=show)
    facts = json.loads(capsys.readouterr().out)
    secrets = {name: facts.pop(name) for name in list(facts) if name.endswith("_token")}
    assert facts == {
        "signed_in": True,
        "sub": "the-sub",
        "email": "ada@example.com",
        "client_id": "both",
        "expires_in": 0,
    }
    assert sorted(secrets) == (["access_token", "id_token", "refresh_token"] if show else [])


def test_without_json_no_token_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    tokens = Tokens("both", "an-id-token", "an-access-token", "a-refresh-token")
    View(as_json=False).user(SignedInUser("the-sub", "ada@example.com", 0), tokens, show_tokens=True)
    assert "-token" not in "".join(capsys.readouterr())
