"""Write docs/parameters.md from template.yaml: `python -m tools.artefacts.parameters`.

The page has one table for each parameter group of the template. They are between two marker lines. The text
before and after the markers is written by hand and stays as it is.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
PAGE = ROOT / "docs" / "parameters.md"
BEGIN = "<!-- Generated from template.yaml by `make parameters`. Do not edit the tables by hand. -->"
END = "<!-- End of the generated tables. -->"

HEADER = "| parameter | default | allowed values | meaning |\n|---|---|---|---|"

_EXAMPLE = re.compile(r"(?<=such as )(\S+?)(?=,? |,?$)")
_REFERENCE = re.compile(r"docs/([\w-]+\.md)(?:, \"([^\"]+)\")?")
# Claims and attributes such as otp_amr and custom:otp_channel, and paths such as /logout.
_IDENTIFIER = re.compile(r"(?<![\w/`])(?:custom:)?[a-z]+(?:_[a-z]+)+\b|(?<![\w/`])/[a-z][a-z0-9/]*\b")


def tables(template: dict[str, Any]) -> str:
    """Return one heading and table for each parameter group of a parsed template, in the template's order.

    Raises `ValueError` if a parameter is in no group, or in more than one.
    """
    parameters: dict[str, dict[str, Any]] = template["Parameters"]
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    if sorted(grouped) != sorted(parameters):
        wrong = {
            name for name in {*grouped, *parameters} if grouped.count(name) != 1 or name not in parameters
        }
        raise ValueError(
            "Each parameter of template.yaml must be in exactly one of its Metadata/ParameterGroups. "
            f"Missing, unknown or repeated: {', '.join(sorted(wrong))}."
        )
    return "\n\n".join(_table(group, parameters) for group in groups)


def page(text: str, template: dict[str, Any]) -> str:
    """Return `text` with the tables of `template` between the markers.

    Raises `ValueError` if `text` lacks a marker.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"docs/parameters.md lacks a marker line. Add both:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n\n{tables(template)}\n\n{END}{after}"


def _table(group: dict[str, Any], parameters: dict[str, dict[str, Any]]) -> str:
    rows = [_row(name, parameters[name], parameters.keys()) for name in group["Parameters"]]
    return "\n".join([f"## {group['Label']['default']}", "", HEADER, *rows])


def _row(name: str, parameter: dict[str, Any], names: Collection[str]) -> str:
    cells = (f"`{name}`", _default(parameter), _allowed(parameter), _meaning(parameter, names))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _default(parameter: dict[str, Any]) -> str:
    if "Default" not in parameter:
        return "none (required)"
    return f"`{parameter['Default']}`" if str(parameter["Default"]) else "empty"


def _allowed(parameter: dict[str, Any]) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{value}`" for value in parameter["AllowedValues"])
    if "MinValue" in parameter:
        return f"{parameter['MinValue']:,} to {parameter['MaxValue']:,}"
    return _EXAMPLE.sub(r"`\1`", str(parameter["ConstraintDescription"]).removesuffix("."))


def _meaning(parameter: dict[str, Any], names: Collection[str]) -> str:
    """Return the description, with links to the pages that it names, and names and values as code."""
    text = str(parameter["Description"])
    # A value of one letter, such as A, is also an English word.
    values = [str(value) for value in parameter.get("AllowedValues", []) if len(str(value)) > 1]
    for word in sorted({*names, *values}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w`]){re.escape(word)}(?![\w`])", f"`{word}`", text)
    return _REFERENCE.sub(_link, _IDENTIFIER.sub(r"`\g<0>`", text))


def _link(reference: re.Match[str]) -> str:
    """Return a Markdown link for a reference such as: docs/operations.md, "Keys"."""
    file, heading = reference.groups()
    target = "" if file == PAGE.name else file
    if not heading:
        return f"[{file}]({file})"
    return f"[{heading}]({target}#{re.sub(r'[^a-z0-9- ]', '', heading.lower()).replace(' ', '-')})"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8"), load(str(TEMPLATE))), "utf-8")
