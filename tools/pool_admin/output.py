"""Prints the results of the commands: sentences for people, or one JSON document for scripts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from passcode.channels.channel import AddressFault
from tools.pool_admin import fixes
from tools.pool_admin.attachment.declaration import Declaration, Format, declaration_text
from tools.pool_admin.attachment.detach import DetachPlan
from tools.pool_admin.attachment.plan import AttachPlan
from tools.pool_admin.aws_resources.backup import POOL
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import SettingChange
from tools.pool_admin.aws_resources.stack import CODE_ONLY, PROVIDER
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.unusable import REASONS
from tools.pool_admin.users.commands import ResetPlan
from tools.pool_admin.users.counter_keys import Subject
from tools.pool_admin.users.counters import RecordState
from tools.pool_admin.users.send_test import SentMessage
from tools.pool_admin.users.suppression import Suppression

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


class Output:
    """The output of one command. With `as_json`, standard output has the JSON document alone."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(stderr=as_json, highlight=False)

    def print_line(self, sentence: str, style: str = "") -> None:
        """Print a sentence for people. With `as_json` it goes to standard error."""
        _print(self.console, sentence, style)

    def result(self, sentence: str, facts: Mapping[str, Any], style: str = "green") -> None:
        """Print the result of a command, as `sentence` or as the JSON of `facts`."""
        if self.as_json:
            print(json.dumps(facts))
        else:
            self.print_line(sentence, style)

    def error(self, sentence: str) -> None:
        """Print an error."""
        if self.as_json:
            print(json.dumps({"error": sentence}))
        else:
            _print(Console(stderr=True, highlight=False), sentence, "red")


@dataclass(frozen=True)
class PlanReport:
    """A plan as it is shown. `facts` are its JSON; `changes` are by app client and `POOL`.

    `unchanged` is the sentence about everything that the plan does not change.
    """

    facts: Mapping[str, Any]
    changes: Mapping[str, Sequence[SettingChange]]
    steps: Sequence[str]
    notes: Sequence[str]
    unchanged: str = "All other settings of the pool and of these app clients stay as they are."


def report_of_attach(plan: AttachPlan, *notes: str) -> PlanReport:
    """Return the report of an attach. `notes` are those of its steps."""
    backup = plan.backup
    steps = [f"Allow the pool to call {arn}" for arn in backup.permissions]
    if backup.attribute:
        steps.append(f"Add the attribute {ATTRIBUTE} to the pool. Cognito cannot remove it again")
    if plan.acr_mapping is not None:
        steps.append(f"Set AcrMapping of the identity provider {PROVIDER}. `detach` does not undo it")
    report = _report(plan, plan.stack.name, backup.changes, steps, notes)
    return replace(report, facts={**report.facts, "acr_mapping": plan.acr_mapping})


def report_of_detach(plan: DetachPlan, *notes: str) -> PlanReport:
    """Return the report of a detach. `notes` are those of its steps."""
    steps = [f"No longer allow the pool to call {arn}" for arn in plan.backup.permissions]
    return _report(plan, plan.backup.stack, plan.changes, steps, (*plan.hints, *notes))


def report_of_reset(plan: ResetPlan) -> PlanReport:
    """The report of a reset."""
    steps = [f"Clear the record {state.kind}: {_counts(state)}" for state in plan.records]
    notes = []
    if any(state.open_until for state in plan.records):
        notes.append(f"An open code ends. The {plan.subject.recipient} has to request a new one.")
    unchanged = "The evidence of accepted codes, the SMS limits and all other users stay as they are."
    return PlanReport(_reset_as_json(plan), {}, steps, notes, unchanged)


