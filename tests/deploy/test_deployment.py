"""`python -m tools.deploy`: the questions, what is kept, and the end. AWS and sam are replaced."""

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from typer.testing import CliRunner, Result

from tests.deploy.conftest import ANSWERS
from tests.support.deployment_account import ROLE
from tools.deploy import deployment, preflight, questions
from tools.deploy.account import Deployed
from tools.deploy.changes import ResourceChange
from tools.deploy.cli import app
from tools.deploy.errors import DeployError
from tools.deploy.result import PYTHON
from tools.deploy.sam import make_change_set
from tools.deploy.settings_file import SettingsFile, read_settings, save_settings
from tools.deploy.template import Template
from tools.local_stack.environment import ROOT

SHARED = ROOT / "samconfig.toml"
OUTPUTS = {
    "UserPoolId": "eu-central-1_Abc",
    "PasswordAndCodeClientId": "web",
    "TokenApiURL": "https://api.example/v1",
}


class FakeAws:
    """The account, the change set and sam, as the deployment uses them. It records what was asked of them."""

    def __init__(self) -> None:
        self.deployed: Deployed | None = None
        self.changes = [ResourceChange("add", "Table", "AWS::DynamoDB::Table")]
        self.problems: list[str] = []
        self.calls: list[str] = []
        self.parameters: dict[str, str] = {}
        self.has_changes = True

    def account(self, region: str, profile: str = "") -> Any:
        fake = self

        class Account:
            endpoint_url = ""

            def __init__(self) -> None:
                self.region, self.profile = region, profile

            def caller(self) -> tuple[str, str]:
                fake.calls.append("caller")
                return "123456789012", ROLE

            def deployed(self, stack: str) -> Deployed | None:
                return fake.deployed

            def outputs(self, stack: str) -> dict[str, str]:
                return OUTPUTS if stack == "passcode" else {}

        return Account()

    def change_set(self, account: Any, stack: str, arn: str, *, is_new: bool) -> Any:
        fake = self

        class ChangeSet:
            def changes(self) -> list[ResourceChange]:
                return fake.changes

            def discard(self) -> None:
                fake.calls.append("discard")

            def execute(self, console: Any, total: int) -> None:
                fake.calls.append("execute")

        return ChangeSet()

    def make(
        self, sam: Path, template: Path, settings: Any, parameters: Any, stack: str, region: str
    ) -> str | None:
        self.calls.append(f"make {stack} {region}")
        self.parameters = dict(parameters)
        return "arn" if self.has_changes else None


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, template: Template) -> FakeAws:
    fake = FakeAws()
    # Reading template.yaml takes half a second.
    monkeypatch.setattr(deployment, "read_template", lambda path: template)
    monkeypatch.setattr(deployment, "DeploymentAccount", fake.account)
    monkeypatch.setattr(deployment, "ChangeSet", fake.change_set)
    monkeypatch.setattr(deployment, "make_change_set", fake.make)
    monkeypatch.setattr(deployment, "write_versioned_template", lambda built, parameters: built / "template")
    for check in ("check_types", "check_sender", "check_rights"):
        monkeypatch.setattr(preflight, check, lambda *arguments: preflight.Findings(list(fake.problems)))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "PASSCODE_SET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    return fake


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the questions."""
    names: list[str] = []
    prompt = click.prompt

    def recorded(text: str, *arguments: Any, **options: Any) -> Any:
        names.append(text)
        return prompt(text, *arguments, **options)

    monkeypatch.setattr(typer, "prompt", recorded)
    return names


Run = Callable[..., Result]


@pytest.fixture
def run(aws: FakeAws, mine: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str, typed: list[str] | None = None) -> Result:
        """Run the command. With `typed` it has a terminal, in which these lines are typed."""

        class Asking(questions.Questions):
            def __init__(self, console: Any) -> None:
                super().__init__(console)
                self.has_terminal = typed is not None

        monkeypatch.setattr(deployment, "Questions", Asking)
        lines = "".join(f"{line}\n" for line in typed or [])
        return CliRunner().invoke(app, ["--config", str(mine), *arguments], input=lines)

    return run


FOUR = ["passcode", "eu-central-1", ANSWERS["SenderEmail"], ANSWERS["SignInHost"]]


def test_a_first_deployment_asks_four_questions_before_the_changes(
    run: Run, aws: FakeAws, asked: list[str], mine: Path, template: Template
) -> None:
    result = run(typed=[*FOUR, "y"])
    assert result.exit_code == 0, result.output
    assert asked == ["Name of the stack", "Region", "SenderEmail", "SignInHost"]
    assert aws.calls == ["caller", "make passcode eu-central-1", "execute"]
    assert aws.parameters == template.defaults | ANSWERS
    settings = read_settings(mine)
    assert settings.parameters == ANSWERS
    assert (settings.option("stack_name"), settings.option("region")) == ("passcode", "eu-central-1")


def test_the_end_has_the_ids_the_env_file_and_the_commands(run: Run) -> None:
    lines = run(typed=[*FOUR, "y"]).output.splitlines()
    for line in (
        "AWS_REGION=eu-central-1",
        "CLIENT_ID=web",
        "TOKEN_API_URL=https://api.example/v1",
        f"{PYTHON} -m tools.pool_admin doctor eu-central-1_Abc --stack passcode",
        f"{PYTHON} -m tools.pool_admin send-test --to you@example.com --stack passcode --region eu-central-1",
        "export PASSCODE_USER_POOL_ID=eu-central-1_Abc",
        "export PASSCODE_CLIENT_ID=web",
        f"{PYTHON} -m demo_client sign-in you@example.com",
    ):
        assert line in lines


def test_a_wrong_answer_is_asked_for_again(run: Run, asked: list[str], aws: FakeAws) -> None:
    typed = ["a_b", "passcode", "Frankfurt", "eu-central-1", "no-address", *FOUR[2:], "y"]
    result = run(typed=typed)
    assert result.exit_code == 0
    assert "Frankfurt is not a region. A region is written like eu-central-1." in result.output
    assert "SenderEmail is no-address. It must be one plain email address" in result.output
    assert aws.parameters["SenderEmail"] == ANSWERS["SenderEmail"]


def test_the_region_of_the_environment_is_the_default(
    run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    run(typed=["", "", *FOUR[2:], "y"])
    assert "make passcode eu-west-1" in aws.calls


def saved(mine: Path, **parameters: str) -> None:
    options = {"stack_name": "passcode", "region": "eu-central-1", "s3_prefix": "passcode"}
    save_settings(SettingsFile(mine, ANSWERS | parameters, options), SHARED)


def test_the_next_deployment_asks_only_for_consent(
    run: Run, aws: FakeAws, asked: list[str], mine: Path
) -> None:
    saved(mine, AppName="My App")
    aws.deployed = Deployed({})
    assert run(typed=["y"]).exit_code == 0
    assert asked == []
    assert aws.parameters["AppName"] == "My App"
    assert aws.calls[-1] == "execute"


def test_set_is_deployed_and_kept(run: Run, aws: FakeAws, mine: Path) -> None:
    saved(mine, AppName="My App")
    aws.deployed = Deployed({})
    assert run("--set", "AppName='Your App' SurgePerHour=7", typed=["y"]).exit_code == 0
    assert (aws.parameters["AppName"], aws.parameters["SurgePerHour"]) == ("Your App", "7")
    assert read_settings(mine).parameters == ANSWERS | {"AppName": "Your App", "SurgePerHour": "7"}


def test_a_declined_change_is_not_kept(run: Run, aws: FakeAws, mine: Path) -> None:
    saved(mine)
    aws.deployed = Deployed({})
    before = mine.read_text()
    result = run("--set", "SurgePerHour=7", typed=["n"])
    assert (result.exit_code, aws.calls[-1], mine.read_text()) == (4, "discard", before)


def test_an_interrupted_question_declines_the_changes(run: Run, aws: FakeAws) -> None:
    result = run(typed=FOUR)
    assert (result.exit_code, aws.calls[-1]) == (4, "discard")
    assert "Nothing was changed." in result.output


def test_the_answers_of_a_declined_first_deployment_are_kept(run: Run, asked: list[str], mine: Path) -> None:
    assert run(typed=[*FOUR, "n"]).exit_code == 4
    asked.clear()
    assert run(typed=["y"]).exit_code == 0
    assert asked == []


def test_a_stack_that_another_machine_deployed_keeps_its_settings(
    run: Run, aws: FakeAws, asked: list[str], mine: Path
) -> None:
    aws.deployed = Deployed(ANSWERS | {"AppName": "My App", "SurgePerHour": "1000", "OfAnOldRelease": "ON"})
    assert run("--yes", "--stack", "passcode", "--region", "eu-central-1").exit_code == 0
    assert (asked, aws.parameters["AppName"]) == ([], "My App")
    # The default of the template is not written down.
    assert read_settings(mine).parameters == ANSWERS | {"AppName": "My App"}


def test_all_parameters_are_asked_for_with_their_values(
    run: Run, aws: FakeAws, asked: list[str], mine: Path, template: Template
) -> None:
    saved(mine, AppName="My App", SupportUrl="https://example.com/help")
    aws.deployed = Deployed({})
    names = [name for _, group in template.groups for name in group]
    typed = ["" for _ in names]
    typed[names.index("SurgePerHour")] = "7"
    typed[names.index("SupportUrl")] = '""'
    result = run("--ask", "all", typed=[*typed, "y"])
    assert result.exit_code == 0, result.output
    assert asked == names
    assert (aws.parameters["AppName"], aws.parameters["SurgePerHour"]) == ("My App", "7")
    assert aws.parameters["SupportUrl"] == ""
    assert "AppName [My App]: " in result.output


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (
            [],
            (
                "the name of the stack, the region, SenderEmail, SignInHost, your consent to the changes. "
                "Give them in the command: make deploy STACK=passcode REGION=eu-central-1 "
                'SET="SenderEmail=... SignInHost=..." YES=1'
            ),
        ),
        (
            ["--yes", "--stack", "s", "--region", "eu-west-1", "--set", "SenderEmail=a@b.example"],
            'SignInHost. Give them in the command: make deploy SET="SignInHost=..."',
        ),
        (
            [
                "--stack",
                "s",
                "--region",
                "eu-west-1",
                "--set",
                "SenderEmail=a@b.example SignInHost=b.example",
            ],
            "your consent to the changes. Give them in the command: make deploy YES=1",
        ),
    ],
)
def test_without_a_terminal_the_missing_answers_are_named(
    run: Run, aws: FakeAws, arguments: list[str], missing: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.strip().endswith(f"these are missing: {missing}")
    assert not [call for call in aws.calls if call != "caller"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--stack", "s" * 43], "has 43 characters, and may have 42 at most"),
        (["--region", "Frankfurt"], "Frankfurt is not a region"),
        (["--set", "AppClient=BOTH"], "There is no parameter AppClient. Did you mean AppClients?"),
        (["--set", "HostedDomainPrefix=my-aws"], "Cognito accepts no prefix with the word aws"),
        (["--set", "LogRetentionDays=2"], "LogRetentionDays is 2. Allowed are 1, 3, 5,"),
        (["--set", "words"], "'words' in SET is not a parameter."),
    ],
)
def test_bad_input_is_refused_before_aws_is_called(
    run: Run, aws: FakeAws, arguments: list[str], problem: str
) -> None:
    given = {"--stack": "passcode", "--region": "eu-central-1", "--set": ""} | dict([arguments])
    parameters = f"SenderEmail=a@b.example SignInHost=b.example {given.pop('--set')}"
    options = [text for option in given.items() for text in option]
    result = run("--yes", *options, "--set", parameters)
    assert (result.exit_code, aws.calls) == (1, [])
    assert problem in result.stderr


def test_all_problems_of_the_account_are_shown_together(run: Run, aws: FakeAws, mine: Path) -> None:
    saved(mine)
    aws.problems = ["SES does not know the sender."]
    result = run("--yes")
    assert result.stderr.splitlines() == aws.problems * 3
    assert aws.calls == ["caller"]


def test_settings_too_large_for_lambda_stop_before_anything_is_created(
    run: Run, aws: FakeAws, mine: Path
) -> None:
    saved(mine, BrandLogo="data:image/png;base64," + "A" * 1900, SmsCountries=",".join(["DE"] * 400))
    result = run("--yes")
    assert "and Lambda allows 4,096. Shorten BrandLogo and SmsCountries." in result.stderr
    assert aws.calls == []


def test_settings_that_are_too_large_with_those_of_the_stack_stop_too(run: Run, aws: FakeAws) -> None:
    aws.deployed = Deployed(ANSWERS | {"BrandLogo": "data:image/png;base64," + "A" * 1900})
    countries = ",".join(["DE"] * 400)
    result = run(
        *("--yes", "--stack", "passcode", "--region", "eu-west-1", "--set", f"SmsCountries={countries}")
    )
    assert "and Lambda allows 4,096." in result.stderr
    assert aws.calls == ["caller"]


def test_the_settings_of_one_stack_are_not_used_for_another(run: Run, mine: Path) -> None:
    saved(mine)
    result = run("--yes", "--stack", "other")
    assert "has the settings of the stack passcode." in result.stderr


def test_without_changes_the_ids_are_shown_again(run: Run, aws: FakeAws, mine: Path) -> None:
    saved(mine)
    aws.deployed = Deployed({})
    aws.has_changes = False
    result = run("--yes")
    assert "There is nothing to change." in result.output
    assert "CLIENT_ID=web" in result.output
    assert "execute" not in aws.calls


def test_a_build_that_fails_stops_the_deployment(run: Run, aws: FakeAws, mine: Path) -> None:
    saved(mine)
    result = run("--yes", "--build", "exit 3")
    assert "The functions could not be built." in result.stderr
    assert aws.calls == ["caller"]


def test_the_env_file_can_be_printed_again(run: Run, mine: Path) -> None:
    saved(mine)
    result = CliRunner().invoke(app, ["env", "--format", "vite", "--config", str(mine)])
    assert "VITE_CLIENT_ID=web\n" in result.stdout
    assert "\nTOKEN_API_URL=https://api.example/v1\n" in result.stdout


def test_without_a_deployed_stack_there_is_no_env_file(run: Run, mine: Path) -> None:
    result = CliRunner().invoke(app, ["env", "--config", str(mine)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Run `make deploy` first." in result.stderr


def fake_sam(folder: Path, output: str, log: str = "", code: int = 0) -> Path:
    """Write a program that records its arguments and answers as sam does."""
    sam = folder / "venv" / "bin" / "sam"
    sam.parent.mkdir(parents=True)
    sam.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        f"pathlib.Path({str(folder / 'arguments')!r}).write_text(json.dumps(sys.argv[1:]))\n"
        f"print({output!r}); print({log!r}, file=sys.stderr); sys.exit({code})\n"
    )
    sam.chmod(sam.stat().st_mode | stat.S_IXUSR)
    return sam


def prepared(sam: Path, settings: SettingsFile) -> str | None:
    template = sam.parents[2] / "template.json"
    return make_change_set(sam, template, settings, {"A": 'two "words"\\'}, "passcode", "eu-central-1")


def test_sam_gets_the_parameters_as_they_are(tmp_path: Path, mine: Path) -> None:
    lines = [
        '{"type": "info"}',
        "text",
        '{"type": "result", "status": "changeset_created", "changeset_id": "arn"}',
    ]
    sam = fake_sam(tmp_path, "\n".join(lines))
    assert prepared(sam, SettingsFile(mine)) == "arn"
    arguments = json.loads((tmp_path / "arguments").read_text())
    (given,) = [each.removeprefix("file://") for each in arguments if each.startswith("file://")]
    assert json.loads(Path(given).read_text()) == {"A": 'two "words"\\'}
    assert {"--resolve-s3", "--no-execute-changeset", "--no-confirm-changeset"} <= set(arguments)
    assert "--config-file" not in arguments


def test_sam_uses_the_bucket_of_the_file(tmp_path: Path, mine: Path) -> None:
    save_settings(SettingsFile(mine, {}, {"s3_bucket": "mine", "s3_prefix": "here"}), SHARED)
    sam = fake_sam(tmp_path, '{"type": "result", "status": "no_changes"}')
    assert prepared(sam, read_settings(mine)) is None
    arguments = json.loads((tmp_path / "arguments").read_text())
    assert "--resolve-s3" not in arguments
    assert arguments[arguments.index("--s3-prefix") + 1] == "here"
    assert arguments[arguments.index("--config-file") + 1] == str(mine)


@pytest.mark.parametrize(
    ("output", "log", "reason"),
    [
        ('{"type": "result", "status": "failure", "error": {"message": "No  bucket."}}', "", "No bucket"),
        ("", "Traceback\na\nb\nError: no region\n", "a b Error: no region"),
        ("", "", "it gave no reason"),
    ],
)
def test_a_failure_of_sam_is_a_sentence(
    tmp_path: Path, mine: Path, output: str, log: str, reason: str
) -> None:
    with pytest.raises(DeployError) as error:
        prepared(fake_sam(tmp_path, output, log, 1), SettingsFile(mine))
    assert str(error.value) == (f"AWS SAM could not prepare the deployment: {reason}. Nothing was changed.")
