"""What a command prints: for people, or one JSON document for scripts."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from tools.pool_admin import fixes
from tools.pool_admin.attachment.attach import Attach
from tools.pool_admin.attachment.declaration import Declaration, Format, lines
from tools.pool_admin.attachment.detach import Detach
from tools.pool_admin.aws_resources.backup import POOL
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import Change
from tools.pool_admin.aws_resources.stack import CODE_ONLY
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.exit_codes import DECLINED
from tools.pool_admin.users.counter_keys import Purpose, Subject
from tools.pool_admin.users.counters import Standing


class View:
    """With `as_json`, standard output carries the JSON document alone."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.people = Console(stderr=as_json, highlight=False)

    def say(self, sentence: str, style: str = "") -> None:
        _print(self.people, sentence, style)

    def result(self, sentence: str, facts: Mapping[str, Any], style: str = "green") -> None:
        """The outcome of a command, in one of its two forms."""
        if self.as_json:
            print(json.dumps(facts))
        else:
            self.say(sentence, style)

    def error(self, sentence: str) -> None:
        if self.as_json:
            print(json.dumps({"error": sentence}))
        else:
            _print(Console(stderr=True, highlight=False), sentence, "red")

    def changes(
        self, by_target: Mapping[str, Sequence[Change]], steps: Iterable[str], notes: Iterable[str]
    ) -> None:
        """A plan, as a diff that can be read aloud."""
        for target, changes in by_target.items():
            self.say("User pool" if target == POOL else f"App client {target}", style="bold")
            for change in changes:
                self.say(f"  {change}")
        for step in steps:
            self.say(step, style="bold")
        for note in notes:
            self.say(f"Note: {note}", style="yellow")

    def sure(self, question: str) -> bool:
        """Ask; nobody there to answer is a no."""
        self.say(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def as_facts(by_target: Mapping[str, Sequence[Change]]) -> dict[str, list[dict[str, Any]]]:
    """Changes for a JSON document."""
    return {
        target: [{"setting": ".".join(c.path), "before": c.before, "after": c.after} for c in changes]
        for target, changes in by_target.items()
    }


def many(count: int, what: str) -> str:
    """A count of something, in a sentence."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _print(console: Console, sentence: str, style: str) -> None:
    # Text, not markup: a name with [brackets] in it stays as it is. A pipe gets the sentence on one line.
    console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)


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


def show_standing(view: View, standing: Standing, *, limits_known: bool) -> None:
    """What is counted of a user or an address."""
    facts = _named(standing.subject) | {k: v for k, v in asdict(standing).items() if k != "subject"}
    if not limits_known:
        del facts["answer_wait"], facts["send_wait"]
    codes = many(standing.codes_sent, "code")
    lines = [
        f"{codes} so far; the last message went out {_when(standing.last_sent_at)}.",
        _wrong(standing),
    ]
    if standing.open_until:
        lines.append(f"The newest code is unused, and good until {_when(standing.open_until)}.")
    if limits_known:
        lines.append(_waits(standing))
    said = "\n".join(lines) if standing.known else f"{_nothing(standing.subject.purpose)}."
    view.result(said, facts, style="")


def show_unlocked(view: View, subject: Subject, *, known: bool) -> None:
    """What an unlock did, and for which codes: those of another purpose are locked by themselves."""
    purpose = subject.purpose
    done = f"The {purpose.who} can go on with {purpose.value} codes at once."
    said = done if known else f"{_nothing(purpose)}: nothing to unlock."
    view.result(said, _named(subject) | {"unlocked": known})


def _named(subject: Subject) -> dict[str, Any]:
    return {"subject": subject.name, "purpose": subject.purpose.value}


def _nothing(purpose: Purpose) -> str:
    return f"No {purpose.value} codes are counted of that {purpose.who}"


def _wrong(standing: Standing) -> str:
    if not standing.wrong_answers:
        return "No wrong answers."
    wrong = many(standing.wrong_answers, "wrong answer")
    return f"{wrong} in a row; the last was {_when(standing.last_wrong_at)}."


def _waits(standing: Standing) -> str:
    if standing.answer_wait is None:
        return f"No answer is taken until `unlock` with --purpose {standing.subject.purpose.value}."
    if standing.answer_wait or standing.send_wait:
        return (
            f"The next answer is taken in {standing.answer_wait} s, "
            f"and the next message can go out in {standing.send_wait} s."
        )
    return "Nothing is held back."


def _when(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "never"