def _report(
    plan: AttachPlan | DetachPlan,
    stack: str,
    changes: Mapping[str, Sequence[SettingChange]],
    steps: list[str],
    more_notes: Sequence[str],
) -> PlanReport:
    if plan.code_only is not None:
        steps.append(_code_only_step(stack, plan.code_only))
    if plan.restores_mfa:
        steps.append(f"Restore Cognito's own MFA: {plan.mfa.get('MfaConfiguration', 'OFF')}")
    notes = (*plan.notes, *more_notes)
    facts = {
        "pool": plan.backup.pool_id,
        "stack": stack,
        "changes": changes_as_json(changes),
        "code_only_clients": plan.code_only,
        "permissions": plan.backup.permissions,
        "restored_mfa": plan.mfa if plan.restores_mfa else None,
        "notes": notes,
    }
    return PlanReport(facts, changes, steps, notes)


def show_plan(output: Output, report: PlanReport) -> None:
    """Show every change, step and note of a plan."""
    for target, changes in report.changes.items():
        output.print_line("User pool" if target == POOL else f"App client {target}", style="bold")
        for change in changes:
            output.print_line(f"  {change}")
    for step in report.steps:
        output.print_line(step, style="bold")
    for note in report.notes:
        output.print_line(f"Note: {note}", style="yellow")
    output.print_line(report.unchanged)


def show_unapplied(output: Output, report: PlanReport) -> None:
    """Print the JSON of a plan that was not applied."""
    output.result("", {**report.facts, "applied": False})


def show_attached(output: Output, plan: AttachPlan, notes: Sequence[str] = ()) -> None:
    """Show the result of an attach with the `notes` of its steps, and the setting for later deployments."""
    pool_id, clients = plan.backup.pool_id, plan.code_only_afterwards
    if plan.is_empty:
        done = "Everything is attached: nothing to do."
    else:
        done = f"Attached. Check it: {fixes.COMMAND} doctor {pool_id} --stack {plan.stack.name}"
    # Shown also if nothing was left to do: the run before can have been interrupted before it showed this.
    # A stack's own pool has no such parameter.
    has_list = not plan.stack.makes_pool and (plan.code_only is not None or clients)
    left_to_do = fixes.keep_code_only(clients) if has_list else None
    facts = report_of_attach(plan, *notes).facts
    lines = (*(f"Note: {note}" for note in notes), done, left_to_do)
    output.result("\n".join(filter(None, lines)), {**facts, "applied": True, "left_to_do": left_to_do})


def show_detached(output: Output, plan: DetachPlan, notes: Sequence[str] = ()) -> None:
    """Show the result of a detach. `notes` are those of its steps: settings that are not restored."""
    report = report_of_detach(plan, *notes)
    if exceptions := (*plan.notes, *notes):
        done = "\n".join(("Detached. The old settings are restored, except:", *exceptions))
    else:
        done = "Detached. The old settings are restored."
    output.result(done, {**report.facts, "applied": True})


def show_declaration(output: Output, declaration: Declaration, form: Format) -> None:
    """Print the lines for the tool that manages the pool."""
    text = declaration_text(declaration, form)
    if output.as_json:
        output.result(
            "",
            {
                "pool": declaration.pool_id,
                "stack": declaration.stack,
                "notes": declaration.notes,
                form.value: text,
            },
        )
    else:
        # Without colors and line breaks, because these lines are copied or piped into a file.
        print(text)


def show_findings(output: Output, pool_id: str, findings: Sequence[Finding]) -> None:
    """Show every finding, the worst first, and the number of findings of each severity."""
    listed = [
        asdict(finding)
        | {"severity": finding.severity.name.lower(), "fix": [str(step) for step in finding.fix]}
        for finding in findings
    ]
    for finding in () if output.as_json else findings:
        heading = f"{finding.severity.name}  {finding.what}"
        output.console.print(Text(heading, style=_STYLES[finding.severity]), soft_wrap=True)
        output.print_line(f"  In: {', '.join(finding.about)}")
        output.print_line(f"  Why: {finding.why}")
        for step in finding.fix:
            output.print_line(f"  Fix: {step}")
    counts = {severity: sum(f.severity is severity for f in findings) for severity in reversed(Severity)}
    summary = ", ".join(pluralise(count, severity.name.lower()) for severity, count in counts.items())
    worst = max((f.severity for f in findings), default=Severity.NOTE)
    style = _STYLES[worst] if worst else "green"
    output.result(f"{summary}.", {"pool": pool_id, "findings": listed}, style)


