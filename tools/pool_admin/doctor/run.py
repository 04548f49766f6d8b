"""Runs all checks on the facts, and reports the facts that are not known."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from tools.pool_admin.doctor import (
    account,
    addresses,
    clients,
    custom_senders,
    events,
    gateway,
    hosted,
    managed_login,
    phone,
    pool,
    stack,
)
from tools.pool_admin.doctor.facts import Facts, Reason, Unchecked
from tools.pool_admin.doctor.finding import Finding, Severity, group_findings
from tools.pool_admin.exit_codes import ERRORS, HEALTHY, WARNINGS
from tools.pool_admin.fixes import COMMAND, Fix, profile_option

_CHECKS = (
    clients,
    managed_login,
    pool,
    addresses,
    custom_senders,
    hosted,
    stack,
    gateway,
    phone,
    events,
    account,
)
_EXIT_CODES = {Severity.NOTE: HEALTHY, Severity.WARNING: WARNINGS, Severity.ERROR: ERRORS}
_NOT_KNOWN = "The results of these calls are not known, so a problem can be hidden."
_REASONS = {
    Reason.DENIED: (Severity.WARNING, "AWS denied calls.", "Allow these credentials to call:"),
    Reason.THROTTLED: (
        Severity.WARNING,
        "AWS throttled calls.",
        "Wait a minute, and run the command again, for:",
    ),
    Reason.NOT_OFFERED: (
        Severity.NOTE,
        "AWS does not have these calls here.",
        "Check their results in the console:",
    ),
    Reason.FAILED: (
        Severity.WARNING,
        "AWS answered calls with an error.",
        "Run the command again. If the error stays, read it with the AWS CLI, for:",
    ),
    Reason.UNREACHABLE: (
        Severity.WARNING,
        "Calls did not reach AWS.",
        "Check the network, and whether the region has the service, for:",
    ),
}


def run_checks(facts: Facts) -> list[Finding]:
    """Return all findings, the worst first. Findings with the same cause are joined."""
    findings = [finding for module in _CHECKS for finding in module.check(facts)]
    return sorted(
        group_findings([*findings, *_unchecked(facts), *_no_stack(facts)]),
        key=lambda finding: -finding.severity,
    )


def exit_code(findings: list[Finding]) -> int:
    """Return the exit code for the worst finding."""
    return _EXIT_CODES[max((finding.severity for finding in findings), default=Severity.NOTE)]


def _unchecked(facts: Facts) -> Iterator[Finding]:
    for fact in sorted(set(_unchecked_facts(facts)), key=lambda fact: (fact.call, fact.resource)):
        severity, what, fix = _REASONS[fact.reason]
        about = f"{fact.call} of {fact.resource}" if fact.resource else fact.call
        yield Finding.of(severity, about, what, _NOT_KNOWN, Fix(fix, (fact.call,)))


def _no_stack(facts: Facts) -> Iterator[Finding]:
    if facts.stack is None and facts.unread_stack is None:
        yield Finding.of(
            Severity.NOTE,
            "user pool",
            "Only the pool was checked, because no stack was named.",
            "Functions, permissions, SES, SNS, Lambda and alarms belong to the stack.",
            " ".join(
                (
                    f"{COMMAND} doctor {facts.pool_id} --stack {facts.stack_name}",
                    *profile_option(facts.profile),
                )
            ),
        )


def _unchecked_facts(value: Any) -> Iterator[Unchecked]:
    if isinstance(value, Unchecked):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from _unchecked_facts(getattr(value, each.name))
    elif isinstance(value, dict | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _unchecked_facts(part)
