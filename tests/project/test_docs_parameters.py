"""docs/parameters.md has the tables that tools/artefacts/parameters.py writes from template.yaml."""

import copy
import re
from typing import Any

import pytest

from tests.support.template import ROOT, TEMPLATE
from tools.artefacts import parameters

PAGE = (ROOT / "docs" / "parameters.md").read_text("utf-8")
ROW = re.compile(r"^\| `([A-Z]\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS: dict[str, tuple[str, ...]] = {name: rest for name, *rest in ROW.findall(PAGE)}


def small(**settings: Any) -> dict[str, Any]:
    """A template with the parameter `Size`, described by `settings`, in the group `Things`."""
    groups = [{"Label": {"default": "Things"}, "Parameters": ["Size"]}]
    return {
        "Metadata": {"AWS::CloudFormation::Interface": {"ParameterGroups": groups}},
        "Parameters": {"Size": settings},
    }


def row(**settings: Any) -> str:
    return parameters.tables(small(**settings)).splitlines()[-1]


def test_the_page_is_the_output_of_the_generator() -> None:
    assert parameters.page(PAGE, TEMPLATE) == PAGE, "Run `make parameters`."


def test_the_page_has_each_parameter_once() -> None:
    assert sorted(name for name, *_ in ROW.findall(PAGE)) == sorted(TEMPLATE["Parameters"])


@pytest.mark.parametrize(
    ("name", "default", "allowed"),
    [
        ("SenderEmail", "none (required)", "one plain email address, such as `no-reply@example.com`"),
        ("ChannelChoice", "`PREFERENCE`", "`PREFERENCE`, `ASK`"),
        ("WrongAnswersPerDay", "`10`", "1 to 10"),
        ("AlarmTopicArn", "empty", "empty, or the ARN of an SNS topic in this region"),
    ],
)
def test_a_row_has_the_default_and_the_allowed_values(name: str, default: str, allowed: str) -> None:
    assert list(ROWS[name])[:2] == [default, allowed]


def test_names_and_values_are_code_and_references_are_links() -> None:
    text = (
        "Size may be BIG, as custom:otp_channel is at /logout. "
        'See docs/operations.md, "The keys", or docs/cost.md.'
    )
    assert row(Default="", AllowedValues=["BIG"], Description=text) == (
        "| `Size` | empty | `BIG` | `Size` may be `BIG`, as `custom:otp_channel` is at `/logout`. "
        "See [The keys](operations.md#the-keys), or [cost.md](cost.md). |"
    )


def test_a_bar_does_not_end_a_cell() -> None:
    assert row(Default="a|b", MinValue=1, MaxValue=1000, Description="c|d") == (
        r"| `Size` | `a\|b` | 1 to 1,000 | c\|d |"
    )


@pytest.mark.parametrize("listed", [[], ["Size", "Size"], ["Size", "Weight"]])
def test_each_parameter_is_in_one_group(listed: list[str]) -> None:
    template = copy.deepcopy(small(Default="", MinValue=1, MaxValue=2, Description="The size."))
    template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"][0]["Parameters"] = listed
    with pytest.raises(ValueError, match="exactly one of its Metadata/ParameterGroups"):
        parameters.tables(template)


@pytest.mark.parametrize("marker", [parameters.BEGIN, parameters.END])
def test_a_page_without_a_marker_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match="lacks a marker line"):
        parameters.page(PAGE.replace(marker, ""), TEMPLATE)