def show_records(
    output: Output,
    subject: Subject,
    records: Sequence[RecordState],
    unusable: Mapping[str, AddressFault],
    suppression: Suppression | None = None,
    *,
    limits_known: bool,
) -> None:
    """Show the records of a user or an address. Unknown limits leave out the values that need them.

    `unusable` has the reason of each verified address that gets no code, by the name of the channel.
    `suppression` is the entry of the email address on the suppression list of SES.
    """
    listed = [asdict(state) for state in records]
    for each in () if limits_known else listed:
        for name in ("next_is_long", "messages_left", "message_wait", "answers_left"):
            del each[name]
    known = [state for state in records if state.known]
    lines = [line for state in known for line in _record_lines(state, limits_known=limits_known)]
    missing = [state.kind for state in records if not state.known]
    if missing:
        lines.append(f"No record: {', '.join(missing)}.")
    if not records:
        lines.append(_no_record(subject))
    for name, fault in unusable.items():
        lines.append(f"No code by {name} ({fault.value}): {' '.join(REASONS[fault])}")
    if suppression:
        lines.append(
            f"No email: {_suppression(suppression)} Fix the cause, then remove the address with `unsuppress`."
        )
    reasons = {name: fault.value for name, fault in unusable.items()}
    facts = _subject_as_json(subject) | {
        "records": listed,
        "unusable_addresses": reasons,
        "suppression": asdict(suppression) if suppression else None,
    }
    output.result("\n".join(lines), facts, style="")


def show_reset(output: Output, plan: ResetPlan) -> None:
    """Show the result of a reset: one line for the audit, with the time, the caller and the records."""
    at = datetime.now(UTC)
    facts = _reset_as_json(plan) | {"applied": bool(plan.records), "at": int(at.timestamp())}
    if not plan.records:
        output.result(f"{_no_record(plan.subject)} Nothing to reset.", facts)
        return
    names = ", ".join(f"{state.kind} ({_counts(state)})" for state in plan.records)
    output.result(
        f"{at:%Y-%m-%d %H:%M:%S} UTC: {plan.caller} cleared the records of {plan.subject.recipient} "
        f"{plan.subject.name}: {names}.",
        facts,
    )


def show_sent_message(output: Output, sent: SentMessage) -> None:
    """Show that a provider accepted the test message, and its delivery status, if that is known."""
    accepted = f"{sent.provider} accepted the message ({sent.message_id})."
    lines = [f"{accepted} It was sent with your permissions, not with those of the function."]
    if sent.suppression:
        lines.append(
            f"SES does not send it: {_suppression(sent.suppression)} `unsuppress` removes the address."
        )
    elif sent.outcome:
        lines.append(f"SES reports: {sent.outcome}.")
    elif sent.provider == "SES":
        lines.append(
            "SES has not reported a delivery status. The event is in the log of `delivery_events`, with this "
            "id as `message_id`. Check that the message arrives."
        )
    elif sent.provider == "End User Messaging":
        lines.append(
            "If SmsOptions has a configuration_set, its event is in the log of `delivery_events`, with this "
            "id as `message_id`. Check that the message arrives."
        )
    else:
        lines.append("SMS by SNS have no events. Check that the message arrives.")
    output.result("\n".join(lines), asdict(sent))


def report_of_unsuppress(address: str, suppression: Suppression) -> PlanReport:
    """The report of a removal from the suppression list."""
    step = f"Remove {address} from the suppression list: {_suppression(suppression)}"
    note = (
        "If the next email bounces or is reported as spam again, it counts against the account's reputation."
    )
    facts = {"address": address, "suppression": asdict(suppression)}
    return PlanReport(facts, {}, [step], [note], "The records of the user stay as they are.")


