"""The commands. Each reads its options, calls the functions that do the work, and prints the result."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from tools.pool_admin.attachment.attach import apply_attach, read_state
from tools.pool_admin.attachment.declaration import Declaration, Format
from tools.pool_admin.attachment.detach import apply_detach, plan_detach, read_attached_state
from tools.pool_admin.attachment.plan import AttachOptions, plan_attach
from tools.pool_admin.context import AdminContext, AwsAccount
from tools.pool_admin.doctor.collect import collect_facts
from tools.pool_admin.doctor.run import exit_code, run_checks
from tools.pool_admin.errors import OptionError, to_admin_error
from tools.pool_admin.exit_codes import DECLINED, FAILED, WRONG_OPTIONS
from tools.pool_admin.output import (
    Output,
    PlanReport,
    report_of_attach,
    report_of_detach,
    report_of_reset,
    report_of_unsuppress,
    show_attached,
    show_declaration,
    show_detached,
    show_findings,
    show_plan,
    show_records,
    show_reset,
    show_sent_message,
    show_unapplied,
    show_unsuppressed,
)
from tools.pool_admin.users.commands import UserCommands, caller_arn, send_test_message
from tools.pool_admin.users.suppression import SuppressionList, email_of

HELP = """Attach one-time codes to an existing user pool, check the pool, and help its users.

Exit codes: 0 done, 2 wrong options, 3 failed, 4 declined. `doctor` exits with 0 if it finds notes at most,
with 10 for warnings, and with 20 for errors.
"""

PoolId = Annotated[
    str, typer.Argument(metavar="POOL", help="The user pool's id, such as eu-central-1_AbCdEfGhI.")
]
StackName = Annotated[str, typer.Option("--stack", metavar="NAME", help="The stack, in the pool's region.")]
MaybeStack = Annotated[str | None, typer.Option("--stack", metavar="NAME", help="The stack.")]
User = Annotated[
    str,
    typer.Argument(
        metavar="USER",
        help="A user's sub or sign-in name. With `--address`: an email address or phone number.",
    ),
]
IsAddress = Annotated[
    bool, typer.Option("--address", help="USER is an address that gets codes of /createToken.")
]
TableName = Annotated[str | None, typer.Option("--table", help="The stack's table, instead of --stack.")]
Clients = Annotated[
    list[str] | None,
    typer.Option("--client", metavar="ID", help="An app client that asks for a password, then a code."),
]
CodeOnlyClients = Annotated[
    list[str] | None,
    typer.Option(
        "--code-only-client", metavar="ID", help="An app client that asks for a code, without a password."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Skip the confirmation prompt.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Allow replacing Lambda triggers that are already set.")
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="SETTING",
        help="Continue although AWS may reset this setting, which this release does not know.",
    ),
]
PrintAs = Annotated[
    Format | None,
    typer.Option("--print", help="Print the lines for the tool that manages the pool. Changes nothing."),
]
To = Annotated[str, typer.Option(metavar="ADDRESS", help="An email address, or a phone number with +.")]
Call = Annotated[bool, typer.Option("--call", help="Call the phone number, instead of sending an SMS.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]
Profile = Annotated[str | None, typer.Option(help="The AWS profile.")]
Region = Annotated[str | None, typer.Option(help="The region. Not needed with a pool's id, which names it.")]
EndpointUrl = Annotated[str | None, typer.Option(help="The address of a local AWS.")]

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@contextmanager
def session(
    as_json: bool, profile: str | None, region: str | None, endpoint_url: str | None
) -> Iterator[tuple[Output, AwsAccount]]:
    """Provide the output and the AWS account of a command.

    The context prints an error in the body as one sentence. The command then exits with `FAILED` or
    `WRONG_OPTIONS`.
    """
    output = Output(as_json=as_json)
    try:
        yield output, AwsAccount(profile, region, endpoint_url)
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        output.error("Interrupted. Run the command again to do the remaining steps.")
        raise typer.Exit(FAILED) from None
    except Exception as error:
        output.error(str(to_admin_error(error)))
        raise typer.Exit(WRONG_OPTIONS if isinstance(error, OptionError) else FAILED) from None


@app.command()
def attach(
    pool: PoolId,
    stack: StackName,
    client: Clients = None,
    code_only_client: CodeOnlyClients = None,
    yes: Yes = False,
    replace: Replace = False,
    accept: Accept = None,
    print_as: PrintAs = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show the changes to a pool and its app clients, ask for confirmation, and make them."""
    with session(as_json, profile, region, endpoint_url) as (output, aws):
        options = AttachOptions(
            tuple(client or ()),
            tuple(code_only_client or ()),
            replace,
            tuple(accept or ()),
            print_as is not None,
        )
        context = AdminContext.of(aws, pool)
        state = read_state(context, stack, options)
        plan = plan_attach(state, options)
        if print_as:
            show_declaration(output, Declaration.of(plan), print_as)
        elif plan.is_empty:
            show_attached(output, plan)
        elif confirm(output, report_of_attach(plan), yes=yes):
            show_attached(output, plan, apply_attach(context, plan))


