"""Parameters of the local stack: a wrong name is refused, and a changed value is shown."""

import re

import pytest
from typer.testing import CliRunner

from tests.support.template import TEMPLATE
from tools.local_stack import parameters, process, stack
from tools.local_stack.cli import app
from tools.local_stack.deploy import DEFAULTS
from tools.local_stack.environment import ROOT
from tools.local_stack.errors import StackError
from tools.local_stack.snapshot import Snapshot

TEXT = (ROOT / "template.yaml").read_text("utf-8")


def test_each_parameter_of_the_template_is_accepted() -> None:
    parameters.check_names(TEXT, TEMPLATE["Parameters"])
    assert DEFAULTS.keys() <= TEMPLATE["Parameters"].keys()


@pytest.mark.parametrize("name", ["cooldownseconds", "CoolDownSecond", "CooldownSecs", "Cooldown_Seconds"])
def test_a_wrong_name_gets_the_nearest_one(name: str) -> None:
    with pytest.raises(StackError, match=rf"no parameter {name}\. Did you mean CooldownSeconds\?"):
        parameters.check_names(TEXT, ["SenderEmail", name])


def test_a_name_unlike_all_others_gets_the_list() -> None:
    with pytest.raises(StackError, match=r"no parameter Zzz\. docs/parameters\.md lists the parameters"):
        parameters.check_names(TEXT, ["Zzz"])


@pytest.mark.parametrize("text", ["", "Resources: {}", "Parameters: {}"])
def test_a_template_without_parameters_has_none(text: str) -> None:
    parameters.check_names(text, [])
    with pytest.raises(StackError, match="no parameter CooldownSeconds"):
        parameters.check_names(text, ["CooldownSeconds"])


@pytest.mark.usefixtures("state")
def test_up_starts_nothing_with_a_wrong_name() -> None:
    result = CliRunner().invoke(app, ["up", "--port", "0", "--parameter", "CooldownSecond=5"])
    assert result.exit_code == 1
    assert "Did you mean CooldownSeconds?" in result.stderr
    assert process.running() is None
    assert not process.log_path().exists()


def test_only_other_values_of_known_parameters_are_changes() -> None:
    before = {"CooldownSeconds": "30", "AppName": "", "Same": "1", "Removed": "1"}
    after = {"CooldownSeconds": "5", "AppName": "Shop", "Same": "1", "New": "1"}
    assert parameters.changes(before, after) == [
        "The parameter CooldownSeconds was 30, and is now 5.",
        "The parameter AppName was empty, and is now Shop.",
    ]


@pytest.mark.usefixtures("state")
def test_up_names_each_parameter_that_it_changes() -> None:
    def up(*options: str) -> list[str]:
        output = CliRunner().invoke(app, ["up", "--port", "0", *options]).stdout
        return re.findall(r"The parameter \w+ was .*", output)

    assert up("--parameter", "CooldownSeconds=7") == []
    before = Snapshot.take()
    assert before.parameters["CooldownSeconds"] == "7"
    assert up("--parameter", "CooldownSeconds=7") == []
    assert up() == ["The parameter CooldownSeconds was 7, and is now 30."]
    # After another start the values of an earlier local AWS are no changes.
    stack.down()
    assert before.changes(stack.up(port=0), 0) == []
