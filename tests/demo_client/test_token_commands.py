"""The commands of the token service, against a fake on loopback."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner, Result

from demo_client.cli.commands import app
from demo_client.cognito import session
from demo_client.cognito.challenge import Tokens
from demo_client.cognito.pool_config import find_pool
from tests.support.fake_token_service import CREATED, PROOF, FakeResponse, FakeTokenApi, problem, serve

Start = Callable[..., FakeTokenApi]
ID_TOKEN = "header.claims.signature"
CREATE = ["create", "--email", "ada@example.com"]
COMMANDS = [CREATE, ["verify", "t", "123456"], ["step-up"]]


@pytest.fixture
def local_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    for name in ("PASSCODE_TOKEN_API_URL", "PASSCODE_USER_POOL_ID"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def start(local_dir: Path) -> Iterator[Start]:
    """Starts a fake with these answers, and writes a stack file with its URL."""
    with ExitStack() as stack:

        def make(*responses: FakeResponse) -> FakeTokenApi:
            server = stack.enter_context(serve(*responses))
            _write(local_dir, server.url)
            return server

        yield make


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["token", *arguments], input=typed)


def test_create_prints_the_whole_token_and_the_next_step(start: Start) -> None:
    token = "eyJ" + "x" * 400
    server = start(FakeResponse(CREATED | {"token": token}))
    done = run(*CREATE, "--purpose", "to pay", "--locale", "de", "--idempotency-key", "order-17")
    assert done.exit_code == 0, done.stderr
    assert "A code was sent by email to a***@e***. It expires in 5 minutes." in done.stdout
    assert token in done.stdout
    assert "token verify TOKEN CODE" in done.stdout
    assert "ada@example.com" not in done.stdout
    (sent,) = server.sent
    assert sent.fields == {"email": "ada@example.com", "purpose": "to pay", "locale": "de"}
    assert sent.headers["idempotency-key"] == "order-17"


def test_with_json_each_command_prints_the_fields_of_the_service(start: Start) -> None:
    start(FakeResponse(CREATED), FakeResponse(PROOF))
    assert json.loads(run(*CREATE, "--json").stdout) == CREATED
    assert json.loads(run("verify", "t", "123456", "--json").stdout) == PROOF


def test_during_the_cooldown_the_command_reports_that_no_message_was_sent(start: Start) -> None:
    start(FakeResponse(CREATED | {"status": "WAITING"}))
    assert "No new message was sent" in run(*CREATE).stdout


def test_the_code_can_be_typed_at_the_prompt(start: Start) -> None:
    server = start(FakeResponse(PROOF))
    done = run("verify", "t", typed=" 123456 \n")
    assert done.exit_code == 0, done.stderr
    assert "signed.proof.here" in done.stdout
    assert server.sent[0].fields == {"token": "t", "verification_code": "123456"}


def test_a_step_up_asks_again_after_a_wrong_code(start: Start) -> None:
    wrong = problem("wrong-code", 422, attempts_left=4)
    server = start(FakeResponse(CREATED), wrong, FakeResponse(PROOF))
    session.save(find_pool(None), Tokens("both", ID_TOKEN, "an-access-token", "a-refresh-token"))
    done = run("step-up", "--purpose", "to pay", typed="111111\n222222\n")
    assert done.exit_code == 0, done.stderr
    assert "That code is wrong. 4 attempts left." in done.stdout
    assert "signed.proof.here" in done.stdout
    assert {sent.headers["authorization"] for sent in server.sent} == {ID_TOKEN}
    assert [sent.fields.get("verification_code") for sent in server.sent] == [None, "111111", "222222"]


def test_a_wrong_answer_to_a_long_code_has_no_limit(start: Start) -> None:
    start(FakeResponse(CREATED), problem("wrong-code", 422), FakeResponse(PROOF))
    session.save(find_pool(None), Tokens("both", ID_TOKEN, "an-access-token", "a-refresh-token"))
    done = run("step-up", typed="1111 2222 3333 4444 5555\n1111 2222 3333 4444 6666\n")
    assert done.exit_code == 0, done.stderr
    assert "That code is wrong. Try again." in done.stdout


def test_the_last_wrong_code_ends_a_step_up(start: Start) -> None:
    start(FakeResponse(CREATED), problem("wrong-code", 422, attempts_left=0))
    session.save(find_pool(None), Tokens("both", ID_TOKEN, "an-access-token", "a-refresh-token"))
    done = run("step-up", typed="111111\n222222\n")
    assert (done.exit_code, done.stderr) == (
        3,
        "That code is wrong. Request another code: it will be longer.\n",
    )


def test_a_step_up_needs_a_signed_in_user(start: Start) -> None:
    start()
    done = run("step-up")
    assert (done.exit_code, done.stderr.startswith("You are not signed in.")) == (3, True)


@pytest.mark.parametrize(
    ("trouble", "exit_code"),
    [(problem("code-expired", 410), 3), (problem("quota", 429), 4), (problem("unavailable", 503), 5)],
)
def test_a_refusal_is_a_sentence_and_an_exit_code(
    trouble: FakeResponse, exit_code: int, start: Start
) -> None:
    start(trouble, trouble)
    done = run("verify", "t", "123456")
    assert (done.exit_code, done.stderr) == (exit_code, "A title. A sentence.\n")
    content = json.loads(run("verify", "t", "123456", "--json").stdout)
    assert content == {"error": "A title. A sentence.", "exit_code": exit_code}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_without_a_stack_every_command_reports_it(command: list[str], local_dir: Path) -> None:
    done = run(*command)
    assert (done.exit_code, done.stdout) == (5, "")
    assert done.stderr.startswith("No stack is running")


@pytest.mark.parametrize(
    ("outputs", "begins"),
    [
        ({}, "This stack has no token service."),
        ({"TokenApiURL": 1}, "The stack file"),
        (None, "The stack file"),
    ],
)
def test_a_stack_without_the_service_is_an_error(outputs: object, begins: str, local_dir: Path) -> None:
    (local_dir / "stack.json").write_text(json.dumps({"outputs": outputs, "region": "us-east-1"}))
    done = run("verify", "t", "123456")
    assert (done.exit_code, done.stderr.startswith(begins)) == (1, True)


@pytest.mark.parametrize("addresses", [[], ["--email", "ada@example.com", "--phone", "+12065550100"]])
def test_a_code_goes_to_one_address(addresses: list[str], start: Start) -> None:
    server = start()
    done = run("create", *addresses)
    assert (done.exit_code, done.stderr.startswith("Give exactly one address")) == (1, True)
    assert server.sent == []


def test_on_aws_the_environment_selects_the_service(local_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("PASSCODE_USER_POOL_ID", "eu-west-1_AbCdEfGhI")
    assert "Set PASSCODE_TOKEN_API_URL" in run("verify", "t", "123456").stderr
    monkeypatch.setenv("PASSCODE_TOKEN_API_URL", "http://api.example.com/v1")
    assert "must begin with https://" in run("verify", "t", "123456").stderr
    monkeypatch.setenv("PASSCODE_TOKEN_API_URL", "https://a1.execute-api.eu-west-1.amazonaws.com/v1")
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: None)
    assert "No AWS credentials were found" in run("verify", "t", "123456").stderr


def _write(local_dir: Path, url: str) -> None:
    stack = {
        "endpoint_url": "http://127.0.0.1:9",
        "region": "us-east-1",
        "user_pool_id": "us-east-1_AbCdEfGhI",
        "clients": {"password_and_code": "both", "code_only": "code"},
        "outputs": {"TokenApiURL": url},
    }
    (local_dir / "stack.json").write_text(json.dumps(stack))
