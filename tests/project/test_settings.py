"""The settings of each Lambda function: their variables, bounds and errors, compared with template.yaml."""

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from benchmarks import imports
from passcode.adapters.environment import PARAMETERS, SettingError, Variables
from passcode.channels.registry import CHANNELS
from passcode.token_service.policy import BOUNDS
from tests.support.live_handlers import load, own_session
from tests.support.template import RESOURCES, TEMPLATE

GLOBALS: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
FUNCTIONS: dict[str, dict[str, Any]] = {
    resource["Properties"]["Handler"].removesuffix(".handler"): resource["Properties"]
    for resource in RESOURCES.values()
    if resource["Type"] == "AWS::Serverless::Function"
}
# Variables that the template sets for a reader that is not a `Settings`.
OTHER_READERS = {
    "LOG_LEVEL": "Powertools reads it when it makes a logger.",
    "SNAPSTART_VERSION": "A new value changes the configuration, so that Lambda publishes a new version.",
}
# Bounds that are not those of the parameter.
OTHER_MINIMUM = {
    "CODE_LIFE_SECONDS": "A browser test waits until a code expires.",
}
# The values of other parameters that a value of a parameter needs.
NEEDED_BY = {"NOTIFY": {"SMS_OPTIONS": "notify_configuration=nc-1"}}
# A value of a parameter for which the function does not exist.
NO_FUNCTION = {"MODE": "OFF"}


class RecordedEnvironment(dict[str, str]):
    """An environment that records the names of the variables that are read."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


@cache
def module(function: str) -> ModuleType:
    """Load the handler under another name, so that tests of the handlers get their own environment."""
    with own_session(imports.SETTINGS):
        return load(function)


def read(function: str, **changes: str) -> Any:
    """Return the settings of a function, with some variables changed."""
    return module(function).Settings.from_environment(imports.SETTINGS | changes)


def read_without(function: str, name: str) -> Any:
    """Return the settings of a function without one variable."""
    others = {key: text for key, text in imports.SETTINGS.items() if key != name}
    return module(function).Settings.from_environment(others)


def names_read(function: str) -> set[str]:
    """Return the names of all variables that the settings of a function read."""
    environment = RecordedEnvironment(imports.SETTINGS)
    module(function).Settings.from_environment(environment)
    return environment.read


def own_variables(function: str) -> dict[str, Any]:
    """Return the variables that the template sets for this function only."""
    variables: dict[str, Any] = FUNCTIONS[function].get("Environment", {}).get("Variables", {})
    return variables


def parameters_in(value: object) -> set[str]:
    """Return the parameters whose text becomes part of a value in the template."""
    if isinstance(value, list):
        return {name for part in value for name in parameters_in(part)}
    if not isinstance(value, dict):
        return set()
    ((function, argument),) = value.items()
    if function == "Fn::If":
        return parameters_in(argument[1:])
    if function == "Ref":
        return {argument} if argument in TEMPLATE["Parameters"] else set()
    if function == "Fn::Sub":
        return {name for name in TEMPLATE["Parameters"] if f"${{{name}}}" in argument}
    return set() if function == "Fn::GetAtt" else parameters_in(argument)


def can_be_missing(value: object) -> bool:
    """True if the template leaves the variable out, or sets it to an empty text, in some stacks."""
    if isinstance(value, dict) and "Fn::If" in value:
        branches = value["Fn::If"][1:]
        # A branch with a parameter is no reason: its condition is that the parameter has a value.
        return any(branch in ("", {"Ref": "AWS::NoValue"}) for branch in branches) or any(
            can_be_missing(branch) for branch in branches if "Fn::If" in branch
        )
    parameter = TEMPLATE["Parameters"].get(value.get("Ref"), {}) if isinstance(value, dict) else {}
    return str(parameter.get("AllowedPattern", "")).startswith("|")


def variables(function: str) -> dict[str, Any]:
    """Return the variables that the settings of a function read, with their values in the template."""
    return {
        name: value
        for name, value in (GLOBALS | own_variables(function)).items()
        if name in names_read(function)
    }


def rows_with(function: str, *keys: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each variable whose value is a parameter that has these keys, and the parameter."""
    for name, value in variables(function).items():
        parameter = TEMPLATE["Parameters"].get(value.get("Ref"), {}) if isinstance(value, dict) else {}
        if parameter and all(key in parameter for key in keys):
            yield name, parameter


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_reads_the_variables_that_the_template_sets_for_it(function: str) -> None:
    assert names_read(function) - GLOBALS.keys() == own_variables(function).keys()


