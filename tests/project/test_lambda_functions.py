"""The table of Lambda functions is equal to template.yaml, to triggers/ and to the pages that list them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.imports import SETTINGS
from tests.support.template import RESOURCES, ROOT, TEMPLATE, as_list, statements
from tools.lambda_functions import (
    API_GATEWAY,
    COGNITO,
    COMMON_SETTINGS,
    FUNCTIONS,
    LOG_ACTIONS,
    SIGN_IN_FUNCTIONS,
    SQS,
    LambdaFunction,
)

IN_TEMPLATE: dict[str, Any] = {
    name: found for name, found in RESOURCES.items() if found["Type"] == "AWS::Serverless::Function"
}
COMMON: dict[str, Any] = TEMPLATE["Globals"]["Function"]
CALLERS = {"cognito-idp.amazonaws.com": COGNITO, "apigateway.amazonaws.com": API_GATEWAY}
# The condition without which the response of an action shows the whole item.
SHOWN_BY = {
    "dynamodb:GetItem": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    "dynamodb:UpdateItem": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
}
ALL = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)


def references(value: Any) -> Iterator[str]:
    """Yield the arguments of all Refs in a part of the template."""
    if isinstance(value, dict):
        if "Ref" in value:
            yield value["Ref"]
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        yield from references(part)


def resources(value: Any) -> Iterator[str]:
    """Yield the names of the resources in a statement, in the table's notation."""
    if isinstance(value, list):
        for part in value:
            yield from resources(part)
    elif value == "*":
        yield "*"
    elif "Fn::If" in value:
        yield from resources(value["Fn::If"][1])
    elif "Fn::GetAtt" in value:
        yield value["Fn::GetAtt"][0]
    elif "Fn::Select" in value:
        # A part of a parameter.
        yield from re.findall(r"\$\{(\w+)\}", str(value))
    else:
        text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
        named = [name for name in re.findall(r"\$\{(\w+)\}", text) if name in RESOURCES]
        yield from named or [text.rpartition(":")[2]]


def rights_in_template(role: str) -> dict[str, set[str]]:
    """Return the resources of each action that a role allows. Conditions narrow the table."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in (each for each in statements(role) if each["Effect"] == "Allow"):
        condition = statement.get("Condition", {})
        keys = condition.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
        attributes = condition.get("ForAllValues:StringEquals", {}).get("dynamodb:Attributes", ["pk"])
        # The list needs the primary key. Without the other two, a request for all attributes passes.
        assert attributes[0] == "pk"
        if attributes != ["pk"]:
            assert condition["Null"] == {"dynamodb:Attributes": "false"}
            assert condition["StringEqualsIfExists"] == SHOWN_BY[statement["Action"]]
        narrowed = f"({','.join(attributes[1:])})" if attributes != ["pk"] else ""
        for action in as_list(statement["Action"]):
            for name in resources(statement["Resource"]):
                found[action] |= {f"{name}/{key}{narrowed}" for key in keys} if keys else {name}
    return dict(found)


def triggers_in_template(function: LambdaFunction) -> set[str]:
    """Return the keys of LambdaConfig whose value names the function."""
    config = RESOURCES["UserPool"]["Properties"]["LambdaConfig"]
    arn = re.compile(rf":function:\${{AWS::StackName}}-{function.name.replace('_', '-')}(\$|')")
    return {key for key, value in config.items() if arn.search(str(value))}


def test_every_function_of_the_template_and_every_handler_is_in_the_table() -> None:
    assert {function.logical_id for function in FUNCTIONS.values()} == set(IN_TEMPLATE)
    assert set(FUNCTIONS) == {file.stem for file in (ROOT / COMMON["CodeUri"]).glob("*.py")}


@ALL
def test_the_name_is_the_templates(function: LambdaFunction) -> None:
    properties = IN_TEMPLATE[function.logical_id]["Properties"]
    assert properties["Handler"] == f"{function.name}.handler"
    assert properties["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{function.name.replace('_', '-')}"}
    assert "CodeUri" not in properties


@ALL
def test_the_caller_and_the_cognito_triggers_are_the_templates(function: LambdaFunction) -> None:
    permission = RESOURCES.get(f"{function.logical_id}Permission")
    mappings = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    callers = [CALLERS[permission["Properties"]["Principal"]]] if permission else []
    callers += [SQS for mapping in mappings if mapping["FunctionName"] == {"Ref": function.logical_id}]
    assert set(callers) == {function.caller}
    assert set(function.cognito_triggers) == triggers_in_template(function)
    assert bool(function.cognito_triggers) == (function.caller == COGNITO)


def test_every_cognito_trigger_of_the_template_has_a_function() -> None:
    served = {trigger for function in FUNCTIONS.values() for trigger in function.cognito_triggers}
    assert served == set(RESOURCES["UserPool"]["Properties"]["LambdaConfig"]) - {"KMSKeyID"}
    assert {function.caller for function in FUNCTIONS.values()} == {COGNITO, API_GATEWAY, SQS}


@ALL
def test_the_parameter_switches_the_function_off(function: LambdaFunction) -> None:
    condition = IN_TEMPLATE[function.logical_id].get("Condition")
    if function.parameter:
        assert set(references(TEMPLATE["Conditions"][condition])) == {function.parameter}
        assert "OFF" in TEMPLATE["Parameters"][function.parameter]["AllowedValues"]
    else:
        assert condition is None


@ALL
def test_the_settings_are_the_templates(function: LambdaFunction) -> None:
    own = IN_TEMPLATE[function.logical_id]["Properties"]["Environment"]["Variables"]
    assert sorted(function.settings) == sorted(own)


def test_the_common_settings_are_the_templates() -> None:
    assert sorted(COMMON_SETTINGS) == sorted(COMMON["Environment"]["Variables"])


@ALL
def test_the_rights_are_the_templates(function: LambdaFunction) -> None:
    logs = {action: {f"{function.logical_id}Logs"} for action in LOG_ACTIONS}
    expected = {action: set(names) for action, names in function.rights.items()}
    assert rights_in_template(f"{function.logical_id}Role") == expected | logs


def test_each_example_value_of_the_benchmarks_is_for_a_setting() -> None:
    settings = {name for function in FUNCTIONS.values() for name in function.settings} | {*COMMON_SETTINGS}
    assert {name for name in SETTINGS if not name.startswith("AWS_")} <= settings


def test_the_architecture_page_lists_every_function_with_its_caller() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = page.partition("## Functions and rights")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.M)
    assert sorted(rows) == sorted((function.name, function.caller) for function in FUNCTIONS.values())


def test_the_demo_page_shows_the_functions_of_a_sign_in() -> None:
    page = (ROOT / "demo_client" / "web" / "static" / "index.html").read_text("utf-8")
    assert tuple(re.findall(r'data-function="(\w+)"', page)) == SIGN_IN_FUNCTIONS
