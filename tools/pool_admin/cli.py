"""The commands, and those on pools. Each reads what was typed, calls one thing, and shows its outcome."""

import typer

from tools.pool_admin import cli_users
from tools.pool_admin.attach import Attach
from tools.pool_admin.aws import Aws
from tools.pool_admin.detach import Detach
from tools.pool_admin.doctor.collect import collect
from tools.pool_admin.doctor.run import exit_code, findings
from tools.pool_admin.options import (
    HELP,
    Accept,
    Clients,
    CodeOnly,
    MaybeStack,
    PoolId,
    Print,
    Replace,
    StackName,
    Yes,
    command,
)
from tools.pool_admin.place import Place
from tools.pool_admin.plan import Wish
from tools.pool_admin.report import show_attach, show_declaration, show_detach, show_findings
from tools.pool_admin.view import View

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
@command
def attach(
    view: View,
    aws: Aws,
    pool: PoolId,
    stack: StackName,
    client: Clients = None,
    code_only_client: CodeOnly = None,
    yes: Yes = False,
    replace: Replace = False,
    accept: Accept = None,
    lines: Print = None,
) -> None:
    """Show what would change in a pool and its app clients, ask, and change it."""
    wish = Wish(tuple(client or ()), tuple(code_only_client or ()), replace, tuple(accept or ()))
    planned = Attach.of(Place.of(aws, pool), stack, wish, to_print=lines is not None)
    if lines:
        show_declaration(view, planned.declaration, lines)
    else:
        show_attach(view, planned, yes=yes)


@app.command()
@command
def detach(view: View, aws: Aws, pool: PoolId, yes: Yes = False, accept: Accept = None) -> None:
    """Undo the changes of attach, and keep later changes by others."""
    show_detach(view, Detach.of(Place.of(aws, pool), accept or ()), yes=yes)


@app.command()
@command
def doctor(view: View, aws: Aws, pool: PoolId, stack: MaybeStack = None) -> None:
    """Find bypasses of the code, and settings that conflict with it. Changes nothing."""
    found = findings(collect(Place.of(aws, pool), stack))
    show_findings(view, pool, found)
    raise typer.Exit(exit_code(found))


for on_users in (cli_users.status, cli_users.unlock, cli_users.send_test):
    app.command()(on_users)
