"""docs/parameters.md against the template: each parameter once, with its default and what it may be."""

import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

ROOT = Path(__file__).parents[2]
PARAMETERS: dict[str, dict[str, Any]] = load(str(ROOT / "template.yaml"))["Parameters"]
ROW = re.compile(r"^\| `([A-Z]\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "parameters.md").read_text("utf-8"))


def default_of(parameter: dict[str, Any]) -> str:
    """A default as the page writes it."""
    if "Default" not in parameter:
        return "none, it is asked for"
    return f"`{parameter['Default']}`" if str(parameter["Default"]) else "empty"


def test_each_parameter_is_there_once_and_no_other() -> None:
    assert sorted(name for name, *_ in ROWS) == sorted(PARAMETERS)


@pytest.mark.parametrize(("name", "default", "may_be", "meaning"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_what_the_template_says(name: str, default: str, may_be: str, meaning: str) -> None:
    parameter = PARAMETERS[name]
    assert default == default_of(parameter)
    if "AllowedValues" in parameter:
        assert may_be == ", ".join(f"`{value}`" for value in parameter["AllowedValues"])
    elif "MinValue" in parameter:
        assert may_be == f"{parameter['MinValue']:,} to {parameter['MaxValue']:,}"
    assert len(meaning) > 20
