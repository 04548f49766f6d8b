"""template.yaml, read once for all tests."""

from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = load(str(ROOT / "template.yaml"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def statements(role: str) -> list[dict[str, Any]]:
    """Return the statements of a role. All template conditions count as true."""
    policies = RESOURCES[role]["Properties"]["Policies"]
    found = [s for policy in policies for s in policy["PolicyDocument"]["Statement"]]
    return [s["Fn::If"][1] if "Fn::If" in s else s for s in found]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
