"""A change set: what it changes, as a table, and its execution."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.deploy.account import DeploymentAccount
from tools.deploy.aws_errors import one_sentence
from tools.deploy.errors import DeployError

# The order of the table: what can lose data comes first.
ACTIONS = ("remove", "replace", "may replace", "change", "add", "other")
_STYLES = {
    "remove": "red",
    "replace": "red",
    "may replace": "yellow",
    "change": "",
    "add": "green",
    "other": "",
}
_CHANGES = {"True": "replace", "Conditional": "may replace"}
_POLL_SECONDS = 3.0
_LOCAL_POLL_SECONDS = 0.2
# CloudFormation gives this reason to everything that it stops because of a failure.
_CANCELLED = "cancelled"
_SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")

# An event of a stack, as CloudFormation describes it.
Event = Mapping[str, Any]


@dataclass(frozen=True)
class ResourceChange:
    """One resource that a change set adds, changes, replaces or removes: `action` is one of `ACTIONS`."""

    action: str
    resource: str
    type: str
    keeps_old: bool = False


class ChangeSet:
    """A change set of a stack. Each method raises `DeployError` if AWS refuses a call."""

    def __init__(self, account: DeploymentAccount, stack: str, arn: str, *, is_new: bool) -> None:
        self.is_new = is_new
        self._account = account
        self._stack = stack
        self._arn = arn
        self._cloudformation = account.client("cloudformation")
        self._poll_seconds = _LOCAL_POLL_SECONDS if account.endpoint_url else _POLL_SECONDS

    def changes(self) -> list[ResourceChange]:
        """Return the changes, in the order of the table."""
        with one_sentence(self._account.region):
            found = [_change(each["ResourceChange"]) for each in self._pages() if "ResourceChange" in each]
        return sorted(found, key=lambda each: (ACTIONS.index(each.action), each.type, each.resource))

    def discard(self) -> None:
        """Delete the change set, and the empty stack that CloudFormation made for it."""
        with one_sentence(self._account.region):
            if self.is_new:
                self._cloudformation.delete_stack(StackName=self._stack)
            else:
                self._cloudformation.delete_change_set(ChangeSetName=self._arn)

    def execute(self, console: Console, total: int) -> None:
        """Execute the change set and show progress until CloudFormation is done.

        `total` is the number of changes. Raises `DeployError` if the deployment fails.
        """
        with self._errors(), _progress(console) as progress:
            task = progress.add_task("Deploying", total=total)
            seen = {event["EventId"] for event in self._newest_events()}
            self._cloudformation.execute_change_set(ChangeSetName=self._arn)
            failed: list[Event] = []
            done: set[str] = set()
            status = ""
            while not status:
                time.sleep(self._poll_seconds)
                for event in self._new_events(seen):
                    status = status or _final_status(event)
                    if event["ResourceStatus"].endswith("_FAILED"):
                        failed.append(event)
                        progress.console.print(_failure(event), style="red", markup=False, highlight=False)
                    elif event["ResourceStatus"].endswith("_COMPLETE"):
                        done.add(event["LogicalResourceId"])
                progress.update(task, completed=min(len(done), total))
            if status in _SUCCEEDED:
                progress.update(task, completed=total)
                return
            sentence = self._failed(failed, status)
        raise DeployError(sentence)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with one_sentence(self._account.region):
                yield
        except KeyboardInterrupt:
            region = self._account.region
            raise DeployError(
                "Interrupted. CloudFormation continues with the deployment. Follow it: aws cloudformation "
                f"describe-stack-events --stack-name {self._stack} --region {region}"
            ) from None

    def _pages(self) -> Iterator[Any]:
        pages = self._cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=self._arn)
        return (change for page in pages for change in page.get("Changes", []))

    def _newest_events(self) -> list[Event]:
        found: list[Event] = self._cloudformation.describe_stack_events(StackName=self._stack)["StackEvents"]
        return found

    def _new_events(self, seen: set[str]) -> Iterator[Event]:
        """Yield the events that are not in `seen`, oldest first, and add them to it."""
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self._stack)
        new: list[Event] = []
        for page in pages:
            unseen = [event for event in page["StackEvents"] if event["EventId"] not in seen]
            new += unseen
            if len(unseen) < len(page["StackEvents"]):
                break
        seen |= {event["EventId"] for event in new}
        return reversed(new)

    def _failed(self, failed: Sequence[Event], status: str) -> str:
        causes = [event for event in failed if _CANCELLED not in event.get("ResourceStatusReason", "")]
        reason = _failure(causes[0]) if causes else f"The stack is in the status {status}."
        if not self.is_new:
            return (
                f"The deployment failed, and the stack is as before. {reason} Fix that, and run the command "
                "again."
            )
        region = self._account.region
        delete = f"aws cloudformation delete-stack --stack-name {self._stack} --region {region}"
        return (
            f"The first deployment failed. {reason} Fix that, delete what is left of the stack, and run the "
            f"command again: {delete}{self._left_over()}"
        )

    def _left_over(self) -> str:
        """Return a sentence about the resources that CloudFormation has kept; empty if there are none."""
        kept = {
            f"{event['LogicalResourceId']} ({event['PhysicalResourceId']})"
            for event in self._newest_events()
            if event["ResourceStatus"] == "DELETE_SKIPPED"
        }
        return f". These stay, and you can delete them: {', '.join(sorted(kept))}" if kept else ""


def show_changes(console: Console, changes: Sequence[ResourceChange], *, is_new: bool) -> None:
    """Print a first deployment as numbers of resources by service, and any other one as a table."""
    if is_new:
        _show_summary(console, changes)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("change", "resource", "type"):
        table.add_column(heading, overflow="fold")
    for each in changes:
        kept = " (AWS keeps the old one)" if each.keeps_old else ""
        table.add_row(f"{each.action}{kept}", each.resource, each.type, style=_STYLES[each.action])
    console.print(table)


def _show_summary(console: Console, changes: Sequence[ResourceChange]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    by_service: dict[str, Counter[str]] = {}
    for each in changes:
        _, service, kind = each.type.split("::")
        by_service.setdefault(service, Counter())[kind] += 1
    for service, kinds in sorted(by_service.items()):
        table.add_row(service, ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
    console.print(f"A new stack with {len(changes)} resources:")
    console.print(table)


def _change(found: Mapping[str, Any]) -> ResourceChange:
    action = {
        "Add": "add",
        "Remove": "remove",
        "Modify": _CHANGES.get(found.get("Replacement", ""), "change"),
    }.get(found["Action"], "other")
    keeps_old = action in ("remove", "replace") and "Retain" in found.get("PolicyAction", "")
    return ResourceChange(action, found["LogicalResourceId"], found["ResourceType"], keeps_old)


def _final_status(event: Event) -> str:
    """Return the status of the stack if `event` is its last one, else an empty text."""
    is_of_stack = event.get("PhysicalResourceId") == event["StackId"]
    status = str(event["ResourceStatus"])
    return status if is_of_stack and not status.endswith("_IN_PROGRESS") else ""


def _failure(event: Event) -> str:
    reason = " ".join(event.get("ResourceStatusReason", "CloudFormation gave no reason").split()).rstrip(".")
    return f"{event['LogicalResourceId']} failed: {reason}."


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)
