"""All the rules over all the facts."""

from tools.pool_admin.doctor import addresses, clients, hosted, pool, senders, stack, unchecked
from tools.pool_admin.doctor.facts import Facts, Finding, Severity


def findings(facts: Facts) -> list[Finding]:
    """Everything that was found, the worst first."""
    rules = (addresses, clients, hosted, pool, senders, stack, unchecked)
    found = [finding for look in rules for finding in look.look(facts)]
    return sorted(found, key=lambda finding: -finding.severity)


def exit_code(found: list[Finding]) -> int:
    """0 for notes or nothing, 1 for warnings, 2 for errors."""
    return int(max((finding.severity for finding in found), default=Severity.NOTE))
