"""Plans, findings and standings, as a person reads them and as a script does."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from tools.pool_admin import mends
from tools.pool_admin.attach import Attach
from tools.pool_admin.changes import Change
from tools.pool_admin.detach import Detach
from tools.pool_admin.doctor.facts import Finding, Severity
from tools.pool_admin.pool import ATTRIBUTE
from tools.pool_admin.stack import CODE_ONLY
from tools.pool_admin.users import Standing
from tools.pool_admin.view import View, as_facts

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_KEPT = "Every other setting of the pool and of these app clients stays as it is."


def show_attach(view: View, attach: Attach, *, yes: bool) -> None:
    """Show the plan, ask unless told not to, and carry it out."""
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
        done = f"Attached. Check it: {mends.COMMAND} doctor {pool_id} --stack {attach.stack.name}"
        _attached(view, attach, done, facts)


def _attached(view: View, attach: Attach, done: str, facts: dict[str, Any]) -> None:
    # Also where nothing was left to do: the run before may have been cut off before it said so.
    listed = attach.plan.code_only is not None or attach.code_only
    left = mends.keep_code_only(attach.code_only) if listed else None
    view.result("\n".join(filter(None, (done, left))), facts | {"applied": True, "left_to_do": left})


def show_detach(view: View, detach: Detach, *, yes: bool) -> None:
    """Show the plan, ask unless told not to, and carry it out."""
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
    """Every finding, the worst first, and how many of each."""
    listed = [asdict(finding) | {"severity": finding.severity.name.lower()} for finding in found]
    for finding in () if view.as_json else found:
        heading = f"{finding.severity.name}  {finding.about} {finding.what}"
        view.people.print(Text(heading, style=_STYLES[finding.severity]), soft_wrap=True)
        view.say(f"  Why: {finding.why}")
        view.say(f"  Mend: {finding.mend}")
    counts = {severity: sum(f.severity is severity for f in found) for severity in reversed(Severity)}
    said = ", ".join(_many(count, severity.name.lower()) for severity, count in counts.items())
    worst = max((f.severity for f in found), default=Severity.NOTE)
    view.result(f"{said}.", {"pool": pool_id, "findings": listed}, _STYLES[worst] if worst else "green")


def show_standing(view: View, standing: Standing, *, limits_known: bool) -> None:
    """What is counted of a user."""
    facts = asdict(standing)
    if not limits_known:
        del facts["answer_wait"], facts["send_wait"]
    codes = _many(standing.codes_sent, "code")
    lines = [
        f"{codes} so far; the last message went out {_when(standing.last_sent_at)}.",
        _wrong(standing),
    ]
    if standing.open_until:
        lines.append(f"The newest code is unused, and good until {_when(standing.open_until)}.")
    if limits_known:
        lines.append(_waits(standing))
    view.result("\n".join(lines) if standing.known else "Nothing is counted of that user.", facts, style="")


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
    return False


def _wrong(standing: Standing) -> str:
    if not standing.wrong_answers:
        return "No wrong answers."
    wrong = _many(standing.wrong_answers, "wrong answer")
    return f"{wrong} in a row; the last was {_when(standing.last_wrong_at)}."


def _waits(standing: Standing) -> str:
    if standing.answer_wait is None:
        return "No answer is taken until `unlock`."
    if standing.answer_wait or standing.send_wait:
        return (
            f"The next answer is taken in {standing.answer_wait} s, "
            f"and the next message can go out in {standing.send_wait} s."
        )
    return "Nothing is held back."


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _when(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "never"
