"""The command: its question, its table, its JSON and its exit codes."""

import json
import os
import signal
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.stacks_in_memory import AwsInMemory, StacksInMemory
from tools.first_account import cli, run
from tools.first_account.claim import Claim, ClaimResult, Observation, changes, yes
from tools.first_account.claims import CLAIMS
from tools.first_account.run import AccountRegion
from tools.pool_admin.errors import AdminError
from tools.pool_admin.exit_codes import DECLINED, FAILED, HEALTHY

PLACE = AccountRegion("123456789012", "eu-central-1", {})
OTHERS = "passcode-production"


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> StacksInMemory:
    """The stacks of an account in which the command runs, with one claim."""
    found = StacksInMemory()
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(cli, "AwsAccount", lambda *_: AwsInMemory({"cloudformation": found}, is_local=True))
    monkeypatch.setattr(cli, "check_place", lambda _: PLACE)
    claim = Claim("first", "It works.", "-", (), (), changes(yes="Y [x]", no="N"), lambda _: yes("Seen [y]."))
    try_claims = run.run_claims
    monkeypatch.setattr(cli, "run_claims", lambda account, report: try_claims(account, report, (claim,)))
    return found


def invoke(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(cli.app, [*arguments], input=typed)


@pytest.mark.parametrize("typed", ["", "n\n", "no\n", "\n", "yesterday\n"])
def test_without_a_yes_nothing_is_created(stacks: StacksInMemory, typed: str) -> None:
    result = invoke(typed=typed)
    assert result.exit_code == DECLINED
    assert stacks.created == []
    lines = result.output.splitlines()
    assert lines[0] == "Account 123456789012, region eu-central-1. The run creates these stacks:"
    assert "USD" in result.output
    assert lines[-2:] == ["Continue? [y/N]", "Nothing was changed."]


@pytest.mark.parametrize(("arguments", "typed"), [((), "y\n"), ((), "YES\n"), (("--yes",), "")])
def test_after_a_yes_the_table_is_printed(
    stacks: StacksInMemory, arguments: tuple[str, ...], typed: str
) -> None:
    result = invoke(*arguments, typed=typed)
    assert result.exit_code == HEALTHY, result.output
    assert ("Continue?" in result.output) == bool(typed)
    (row,) = [line for line in result.output.splitlines() if "Seen [y]." in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["first", "YES", "Seen [y]."]
    assert "Change: Y [x]" in result.output
    assert "YES: 1, NO: 0, COULD NOT BE TRIED: 0." in result.output
    assert "1 of 1: first: YES" in result.output
    assert "Nothing is left in the account" in result.output
    assert len(stacks.created) == len(stacks.deleted) > 0


def test_json_without_yes_is_the_plan(stacks: StacksInMemory) -> None:
    result = invoke("--json")
    assert result.exit_code == HEALTHY
    plan = json.loads(result.stdout)
    assert plan["applied"] is False
    assert (plan["account"], plan["region"]) == ("123456789012", "eu-central-1")
    assert set(plan["creates"]) == {"pool", "domain", "api", "waf", "sender", "mail"}
    assert stacks.created == []


def test_json_is_one_document_and_progress_goes_to_standard_error(stacks: StacksInMemory) -> None:
    result = invoke("--json", "--yes")
    found = json.loads(result.stdout)
    assert found["claims"] == [
        {
            "name": "first",
            "claim": "It works.",
            "why": "-",
            "result": "YES",
            "seen": "Seen [y].",
            "change": "Y [x]",
        }
    ]
    assert (found["applied"], found["left"], found["problem"]) == (True, [], "")
    assert "Created the part pool" in result.stderr


def test_each_stack_that_is_left_is_named_with_the_command_to_delete_it(stacks: StacksInMemory) -> None:
    stacks.delete_failures = {"waf": 9}
    result = invoke("--yes")
    assert result.exit_code == FAILED
    (name,) = stacks.statuses
    assert f"The stack {name} is left. DELETE_FAILED of Pool: It is in use." in result.output
    assert "run `python -m tools.first_account --delete --region eu-central-1`" in result.output
    assert "Nothing is left" not in result.output

    stacks.delete_failures = {}
    stacks.statuses[OTHERS] = "CREATE_COMPLETE"
    declined = invoke("--delete", typed="n\n")
    assert declined.exit_code == DECLINED
    assert name in stacks.statuses
    done = invoke("--delete", "--yes")
    assert done.exit_code == HEALTHY
    assert set(stacks.statuses) == {OTHERS}, "it deletes no stack of another name"
    assert invoke("--delete").exit_code == HEALTHY, "there is nothing to ask about"


def test_an_error_is_one_sentence(stacks: StacksInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Any) -> AccountRegion:
        raise AdminError("No AWS credentials were found. Sign in.")

    monkeypatch.setattr(cli, "check_place", failing)
    result = invoke("--yes")
    assert result.exit_code == FAILED
    assert result.stderr.strip() == "No AWS credentials were found. Sign in."
    assert json.loads(invoke("--yes", "--json").stdout) == {
        "error": "No AWS credentials were found. Sign in."
    }
    assert stacks.created == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_end_of_the_terminal_deletes_everything(
    stacks: StacksInMemory, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def ended(_: Any) -> Observation:
        os.kill(os.getpid(), number)
        return yes("The signal had no effect.")

    claim = Claim("ended", "-", "-", (), (), changes(yes="-", no="-"), ended)
    monkeypatch.setattr(cli, "run_claims", lambda account, report: run.run_claims(account, report, (claim,)))
    before = signal.getsignal(number)
    # A background process of a shell ignores SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    result = invoke("--yes")
    assert result.exit_code == FAILED
    assert "The run ended early. Interrupted." in result.output
    assert stacks.created
    assert stacks.statuses == {}
    assert number == signal.SIGINT or signal.getsignal(number) == before


def test_the_variable_of_the_local_stack_is_read(
    stacks: StacksInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def account(*arguments: Any) -> AwsInMemory:
        given.append(arguments)
        return AwsInMemory({"cloudformation": stacks}, is_local=True)

    monkeypatch.setattr(cli, "AwsAccount", account)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    invoke(typed="n\n")
    assert given == [(None, None, "http://127.0.0.1:4566")]


def test_the_list_calls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "AwsAccount", None)
    result = invoke("--list")
    assert result.exit_code == HEALTHY
    for claim in CLAIMS:
        assert f"### {claim.name}\n" in result.output
        assert claim.change(ClaimResult.YES) in result.output