def test_some_function_reads_each_variable_that_all_functions_have() -> None:
    found = {name for function in FUNCTIONS for name in names_read(function)}
    assert GLOBALS.keys() - found == OTHER_READERS.keys()
    assert all("METRICS_NAMESPACE" in names_read(function) for function in FUNCTIONS)


def test_settings_cannot_be_changed() -> None:
    for function in FUNCTIONS:
        settings = read(function)
        with pytest.raises((FrozenInstanceError, AttributeError)):
            settings.metrics_namespace = "another"
        assert settings.metrics_namespace == imports.SETTINGS["METRICS_NAMESPACE"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_missing_variable_fails_with_its_name_and_its_parameter(function: str) -> None:
    for name, value in variables(function).items():
        if can_be_missing(value):
            read_without(function, name)
            continue
        with pytest.raises(SettingError) as missing:
            read_without(function, name)
        text = str(missing.value)
        assert text.startswith(f"{name} is missing or empty. It must be ")
        named = set(PARAMETERS[name].split(" or ")) if name in PARAMETERS else set()
        assert named == parameters_in(value)
        origin = f"its parameter {PARAMETERS[name]} sets" if named else "the stack itself sets"
        assert text.endswith(f"Deploy the stack again: {origin} this variable.")
        with pytest.raises(SettingError, match=f"^{name} is missing or empty"):
            read(function, **{name: ""})


def test_only_these_variables_may_be_empty() -> None:
    optional = [
        (function, name)
        for function in FUNCTIONS
        for name, value in variables(function).items()
        if can_be_missing(value)
    ]
    assert optional == [
        ("define_auth_challenge", "CODE_ONLY_CLIENTS"),
        ("pre_token_generation", "CODE_ONLY_CLIENTS"),
        ("deliver", "CONFIGURATION_SET"),
        ("deliver", "BRAND_LOGO"),
        ("deliver", "SUPPORT_URL"),
        ("deliver", "SMS_OPTIONS"),
        ("deliver", "GATEWAY_FUNCTION_ARN"),
        ("deliver", "SENDER_KEY_ID"),
        ("deliver", "USER_POOL_ID"),
        ("hosted_sign_in", "BRAND_LOGO"),
    ]
    for function, name in optional:
        read(function, **{name: ""})


def test_the_table_of_parameters_has_no_row_that_no_error_needs() -> None:
    required = {
        name
        for function in FUNCTIONS
        for name, value in variables(function).items()
        if not can_be_missing(value)
    }
    # A wrong option is an error of an optional variable.
    assert PARAMETERS.keys() <= required | {"SMS_OPTIONS", "GATEWAY_FUNCTION_ARN"}


FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:gateway"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ((), "")),
        (f"sms={FUNCTION_ARN}", (("sms",), FUNCTION_ARN)),
        (f"email,sms={FUNCTION_ARN}:live", (("email", "sms"), f"{FUNCTION_ARN}:live")),
    ],
)
def test_the_function_of_the_operator_has_its_channels(text: str, found: tuple[tuple[str, ...], str]) -> None:
    assert read("deliver", GATEWAY_FUNCTION_ARN=text).gateway_function == found
    pattern = TEMPLATE["Parameters"]["GatewayFunctionArn"]["AllowedPattern"]
    assert re.fullmatch(pattern, text)


@pytest.mark.parametrize(
    "text",
    [FUNCTION_ARN, f"fax={FUNCTION_ARN}", f"sms,={FUNCTION_ARN}", "sms=", "sms", f"={FUNCTION_ARN}", "="],
)
def test_a_function_without_a_known_channel_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="its parameter GatewayFunctionArn sets this variable") as refused:
        read("deliver", GATEWAY_FUNCTION_ARN=text)
    assert "It must be a list of email, sms" in str(refused.value)
    pattern = TEMPLATE["Parameters"]["GatewayFunctionArn"]["AllowedPattern"]
    assert not re.fullmatch(pattern, text)


