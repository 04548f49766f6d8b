"""template.yaml with values for its parameters: what its conditions, rules and properties then say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore.session
from cfnlint.decode.cfn_yaml import load

# An account has twelve digits, whichever it is.
_ACCOUNT = "123456789012"
_NAME = re.compile(r"\$\{([\w:.]+)\}")

# The forms of generated values, with their greatest length. A generated name is STACK-RESOURCE-SUFFIX.
# Secrets Manager has the longest name of a service in an ARN.
_SUFFIX = "A" * 13
_UUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Template:
    """The content of a parsed template. `content` has the long forms of functions, such as Fn::If."""

    content: Mapping[str, Any]

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """The declarations of the parameters, in the order of the template."""
        found: Mapping[str, Mapping[str, Any]] = self.content["Parameters"]
        return found

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """All resources, also those whose condition is false."""
        found: Mapping[str, Mapping[str, Any]] = self.content["Resources"]
        return found

    @property
    def groups(self) -> list[tuple[str, list[str]]]:
        """The titles of the parameter groups, each with the names of its parameters."""
        interface = self.content.get("Metadata", {}).get("AWS::CloudFormation::Interface", {})
        return [
            (each["Label"]["default"], each["Parameters"]) for each in interface.get("ParameterGroups", [])
        ]

    @property
    def required(self) -> list[str]:
        """The names of the parameters without a default."""
        return [name for name, declared in self.parameters.items() if "Default" not in declared]

    @cached_property
    def defaults(self) -> dict[str, str]:
        """The default of each parameter that has one."""
        declared = self.parameters.items()
        return {name: str(each["Default"]) for name, each in declared if "Default" in each}


def read_template(path: Path) -> Template:
    """Read the template in the file `path`, in YAML or JSON."""
    return Template(load(str(path)))


class Values:
    """The values of a template for one stack.

    `parameters` has a value for each parameter that is needed. Generated values, such as the id of a key,
    have their greatest length.
    """

    def __init__(self, template: Template, parameters: Mapping[str, str], stack: str, region: str) -> None:
        self._template = template
        self._stack = stack
        partition = botocore.session.get_session().get_partition_for_region(region)
        self._known = {
            **template.defaults,
            **parameters,
            "AWS::StackName": stack,
            "AWS::Region": region,
            "AWS::AccountId": _ACCOUNT,
            "AWS::Partition": partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
            "AWS::NoValue": None,
        }
        self._arn = f"arn:{partition}:secretsmanager:{region}:{_ACCOUNT}:"

    def value(self, node: Any) -> Any:
        """Return the value of a part of the template. `AWS::NoValue` is left out of lists and mappings."""
        if isinstance(node, Mapping):
            if len(node) == 1:
                ((name, argument),) = node.items()
                if name in self._functions:
                    return self._functions[name](self, argument)
            evaluated = {key: self.value(each) for key, each in node.items()}
            return {key: each for key, each in evaluated.items() if each is not None}
        if isinstance(node, list):
            return [each for each in map(self.value, node) if each is not None]
        return node

    def condition(self, name: str) -> bool:
        """Return whether the condition `name` is true."""
        return bool(self.value(self._template.content["Conditions"][name]))

    def resources(self) -> dict[str, Mapping[str, Any]]:
        """Return the resources that the stack has, by logical id, as the template declares them."""
        return {
            name: resource
            for name, resource in self._template.resources.items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }

    def broken_rules(self) -> list[str]:
        """Return the sentence of each assertion in Rules that does not hold."""
        return [
            str(assertion["AssertDescription"])
            for rule in self._template.content.get("Rules", {}).values()
            if "RuleCondition" not in rule or self.value(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def environments(self) -> dict[str, dict[str, str]]:
        """Return the environment variables of each function, by logical id."""
        shared = _variables(self._template.content.get("Globals", {}).get("Function", {}))
        functions = {
            name: resource["Properties"]
            for name, resource in self.resources().items()
            if resource["Type"] == "AWS::Serverless::Function"
        }
        return {
            name: {key: str(each) for key, each in self.value({**shared, **_variables(properties)}).items()}
            for name, properties in functions.items()
        }

    def _ref(self, name: str) -> Any:
        return self._known[name] if name in self._known else self._generated(name, "")

    def _get_att(self, argument: list[str] | str) -> str:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._generated(name, attribute)

    def _generated(self, name: str, attribute: str) -> str:
        kind = self._template.resources[name]["Type"]
        if kind == "AWS::KMS::Key":
            return f"{self._arn}key/{_UUID}" if attribute == "Arn" else _UUID
        generated = f"{self._stack}-{name}-{_SUFFIX}"
        if kind == "AWS::SQS::Queue" and not attribute:
            region = self._known["AWS::Region"]
            return f"https://sqs.{region}.{self._known['AWS::URLSuffix']}/{_ACCOUNT}/{generated}.fifo"
        has_arn = attribute.endswith("Arn") or kind in ("AWS::SNS::Topic", "AWS::SecretsManager::Secret")
        return f"{self._arn}{generated}" if has_arn else generated

    def _sub(self, argument: str | list[Any]) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def replaced(found: re.Match[str]) -> str:
            name = found[1]
            if name in given:
                return str(self.value(given[name]))
            return str(self._get_att(name) if "." in name else self._ref(name))

        return _NAME.sub(replaced, text)

    def _if(self, argument: list[Any]) -> Any:
        return self.value(argument[1] if self.condition(argument[0]) else argument[2])

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = self.value(argument)
        return self._template.content["Mappings"][name][str(first)][second]

    def _select(self, argument: list[Any]) -> Any:
        return self.value(argument[1])[int(argument[0])]

    def _equals(self, argument: list[Any]) -> bool:
        left, right = (str(self.value(each)) for each in argument)
        return left == right

    def _contains(self, argument: list[Any]) -> bool:
        return str(self.value(argument[1])) in [str(each) for each in self.value(argument[0])]

    _functions: Mapping[str, Any] = {
        "Ref": _ref,
        "Condition": condition,
        "Fn::GetAtt": _get_att,
        "Fn::Sub": _sub,
        "Fn::If": _if,
        "Fn::Join": lambda self, argument: str(argument[0]).join(map(str, self.value(argument[1]))),
        "Fn::Split": lambda self, argument: str(self.value(argument[1])).split(argument[0]),
        "Fn::Select": _select,
        "Fn::FindInMap": _find_in_map,
        "Fn::Equals": _equals,
        "Fn::Contains": _contains,
        "Fn::Not": lambda self, argument: not self.value(argument[0]),
        "Fn::And": lambda self, argument: all(map(self.value, argument)),
        "Fn::Or": lambda self, argument: any(map(self.value, argument)),
    }


def _variables(function: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = function.get("Environment", {}).get("Variables", {})
    return found
