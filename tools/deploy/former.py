"""Parameters of earlier releases, which samconfig.mine.toml and deployed stacks still have."""

from __future__ import annotations

from collections.abc import Mapping

from tools.deploy.template import Template

# Parameters that earlier releases had, and that some later template does not have.
FORMER = frozenset(
    {
        "CodeOnlyDigits",
        "DeletionProtection",
        "HostedRequestsPerSecond",
        "LogLevel",
        "ResendKeepsCodeSeconds",
        "ResendsPerSession",
        "SnapStartVersion",
        "TokenRequestsPerSecond",
    }
)


def without_former(template: Template, values: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the values in the parameters of this release, and the names that it no longer has."""
    dropped = [name for name in values if name in FORMER and name not in template.parameters]
    kept = {name: value for name, value in values.items() if name not in dropped}
    if "SnapStart" in template.parameters and "SnapStartVersion" in dropped:
        kept.setdefault("SnapStart", "ON" if values["SnapStartVersion"] else "OFF")
    if "CodeOnlyDigits" in dropped and values.get("CodeDigits", "").isdecimal():
        kept["CodeDigits"] = f"{values['CodeDigits']},{values['CodeOnlyDigits']}"
    return kept, dropped
