"""Run every check over the facts, and report the checks that could not run."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from tools.pool_admin.doctor import clients, custom_senders, hosted, pool, stack
from tools.pool_admin.doctor.facts import Facts, Finding, Severity, Unchecked
from tools.pool_admin.fixes import COMMAND


def findings(facts: Facts) -> list[Finding]:
    """Every finding, the worst first."""
    checks = (clients.check, custom_senders.check, hosted.check, pool.check, stack.check, _unchecked)
    found = [finding for check in checks for finding in check(facts)]
    return sorted(found, key=lambda finding: -finding.severity)


def exit_code(found: list[Finding]) -> int:
    """0 for notes or nothing, 1 for warnings, 2 for errors."""
    return int(max((finding.severity for finding in found), default=Severity.NOTE))


def _unchecked(facts: Facts) -> Iterator[Finding]:
    """A finding for every call that was refused, and one if no stack was named."""
    for call, denied in sorted({(fact.call, fact.denied) for fact in _all(facts)}):
        if denied:
            yield Finding(
                Severity.WARNING,
                "this check-up",
                f"was not allowed to call {call}.",
                "What it would have told is not known, which is not the same as good.",
                f"Give these credentials the right to {call}, and run the doctor again.",
            )
        else:
            yield Finding(
                Severity.NOTE,
                "this check-up",
                f"could not call {call}: it is not offered here.",
                "What it would have told is not known.",
                "Look at it in the console.",
            )
    if facts.stack is None:
        yield Finding(
            Severity.NOTE,
            "this check-up",
            "looked at the pool only, because no stack was named.",
            "Functions, permissions, SES, SNS and alarms belong to the stack.",
            f"{COMMAND} doctor {facts.pool_id} --stack STACK",
        )


def _all(value: Any) -> Iterator[Unchecked]:
    if isinstance(value, Unchecked):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from _all(getattr(value, each.name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _all(part)
