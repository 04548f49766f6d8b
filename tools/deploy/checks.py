"""The checks of the answers that need no call to AWS. Each problem is one sentence that says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from tools.deploy.template import Template, Values

# Lambda measures the variables as one JSON object.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT_BYTES = 4096

# The greatest lengths of the names that contain the name of the stack, in characters, from the documentation
# of each service. CloudFormation's own limit for a stack is 128.
NAME_LIMITS = {
    "FunctionName": 64,
    "RoleName": 64,
    "QueueName": 80,
    "UserPoolName": 128,
    "PolicyName": 128,
    "DashboardName": 255,
    "AlarmName": 255,
    "TopicName": 256,
    "LogGroupName": 512,
}
STACK_LIMIT = 128

# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
RESERVED_WORDS = ("aws", "amazon", "cognito")
_DOMAIN_PREFIX = "HostedDomainPrefix"


def stack_name_problem(template: Template, name: str) -> str | None:
    """Return what is wrong with the name of a stack, or None."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
        return (
            f"{name!r} cannot be the name of a stack. Use letters, digits and hyphens, and begin with a "
            "letter."
        )
    limit, what = longest_stack_name(template)
    if len(name) > limit:
        return (
            f"The stack name {name} has {len(name)} characters, and may have {limit} at most, because {what} "
            "contains it. Choose a shorter one."
        )
    return None


def longest_stack_name(template: Template) -> tuple[int, str]:
    """Return the greatest number of characters of a stack name, and the resource that limits it."""
    found = [(STACK_LIMIT, "it"), *_name_rooms(template)]
    return min(found, key=lambda each: each[0])


def _name_rooms(template: Template) -> Iterator[tuple[int, str]]:
    """Yield the room that each resource leaves for the name of the stack, in characters."""
    values = Values(template, dict.fromkeys(template.parameters, ""), "", "ap-southeast-1")
    for logical, resource in template.resources.items():
        for key, limit in NAME_LIMITS.items():
            declared = resource.get("Properties", {}).get(key)
            if "${AWS::StackName}" in json.dumps(declared):
                yield limit - len(values.value(declared)), f"the {_noun(key)} of {logical}"


def _noun(key: str) -> str:
    """Return words for the name of a property: `FunctionName` is a function name."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key).lower()


def unknown_name(template: Template, name: str) -> str | None:
    """Return the sentence for a parameter that the template does not have, or None if it has it."""
    if name in template.parameters:
        return None
    lower = {each.lower(): each for each in template.parameters}
    near = get_close_matches(name.lower(), lower, n=1)
    hint = f"Did you mean {lower[near[0]]}?" if near else "docs/parameters.md lists all of them."
    return f"There is no parameter {name}. {hint}"


def value_problem(template: Template, name: str, value: str) -> str | None:
    """Return what is wrong with the `value` of the parameter `name`, or None."""
    declared = template.parameters[name]
    if words := [word for word in RESERVED_WORDS if name == _DOMAIN_PREFIX and word in value]:
        return (
            f"{name} is {value}. Cognito accepts no prefix with the word {words[0]}. Choose a prefix without "
            "the words aws, amazon and cognito."
        )
    if allowed := _allowed(declared, value):
        return f"{name} is {_shown(value)}. {allowed}"
    return None


def _allowed(declared: Mapping[str, Any], value: str) -> str | None:
    """Return the sentence that says what is allowed, if `value` is not; else None."""
    if "AllowedValues" in declared:
        values = [str(each) for each in declared["AllowedValues"]]
        return None if value in values else f"Allowed are {_listed(values)}."
    if declared["Type"] == "Number":
        return None if _is_in_range(declared, value) else f"It must be a number {_range(declared)}."
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        return f"It must be {str(declared['ConstraintDescription']).rstrip('.')}."
    return None


def _is_in_range(declared: Mapping[str, Any], value: str) -> bool:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return False
    limits = (Decimal(str(declared.get(key, number))) for key in ("MinValue", "MaxValue"))
    low, high = limits
    return number.is_finite() and low <= number <= high


def _range(declared: Mapping[str, Any]) -> str:
    return f"from {declared['MinValue']:,} to {declared['MaxValue']:,}"


def _listed(values: Sequence[str]) -> str:
    return f"{', '.join(values[:-1])} and {values[-1]}" if len(values) > 1 else values[0]


def _shown(value: str) -> str:
    """Return a value as a sentence shows it. A picture has thousands of characters."""
    if not value:
        return "empty"
    return value if len(value) <= 60 else f"{value[:57]}..."


def value_problems(template: Template, values: Mapping[str, str]) -> list[str]:
    """Return one sentence for each unknown name and each value that the template does not allow."""
    problems = (
        unknown_name(template, name) or value_problem(template, name, value) for name, value in values.items()
    )
    return [problem for problem in problems if problem]


def stack_problems(template: Template, values: Mapping[str, str], stack: str, region: str) -> list[str]:
    """Return one sentence for each problem of all settings together.

    `values` has a valid value for each parameter. The problems are broken rules of the template, and
    functions whose environment variables Lambda would refuse.
    """
    broken = Values(template, values, stack, region).broken_rules()
    return [*broken, *size_problems(template, values, stack, region)]


def size_problems(template: Template, values: Mapping[str, str], stack: str, region: str) -> list[str]:
    """Return one sentence for each function whose environment variables Lambda would refuse.

    A parameter that is not in `values` has its default, or is empty.
    """
    known = dict.fromkeys(template.required, "") | dict(values)
    return list(_too_large(template, known, Values(template, known, stack, region)))


def _too_large(template: Template, values: Mapping[str, str], evaluated: Values) -> Iterator[str]:
    for name, variables in evaluated.environments().items():
        size = environment_size(variables)
        if size > ENVIRONMENT_BYTES:
            changed = (each for each in values if values[each] != template.defaults.get(each))
            longest = _longest(changed, values, variables.values())
            yield (
                f"The settings of the function {name} need {size:,} bytes, and Lambda allows "
                f"{ENVIRONMENT_BYTES:,}. Shorten {_listed(longest)}."
            )


def environment_size(variables: Mapping[str, str]) -> int:
    """Return the size of environment variables as Lambda measures it, in bytes."""
    return len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode())


def _longest(names: Iterable[str], values: Mapping[str, str], used: Iterable[str]) -> list[str]:
    """Return the one or two longest parameters among those whose values are in use."""
    in_use = set(used)
    found = sorted((name for name in names if values[name] in in_use), key=lambda name: -len(values[name]))
    return found[:2] or ["the name of the stack"]