@app.command()
def detach(
    pool: PoolId,
    yes: Yes = False,
    accept: Accept = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Undo the changes of attach, and keep later changes by others."""
    with session(as_json, profile, region, endpoint_url) as (output, aws):
        context = AdminContext.of(aws, pool)
        plan = plan_detach(read_attached_state(context), accept or ())
        if confirm(output, report_of_detach(plan), yes=yes):
            show_detached(output, plan, apply_detach(context, plan))


@app.command()
def doctor(
    pool: PoolId,
    stack: MaybeStack = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Find settings that bypass the code or conflict with it. Changes nothing."""
    with session(as_json, profile, region, endpoint_url) as (output, aws):
        facts = collect_facts(AdminContext.of(aws, pool), stack)
        findings = run_checks(facts)
        show_findings(output, pool, findings)
        raise typer.Exit(exit_code(findings))


@app.command()
def status(
    user: User,
    address: IsAddress = False,
    stack: MaybeStack = None,
    table: TableName = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show the records of a user or an address: messages, wrong answers and accepted codes, never a code."""
    with session(as_json, profile, region, endpoint_url) as (output, aws):
        users = UserCommands.of(aws, stack, table)
        subject, records = users.status(user, is_address=address)
        unusable = users.unusable(user, is_address=address)
        suppression = users.suppression(user, is_address=address)
        show_records(output, subject, records, unusable, suppression, limits_known=users.limits_known)


@app.command()
def reset(
    user: User,
    address: IsAddress = False,
    stack: MaybeStack = None,
    table: TableName = None,
    yes: Yes = False,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show the records of a user or an address, ask for confirmation, and clear them.

    New codes are short again, and the message rate starts again. A used code stays used.
    """
    with session(as_json, profile, region, endpoint_url) as (output, aws):
        users = UserCommands.of(aws, stack, table)
        plan = users.plan_reset(user, caller_arn(aws), is_address=address)
        if not plan.records:
            show_reset(output, plan)
        elif confirm(output, report_of_reset(plan), yes=yes):
            users.reset(plan)
            show_reset(output, plan)


@app.command()
def unsuppress(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The email address.")],
    yes: Yes = False,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show the entry of an address on the suppression list of SES, ask for confirmation, and remove it."""
    with session(as_json, profile, region, endpoint_url) as (output, aws):
        email, suppressed = email_of(address), SuppressionList(aws.client("sesv2"))
        found = suppressed.find(email)
        if found is None:
            show_unsuppressed(output, email, None)
        elif confirm(output, report_of_unsuppress(email, found), yes=yes):
            suppressed.remove(email)
            show_unsuppressed(output, email, found)


@app.command()
def send_test(
    stack: StackName,
    to: To,
    call: Call = False,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Send one message without a code, with the stack's settings, and show the gateway's response."""
    with session(as_json, profile, region, endpoint_url) as (output, aws):
        show_sent_message(output, send_test_message(aws, stack, to, is_call=call))


def confirm(output: Output, report: PlanReport, *, yes: bool) -> bool:
    """Show a plan and ask for confirmation. With `yes` it does not ask.

    A script (`--json`) without `yes` gets the plan, and the result is False. A no exits with `DECLINED`.
    """
    if output.as_json and not yes:
        show_unapplied(output, report)
        return False
    show_plan(output, report)
    if yes or _is_answered_yes(output, "Continue?"):
        return True
    output.print_line("Nothing was changed.")
    raise typer.Exit(DECLINED)


def _is_answered_yes(output: Output, question: str) -> bool:
    # Without a terminal the input is empty, which means no.
    output.print_line(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