def test_each_channel_can_go_to_the_function_of_the_operator() -> None:
    pattern = TEMPLATE["Parameters"]["GatewayFunctionArn"]["AllowedPattern"]
    assert re.fullmatch(pattern, f"{','.join(CHANNELS)}={FUNCTION_ARN}")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_number_has_the_bounds_of_its_parameter(function: str) -> None:
    for name, parameter in rows_with(function, "MinValue", "MaxValue"):
        low, high = parameter["MinValue"], parameter["MaxValue"]
        if name in OTHER_MINIMUM:
            assert 0 < BOUNDS[name.lower()][0] < low
            low = BOUNDS[name.lower()][0]
        for right in (low, high):
            read(function, **{name: str(right)})
        for wrong in (
            str(low - 1),
            str(high + 1),
            "five",
            "5.5",
            f" {low}",
            "9" * 5_000,
            "\N{ARABIC-INDIC DIGIT SIX}",
        ):
            with pytest.raises(SettingError) as refused:
                read(function, **{name: wrong})
            assert str(refused.value) == (
                f"{name} is {wrong!r}. It must be a whole number from {low} to {high}. "
                f"Deploy the stack again: its parameter {PARAMETERS[name]} sets this variable."
            )


def test_the_two_lengths_of_codes_are_the_parts_of_one_parameter_and_differ() -> None:
    both = {"Fn::Split": [",", {"Ref": "CodeDigits"}]}
    assert GLOBALS["CODE_DIGITS"] == {"Fn::Select": [0, both]}
    assert GLOBALS["CODE_ONLY_DIGITS"] == {"Fn::Select": [1, both]}
    parameter = TEMPLATE["Parameters"]["CodeDigits"]
    assert parameter["Default"] == "6,8"
    low, high = BOUNDS["code_digits"]
    assert BOUNDS["code_only_digits"] == (low, high)
    for proven in range(low - 1, high + 2):
        for alone in range(low - 1, high + 2):
            is_possible = proven != alone and {proven, alone} <= set(range(low, high + 1))
            pair = f"{proven},{alone}"
            assert (re.fullmatch(parameter["AllowedPattern"], pair) is not None) is is_possible, pair
            lengths = {"CODE_DIGITS": str(proven), "CODE_ONLY_DIGITS": str(alone)}
            if is_possible:
                policy = read("create_auth_challenge", **lengths).policy
                assert (policy.code_digits, policy.code_only_digits) == (proven, alone)
            else:
                with pytest.raises(ValueError, match=r"must differ|whole number from 6 to 10"):
                    read("create_auth_challenge", **lengths)


@pytest.mark.parametrize("wrong", ["", "6", "6,", ",8", "6, 8", "6,8,9", "06,8", "6;8", "6,8 "])
def test_only_two_numbers_are_lengths_of_codes(wrong: str) -> None:
    assert not re.fullmatch(TEMPLATE["Parameters"]["CodeDigits"]["AllowedPattern"], wrong)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_choice_has_the_values_of_its_parameter(function: str) -> None:
    for name, parameter in rows_with(function, "AllowedValues"):
        allowed = [value for value in parameter["AllowedValues"] if value != NO_FUNCTION.get(name)]
        for value in allowed:
            read(function, **{name: value} | NEEDED_BY.get(value, {}))
        for wrong in ("email,fax", "off", NO_FUNCTION.get(name, "fax")):
            with pytest.raises(SettingError) as refused:
                read(function, **{name: wrong})
            text = str(refused.value)
            assert text.startswith(f"{name} is {wrong!r}. It must be ")
            assert f" of {', '.join(allowed)}. " in text
            assert text.endswith(f"its parameter {PARAMETERS[name]} sets this variable.")


@pytest.mark.parametrize("wrong", ["email,fax", "off", "email,email", "sms,voice,sms"])
@pytest.mark.parametrize("function", ["create_auth_challenge", "verify_auth_challenge", "token_api"])
def test_the_order_of_channels_has_each_known_channel_at_most_once(function: str, wrong: str) -> None:
    assert [channel.name for channel in read(function, CHANNEL_ORDER="voice,email,sms").order] == [
        "voice",
        "email",
        "sms",
    ]
    with pytest.raises(SettingError) as refused:
        read(function, CHANNEL_ORDER=wrong)
    assert str(refused.value) == (
        f"CHANNEL_ORDER is {wrong!r}. It must be a list of email, sms, voice, each at most once. "
        "Deploy the stack again: its parameter ChannelOrder sets this variable."
    )


