"""The command line: ask once, run, print the table. Tables are for people, `--json` is for scripts."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from tools.first_account.claims import CLAIMS
from tools.first_account.output import (
    COMMAND,
    describe_claims,
    plan_as_json,
    show_left,
    show_plan,
    show_run,
)
from tools.first_account.parts import delete_stacks, leftovers
from tools.first_account.run import DEFAULT_SENDER, check_place, new_account, run_claims
from tools.pool_admin.cli import Json, Profile, Yes
from tools.pool_admin.context import AwsAccount
from tools.pool_admin.errors import to_admin_error
from tools.pool_admin.exit_codes import DECLINED, FAILED
from tools.pool_admin.output import Output

__all__ = ["COMMAND", "app"]

HELP = """Try on a real AWS account what AWS's documents leave open, with throw-away stacks.

The command asks once before it creates anything, and deletes everything at the end, even after an error or
Ctrl-C. docs/first-account.md describes each claim. Exit codes: 0 done, 2 wrong options, 3 failed or something
is left, 4 declined.
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Region = Annotated[str | None, typer.Option(help="The region.")]
# As a variable it would reach the clients of boto3 anyway, but not the rules for a local AWS.
EndpointUrl = Annotated[
    str | None, typer.Option(envvar="AWS_ENDPOINT_URL", help="The address of a local AWS.")
]
Sender = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="An address that SES may send from, if a claim asks for it. Emails go to the simulator of "
        "SES only.",
    ),
]
ListClaims = Annotated[bool, typer.Option("--list", help="List the claims. Calls nothing.")]
Delete = Annotated[bool, typer.Option("--delete", help="Delete what earlier runs left in this region.")]


@app.command(help=HELP)
def first_account(
    yes: Yes = False,
    delete: Delete = False,
    list_claims: ListClaims = False,
    sender: Sender = DEFAULT_SENDER,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Run the command that `HELP` describes."""
    output = Output(as_json=as_json)
    if list_claims:
        typer.echo(describe_claims(CLAIMS))
        return
    aws = AwsAccount(profile, region, endpoint_url)
    with _errors_as_sentences(output), _termination_as_interrupt():
        if delete:
            _delete_leftovers(output, aws, yes=yes)
        else:
            _run(output, aws, sender, yes=yes)


def _run(output: Output, aws: AwsAccount, sender: str, *, yes: bool) -> None:
    place = check_place(aws)
    account = new_account(aws, place, sender, output.print_line)
    run_id = account.parts.run
    if output.as_json and not yes:
        output.result("", plan_as_json(place, run_id))
        return
    show_plan(output, place, run_id)
    _confirm(output, "Continue?", yes=yes)
    run = run_claims(account, output.print_line)
    show_run(output, place, run_id, run)
    if run.problem or run.left:
        raise typer.Exit(FAILED)


def _delete_leftovers(output: Output, aws: AwsAccount, *, yes: bool) -> None:
    cloudformation = aws.client("cloudformation")
    names = list(leftovers(cloudformation))
    for name in names:
        output.print_line(name)
    if names:
        _confirm(output, "Delete these stacks?", yes=yes)
    pause = 0.1 if aws.is_local else 5.0
    left = delete_stacks(cloudformation, names, output.print_line, pause)
    if output.as_json:
        output.result("", {"left": [{"stack": each.stack, "reason": each.reason} for each in left]})
    show_left(output, left, str(cloudformation.meta.region_name))
    if left:
        raise typer.Exit(FAILED)


def _confirm(output: Output, question: str, *, yes: bool) -> None:
    """Ask for confirmation, unless `yes`. A no exits with `DECLINED`."""
    if yes:
        return
    # Without a terminal the input is empty, which means no.
    output.print_line(f"{question} [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        output.print_line("Nothing was changed.")
        raise typer.Exit(DECLINED)


@contextmanager
def _errors_as_sentences(output: Output) -> Iterator[None]:
    try:
        yield
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        output.error(f"Interrupted. `{COMMAND} --delete` deletes what a run left.")
        raise typer.Exit(FAILED) from None
    except Exception as error:
        output.error(str(to_admin_error(error)))
        raise typer.Exit(FAILED) from None


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """In the body, the end of the terminal and SIGTERM are like Ctrl-C, so that the stacks are deleted."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
