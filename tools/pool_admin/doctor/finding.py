"""The findings that the checks return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from tools.pool_admin import fixes
from tools.pool_admin.fixes import Fix


class Severity(IntEnum):
    """The severity of a finding."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True)
class Finding:
    """One problem: `what` it is, `about` which resources, `why` it matters, and the steps that `fix` it."""

    severity: Severity
    about: tuple[str, ...]
    what: str
    why: str
    fix: tuple[Fix, ...]

    @classmethod
    def of(cls, severity: Severity, about: str, what: str, why: str, *fix: Fix | str) -> Finding:
        """Return a finding about one resource. A string in `fix` is a fix without options."""
        return cls(
            severity, (about,), what, why, tuple(Fix(step) if isinstance(step, str) else step for step in fix)
        )


def group_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Join the findings that differ only in their resource. The order stays."""
    causes: dict[tuple[Severity, str, str], Finding] = {}
    for finding in findings:
        cause = (finding.severity, finding.what, finding.why)
        joined = causes.get(cause, replace(finding, about=(), fix=()))
        causes[cause] = replace(
            joined,
            about=tuple(dict.fromkeys((*joined.about, *finding.about))),
            fix=fixes.join_fixes((*joined.fix, *finding.fix)),
        )
    return list(causes.values())