def show_unsuppressed(output: Output, address: str, suppression: Suppression | None) -> None:
    """Show that an address was removed from the suppression list, or that it was not on it."""
    facts = {"address": address, "applied": suppression is not None}
    if suppression is None:
        output.result("The address is not on the suppression list of this account and region.", facts)
    else:
        output.result(
            "Removed. The user gets the next code by email if the app asks for that channel.", facts
        )


def _suppression(suppression: Suppression) -> str:
    since = _format_time(suppression.since)
    return f"the address has been on the suppression list since {since}, reason {suppression.reason}."


def changes_as_json(changes: Mapping[str, Sequence[SettingChange]]) -> dict[str, list[dict[str, Any]]]:
    """Changes by app client and `POOL`, for a JSON document."""
    return {
        target: [{"setting": ".".join(c.path), "before": c.before, "after": c.after} for c in made]
        for target, made in changes.items()
    }


def pluralise(count: int, noun: str) -> str:
    """Return a number and its noun: "1 code", "2 codes"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _code_only_step(stack: str, clients: Sequence[str]) -> str:
    return f"Set {CODE_ONLY} of the stack {stack} to {','.join(clients) or 'an empty list'}"


def _subject_as_json(subject: Subject) -> dict[str, Any]:
    return {"subject": subject.name, "recipient": subject.recipient}


def _reset_as_json(plan: ResetPlan) -> dict[str, Any]:
    deleted = [
        {
            "kind": state.kind,
            "codes_issued": state.codes_issued,
            "wrong_today": state.wrong_today,
            "wrong_in_a_row": state.wrong_in_a_row,
        }
        for state in plan.records
    ]
    return _subject_as_json(plan.subject) | {"caller": plan.caller, "records": deleted}


def _no_record(subject: Subject) -> str:
    return f"This {subject.recipient} has no record."


def _counts(state: RecordState) -> str:
    wrong = pluralise(state.wrong_today, "wrong answer")
    return f"{pluralise(state.codes_issued, 'code')}, {wrong} today, {state.wrong_in_a_row} in a row"


def _record_lines(state: RecordState, *, limits_known: bool) -> list[str]:
    by_channel = ", ".join(f"{count} by {channel}" for channel, count in sorted(state.accepted_today.items()))
    last_message = _format_time(state.last_message_at)
    lines = [
        f"{state.kind}",
        f"  Codes: {state.codes_issued} issued. Last issued: {_format_time(state.last_issued_at)}.",
        f"  Last accepted: {_format_time(state.last_accepted_at)}.",
        f"  Last message: {last_message}{f', by {state.last_channel}' if state.last_channel else ''}.",
        f"  Wrong answers: {state.wrong_today} today, {state.wrong_in_a_row} in a row.",
        f"  Accepted today: {by_channel or 'none'}.",
    ]
    for channel, at in sorted(state.failed_at.items()):
        lines.append(
            f"  A message by {channel} failed: {_format_time(at)}. Codes go to another address, if any."
        )
    if state.open_until:
        lines.append(
            f"  The open code has {state.open_digits} digits. It expires at {_format_time(state.open_until)}."
        )
    if limits_known:
        length = "long (20 digits)" if state.next_is_long else "short"
        lines.append(
            f"  The next code is {length}. Wrong answers to short codes left today: {state.answers_left}."
        )
        wait = (
            f" The next one is allowed in {pluralise(state.message_wait, 'second')}."
            if state.message_wait
            else ""
        )
        lines.append(f"  Messages left: {state.messages_left}.{wait}")
    return lines


def _format_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else "never"


def _print(console: Console, sentence: str, style: str) -> None:
    # Text instead of markup, so that names with [brackets] are printed unchanged. A pipe gets one line.
    console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)
