"""samconfig.mine.toml and SET: what is read, what is written, and what stays."""

import tomllib
from pathlib import Path

import pytest

from tools.deploy.errors import DeployError
from tools.deploy.settings_file import SettingsFile, overrides, parse_set, read_settings, save_settings
from tools.local_stack.environment import ROOT

SHARED = ROOT / "samconfig.toml"

# As `sam deploy --guided` writes it into a copy of samconfig.toml.
GUIDED = r"""version = 0.1

[default.deploy.parameters]
capabilities = "CAPABILITY_IAM"
confirm_changeset = true
stack_name = "built"
region = "us-east-1"
parameter_overrides = "AppName=\"My App\" Empty=\"\" Host=\"a.example\" Quoted=\"say \\\"hi\\\" 50%\""
image_repositories = []

[default.global.parameters]
region = "us-east-1"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "samconfig.mine.toml"


def test_the_file_that_sam_wrote_is_understood(mine: Path) -> None:
    mine.write_text(GUIDED)
    settings = read_settings(mine)
    assert settings.parameters == {
        "AppName": "My App",
        "Empty": "",
        "Host": "a.example",
        "Quoted": 'say "hi" 50%',
    }
    assert (settings.option("stack_name"), settings.option("region")) == ("built", "us-east-1")
    assert settings.option("profile") == ""


@pytest.mark.parametrize(
    "written",
    [
        r'"A=1 B=\"two words\""',
        r"""'A=1 B="two words"'""",
        r"""'ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue="two words"'""",
        r"""['A=1', 'B="two words"']""",
        '{ A = 1, B = "two words" }',
        "'A=1  B=two\\ words '",
    ],
)
def test_each_form_that_sam_accepts_is_understood(mine: Path, written: str) -> None:
    mine.write_text(f"[default.deploy.parameters]\nparameter_overrides = {written}\n")
    assert read_settings(mine).parameters == {"A": "1", "B": "two words"}


def test_a_missing_file_has_no_settings(mine: Path) -> None:
    assert (read_settings(mine).parameters, read_settings(mine).options) == ({}, {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version = ", "is not valid TOML"),
        ('[default.deploy.parameters]\nparameter_overrides = "A=1 words"', "cannot be read at: words"),
        ("[default.deploy.parameters]\nparameter_overrides = 'A=\"1'", 'cannot be read at: A="1'),
    ],
)
def test_a_file_that_cannot_be_understood_is_named_with_the_place(
    mine: Path, text: str, problem: str
) -> None:
    mine.write_text(text)
    with pytest.raises(DeployError, match=problem) as error:
        read_settings(mine)
    assert "samconfig.mine.toml" in str(error.value)


def test_a_new_file_is_a_copy_of_the_shared_one_with_the_answers(mine: Path) -> None:
    save_settings(SettingsFile(mine, {"A": "two words"}, {"stack_name": "passcode"}), SHARED)
    content = tomllib.loads(mine.read_text())
    shared = tomllib.loads(SHARED.read_text())
    shared["default"]["deploy"]["parameters"] |= {
        "stack_name": "passcode",
        "parameter_overrides": 'A="two words"',
    }
    assert content == shared


def test_comments_and_other_tables_stay_when_an_answer_changes(mine: Path) -> None:
    mine.write_text(GUIDED.replace("confirm_changeset", "# Ask first.\nconfirm_changeset"))
    settings = read_settings(mine)
    save_settings(SettingsFile(mine, {**settings.parameters, "AppName": "Mine"}, settings.options), SHARED)
    assert mine.read_text() == GUIDED.replace("My App", "Mine").replace(
        "confirm_changeset", "# Ask first.\nconfirm_changeset"
    )


@pytest.mark.parametrize(
    "value", ["", "two words", 'a "quote"', "it's", "50% #1 = $HOME ü 漢字", "a\\b", "\x7f"]
)
def test_a_value_is_read_as_it_was_saved(mine: Path, value: str) -> None:
    save_settings(SettingsFile(mine, {"A": value, "B": "b"}, {}), SHARED)
    assert read_settings(mine).parameters == {"A": value, "B": "b"}


def test_a_value_that_sam_would_read_differently_is_not_saved(mine: Path) -> None:
    with pytest.raises(DeployError, match="by hand"):
        save_settings(SettingsFile(mine, {"A": "ends with \\", "B": "b"}, {}), SHARED)
    assert not mine.exists()


def test_a_file_in_an_unusual_form_is_not_damaged(mine: Path) -> None:
    text = '[default.deploy.parameters]\nparameter_overrides = """\nA=1\n"""\n'
    mine.write_text(text)
    with pytest.raises(DeployError, match="by hand"):
        save_settings(SettingsFile(mine, {"A": "2"}, {}), SHARED)
    assert mine.read_text() == text


def test_set_is_read_as_a_shell_reads_words() -> None:
    assert parse_set("A=1 B='two words' C=\"it's\" D= E=sms=arn:aws") == {
        "A": "1",
        "B": "two words",
        "C": "it's",
        "D": "",
        "E": "sms=arn:aws",
    }
    assert parse_set("") == {}


@pytest.mark.parametrize("text", ["Name", "=value", "A=1 words"])
def test_a_part_of_set_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(DeployError, match=r"in SET is not a parameter\. Write SET="):
        parse_set(text)


def test_an_open_quote_in_set_is_named() -> None:
    with pytest.raises(DeployError, match="A quote in SET is not closed"):
        parse_set("A='two words")


def test_sam_reads_the_saved_parameters() -> None:
    assert overrides({"A": 'a "b"', "B": ""}) == r'A="a \"b\"" B=""'
