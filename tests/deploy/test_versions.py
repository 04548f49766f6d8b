"""Lambda publishes a new version exactly when code, template or settings have changed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load
from cfnlint.decode.cfn_yaml import loads as parse

from tests.support.template import TEMPLATE
from tools.artefacts.versions import VARIABLE, digest, with_build, write_versioned_template

SMALL = """
Parameters: { Digits: { Type: Number, Default: 6 }, SnapStart: { Type: String, Default: "OFF" } }
Conditions: { HasSnapStart: !Equals [!Ref SnapStart, "ON"] }
Globals:
  Function:
    Environment: { Variables: { SNAPSTART_VERSION: !If [HasSnapStart, build, ""], OTHER: build } }
Resources:
  Sender:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: Sender, Handler: sender.handler, Description: The build of a sender. }
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: Reader
      Environment: { Variables: { SNAPSTART_VERSION: build } }
  SenderVersion:
    Type: AWS::Lambda::Version
    Properties: { FunctionName: !Ref Sender, Description: build }
  ReaderVersion:
    Type: AWS::Lambda::Version
    Properties: { FunctionName: !Ref Reader, Description: !Sub "build ${Digits} rebuild" }
  Queue:
    Type: AWS::SQS::Queue
"""
PARAMETERS = {"Digits": "6", "SnapStart": "ON"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(SMALL)
    for name in ("Sender", "Reader"):
        (tmp_path / name / "passcode").mkdir(parents=True)
        (tmp_path / name / f"{name.lower()}.py").write_text("def handler(event, context): ...\n")
        (tmp_path / name / "passcode" / "__init__.py").write_text("")
    return tmp_path


def found(built: Path, parameters: Mapping[str, str] = PARAMETERS) -> str:
    """Return the digest that the versions of the template name."""
    template = json.loads(write_versioned_template(built, parameters).read_text())
    description = str(template["Resources"]["SenderVersion"]["Properties"]["Description"])
    assert description == digest(built, load(str(built / "template.yaml")), parameters)
    return description


def test_the_digest_is_in_each_version_and_in_each_function(built: Path) -> None:
    build = found(built)
    template = json.loads(write_versioned_template(built, PARAMETERS).read_text())
    resources = template["Resources"]
    assert template["Globals"]["Function"]["Environment"]["Variables"] == {
        VARIABLE: {"Fn::If": ["HasSnapStart", build, ""]},
        "OTHER": "build",
    }
    assert resources["Reader"]["Properties"]["Environment"]["Variables"] == {VARIABLE: build}
    assert resources["ReaderVersion"]["Properties"]["Description"] == {
        "Fn::Sub": f"{build} ${{Digits}} rebuild"
    }
    assert resources["Sender"]["Properties"]["Description"] == "The build of a sender."


def test_a_second_build_of_the_same_gives_the_same_version(built: Path) -> None:
    assert found(built) == found(built, dict(reversed(PARAMETERS.items())))


CHANGES: dict[str, Callable[[Path], None]] = {
    "code": lambda built: _append(built / "Reader" / "reader.py", "x = 1\n"),
    "new file": lambda built: _append(built / "Sender" / "passcode" / "late.py", ""),
    "moved file": lambda built: _rename(built / "Sender" / "sender.py", "sender2.py"),
    "template": lambda built: _append(built / "template.yaml", "  Queue2:\n    Type: AWS::SQS::Queue\n"),
}


def _append(file: Path, text: str) -> None:
    file.write_text((file.read_text() if file.exists() else "") + text)


def _rename(file: Path, name: str) -> None:
    file.rename(file.with_name(name))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_code_or_template_gives_a_new_version(
    built: Path, change: Callable[[Path], None]
) -> None:
    before = found(built)
    change(built)
    assert found(built) != before


@pytest.mark.parametrize("changed", [{"Digits": "7"}, {"Digits": "8", "SnapStart": "ON"}, {"New": ""}])
def test_a_changed_setting_gives_a_new_version(built: Path, changed: dict[str, str]) -> None:
    assert found(built, PARAMETERS | changed) != found(built)


def test_a_file_beside_the_artefacts_gives_no_new_version(built: Path) -> None:
    before = found(built)
    (built / "build.toml").write_text("# of sam\n")
    assert found(built) == before


def test_the_given_template_stays_as_it_is() -> None:
    template = parse(SMALL)
    before = json.dumps(template)
    with_build(template, "0" * 16)
    assert json.dumps(template) == before


def test_only_versions_and_functions_of_the_real_template_change() -> None:
    before: dict[str, Any] = json.loads(json.dumps(TEMPLATE))
    after = with_build(TEMPLATE, "0" * 16)
    for name in after["Resources"]:
        if before["Resources"][name] != after["Resources"][name]:
            assert before["Resources"][name]["Type"] == "AWS::Lambda::Version"
    assert {name for name in after if after[name] != before[name]} <= {"Resources", "Globals"}


def test_each_version_of_the_real_template_follows_the_build_or_a_parameter() -> None:
    after = with_build(TEMPLATE, "0" * 16)
    for resource in after["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Version":
            description = json.dumps(resource["Properties"]["Description"])
            # Until the parameter SnapStart is ON or OFF, the operator changes SnapStartVersion.
            assert "0" * 16 in description or "SnapStartVersion" in description
    variable = json.dumps(after["Globals"]["Function"]["Environment"]["Variables"][VARIABLE])
    assert "0" * 16 in variable or "SnapStartVersion" in variable


def test_without_snapstart_no_function_changes_with_the_build(built: Path) -> None:
    template = write_versioned_template(built, PARAMETERS | {"SnapStart": "OFF"}).read_text()
    assert json.loads(template) == json.loads(json.dumps(load(str(built / "template.yaml"))))
