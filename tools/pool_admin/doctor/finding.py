"""The findings that the checks return."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from tools.pool_admin import fixes
from tools.pool_admin.fixes import Fix


class Severity(IntEnum):
    """How bad a finding is."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True)
class Finding:
    """One cause: `what` is wrong in the resources `about`, `why` that matters, and how to `fix` it."""

    severity: Severity
    about: tuple[str, ...]
    what: str
    why: str
    fix: tuple[Fix, ...]

    @classmethod
    def of(cls, severity: Severity, about: str, what: str, why: str, *fix: Fix | str) -> "Finding":
        """The finding about one resource. A text is a fix without options."""
        return cls(
            severity, (about,), what, why, tuple(Fix(step) if isinstance(step, str) else step for step in fix)
        )


def grouped(found: Iterable[Finding]) -> list[Finding]:
    """Join the findings that differ in their resource alone, in the order of the first of each."""
    causes: dict[tuple[Severity, str, str], Finding] = {}
    for finding in found:
        cause = (finding.severity, finding.what, finding.why)
        known = causes.get(cause, replace(finding, about=(), fix=()))
        causes[cause] = replace(
            known,
            about=tuple(dict.fromkeys((*known.about, *finding.about))),
            fix=fixes.joined((*known.fix, *finding.fix)),
        )
    return list(causes.values())
