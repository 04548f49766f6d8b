"""Plans and findings, as a person reads them and as a script does."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import typer
from rich.text import Text

from tools.pool_admin import fixes
from tools.pool_admin.attach import Attach
from tools.pool_admin.changes import Change
from tools.pool_admin.declaration import Declaration, Format, lines
from tools.pool_admin.detach import Detach
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.options import DECLINED
from tools.pool_admin.pool import ATTRIBUTE
from tools.pool_admin.stack import CODE_ONLY
from tools.pool_admin.view import View, as_facts, many

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_KEPT = "Every other setting of the pool and of these app clients stays as it is."


def show_attach(view: View, attach: Attach, *, yes: bool) -> None:
    """Show the plan, ask for confirmation unless `yes`, and apply it. Exits with `DECLINED` after a no."""
    plan, pool_id = attach.plan, attach.place.pool.pool_id
    facts: dict[str, Any] = {
        "pool": pool_id,
        "stack": attach.stack.name,
        "changes": as_facts(plan.record.changes),
    }
    facts |= {
        "changes": as_facts(plan.record.changes),
        "code_only_clients": plan.code_only,
        "permissions": plan.record.permissions,
        "notes": plan.notes,
    }
    if plan.is_empty:
        _attached(view, attach, "Everything is as it should be: nothing to do.", facts)
        return
    steps = [f"Let the pool call {arn}" for arn in plan.record.permissions]
    if plan.record.attribute:
        steps.append(f"Add the attribute {ATTRIBUTE} to the pool, for good: a pool never loses one again")
    if plan.code_only is not None:
        steps.append(
            f"Set {CODE_ONLY} of the stack {attach.stack.name} to {','.join(plan.code_only) or 'nothing'}"
        )
    if _agreed(view, plan.record.changes, steps, plan.notes, facts, yes=yes):
        attach.carry_out()
        done = f"Attached. Check it: {fixes.COMMAND} doctor {pool_id} --stack {attach.stack.name}"
        _attached(view, attach, done, facts)


def _attached(view: View, attach: Attach, done: str, facts: dict[str, Any]) -> None:
    # Also where nothing was left to do: the run before may have been cut off before it said so.
    # A stack's own pool has no such list: its CODE_ONLY client is the stack's.
    listed = not attach.stack.makes_pool and (attach.plan.code_only is not None or attach.code_only)
    left = fixes.keep_code_only(attach.code_only) if listed else None
    view.result("\n".join(filter(None, (done, left))), facts | {"applied": True, "left_to_do": left})


def show_declaration(view: View, declaration: Declaration, form: Format) -> None:
    """Print the lines for the tool that manages the pool. Changes nothing."""
    text = lines(declaration, form)
    if view.as_json:
        view.result("", {"pool": declaration.pool_id, "stack": declaration.stack, form.value: text})
    else:
        # As it is: these lines are copied or piped into a file.
        print(text)


def show_detach(view: View, detach: Detach, *, yes: bool) -> None:
    """Show the plan, ask for confirmation unless `yes`, and apply it. Exits with `DECLINED` after a no."""
    facts: dict[str, Any] = {
        "pool": detach.record.pool_id,
        "stack": detach.record.stack,
        "changes": as_facts(detach.changes),
    }
    facts |= {
        "changes": as_facts(detach.changes),
        "code_only_clients": detach.code_only,
        "notes": detach.notes,
    }
    steps = [f"No longer let the pool call {arn}" for arn in detach.record.permissions]
    if detach.code_only is not None:
        steps.append(
            f"Set {CODE_ONLY} of the stack {detach.record.stack} to {','.join(detach.code_only) or 'nothing'}"
        )
    if _agreed(view, detach.changes, steps, detach.notes, facts, yes=yes):
        detach.carry_out()
        view.result("Detached. The pool is as it was before.", facts | {"applied": True})


def show_findings(view: View, pool_id: str, found: Sequence[Finding]) -> None:
    """Every finding, the worst first, and how many of each severity."""
    listed = [
        asdict(finding)
        | {"severity": finding.severity.name.lower(), "fix": [str(step) for step in finding.fix]}
        for finding in found
    ]
    for finding in () if view.as_json else found:
        heading = f"{finding.severity.name}  {finding.what}"
        view.people.print(Text(heading, style=_STYLES[finding.severity]), soft_wrap=True)
        view.say(f"  In: {', '.join(finding.about)}")
        view.say(f"  Why: {finding.why}")
        for step in finding.fix:
            view.say(f"  Fix: {step}")
    counts = {severity: sum(f.severity is severity for f in found) for severity in reversed(Severity)}
    said = ", ".join(many(count, severity.name.lower()) for severity, count in counts.items())
    worst = max((f.severity for f in found), default=Severity.NOTE)
    view.result(f"{said}.", {"pool": pool_id, "findings": listed}, _STYLES[worst] if worst else "green")


def _agreed(
    view: View,
    changes: Mapping[str, Sequence[Change]],
    steps: Sequence[str],
    notes: Sequence[str],
    facts: dict[str, Any],
    *,
    yes: bool,
) -> bool:
    if view.as_json and not yes:
        # A script that does not say --yes wants to see the plan.
        view.result("", facts | {"applied": False})
        return False
    view.changes(changes, steps, notes)
    view.say(_KEPT)
    if yes or view.sure("Go on?"):
        return True
    view.say("Nothing was changed.")
    raise typer.Exit(DECLINED)