def test_the_template_has_numbers_and_choices() -> None:
    """Otherwise the two tests above would test nothing."""
    numbers = {name for function in FUNCTIONS for name, _ in rows_with(function, "MinValue", "MaxValue")}
    assert numbers >= {"CODE_LIFE_SECONDS", "ANSWERS_PER_SESSION", "SMS_PER_DAY", "PROOF_LIFE_SECONDS"}
    assert {name for function in FUNCTIONS for name, _ in rows_with(function, "AllowedValues")} == {
        "CHANNEL_CHOICE",
        "ASSURANCE_CLAIMS",
        "MODE",
        "DEFAULT_LOCALE",
        "SMS_GATEWAY",
        "MONITORING",
    }


@pytest.mark.parametrize(
    ("function", "name", "separator"),
    [
        ("create_auth_challenge", "CHANNEL_ORDER", ","),
        ("token_api", "CHANNEL_ORDER", ","),
        ("token_api", "PROOF_KEY_IDS", ","),
        ("token_api", "SMS_COUNTRIES", ","),
        ("deliver", "SMS_COUNTRIES", ","),
        ("hosted_sign_in", "SIGN_KEY_IDS", ","),
        ("hosted_sign_in", "REDIRECT_URIS", " "),
        ("hosted_sign_in", "CALLBACK_URLS", " "),
    ],
)
def test_a_list_has_at_least_one_name(function: str, name: str, separator: str) -> None:
    for wrong in {separator, f"{separator}{separator}"}:
        with pytest.raises(SettingError) as refused:
            read(function, **{name: wrong})
        assert str(refused.value).startswith(f"{name} is {wrong!r}. It must be a list of ")


def test_a_list_keeps_its_order() -> None:
    assert Variables({"IDS": "b,a"}).names("IDS") == ("b", "a")
    assert Variables({"URLS": " b  a "}).names("URLS", separator=None) == ("b", "a")
    order = read("token_api", CHANNEL_ORDER="sms,email").order
    assert [channel.name for channel in order] == ["sms", "email"]


def test_no_representation_has_the_salt() -> None:
    for function in ("create_auth_challenge", "verify_auth_challenge", "token_api"):
        settings = read(function, SALT="pepper and salt")
        assert settings.salt == "pepper and salt"
        assert "pepper" not in repr(settings)


@pytest.mark.parametrize(
    ("function", "name", "value", "text"),
    [
        (
            "define_auth_challenge",
            "ANSWERS_PER_SESSION",
            "11",
            "is '11'. It must be a whole number from 1 to",
        ),
        ("deliver", "TABLE_NAME", "", "is missing or empty. It must be a text. Deploy the stack again"),
        ("verify_auth_challenge", "HARD_LIMIT", "101", "is '101'. It must be a whole number from 1 to 100"),
    ],
)
def test_a_function_does_not_start_with_a_wrong_variable(
    function: str, name: str, value: str, text: str
) -> None:
    environment = imports.environment(function) | {name: value}
    command = imports.command(f"import {function}")
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"SettingError: {name} {text}" in done.stderr


def environment_reads(source: str) -> list[str]:
    """Return each use of the environment in Python source, as the name of the attribute or import."""
    nodes = list(ast.walk(ast.parse(source)))
    attributes = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    imported = [
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "os"
        for alias in node.names
    ]
    return [name for name in attributes + imported if name in {"environ", "environb", "getenv", "getenvb"}]


def test_only_the_settings_read_the_environment() -> None:
    for file in imports.TRIGGERS.rglob("*.py"):
        expected = ["environ"] if file.parent == imports.TRIGGERS else []
        assert environment_reads(file.read_text("utf-8")) == expected, file
    for function in FUNCTIONS:
        source = (imports.TRIGGERS / f"{function}.py").read_text("utf-8")
        assert "\n_SETTINGS = Settings.from_environment(os.environ)\n" in source


def test_each_way_to_read_the_environment_is_found() -> None:
    assert environment_reads("import os\nos.environ['A']\nos.getenv('B')") == ["environ", "getenv"]
    assert environment_reads("from os import environ as e") == ["environ"]
    assert environment_reads("import os\nos.urandom(16)") == []
