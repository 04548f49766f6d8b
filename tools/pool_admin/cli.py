"""The commands: each reads its options, calls one function, and prints the result."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from tools.pool_admin.attachment.attach import Attach
from tools.pool_admin.attachment.declaration import Format
from tools.pool_admin.attachment.detach import Detach
from tools.pool_admin.attachment.plan import Wish
from tools.pool_admin.context import Aws, Place
from tools.pool_admin.doctor.collect import collect
from tools.pool_admin.doctor.run import exit_code, findings
from tools.pool_admin.errors import plain
from tools.pool_admin.exit_codes import FAILED
from tools.pool_admin.output import (
    View,
    show_attach,
    show_declaration,
    show_detach,
    show_findings,
    show_standing,
    show_unlocked,
)
from tools.pool_admin.users.commands import people_of, send_test_of
from tools.pool_admin.users.counter_keys import Purpose

HELP = """Attach one-time codes to a user pool that exists, check it, and look after its users.

Exit codes: 0 done, 2 wrong options, 3 failed, 4 declined. `doctor` exits with 0 if it finds notes at most,
with 10 for warnings and 20 for errors.
"""

PoolId = Annotated[
    str, typer.Argument(metavar="POOL", help="The user pool's id, such as eu-central-1_AbCdEfGhI.")
]
StackName = Annotated[str, typer.Option("--stack", metavar="NAME", help="The stack, in the pool's region.")]
MaybeStack = Annotated[str | None, typer.Option("--stack", metavar="NAME", help="The stack.")]
User = Annotated[
    str,
    typer.Argument(
        metavar="USER", help="A user's sub, or what they sign in with; for `--purpose token` an address."
    ),
]
For = Annotated[
    Purpose,
    typer.Option("--purpose", help="Which codes: of a sign-in, of /step-up, or of /createToken."),
]
TableName = Annotated[str | None, typer.Option("--table", help="The table, if the stack is not to be asked.")]
Clients = Annotated[
    list[str] | None, typer.Option("--client", metavar="ID", help="An app client: a password, then a code.")
]
CodeOnly = Annotated[
    list[str] | None,
    typer.Option("--code-only-client", metavar="ID", help="An app client: a code instead of a password."),
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
        help="Go on though AWS may reset this setting, which is new to this tool.",
    ),
]
Print = Annotated[
    Format | None,
    typer.Option("--print", help="Print the lines for the tool that manages the pool, and change nothing."),
]
To = Annotated[str, typer.Option(metavar="ADDRESS", help="An email address, or a number with +.")]

_EVERY_COMMAND = {
    "as_json": (False, Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]),
    "profile": (None, Annotated[str | None, typer.Option(help="The AWS profile to use.")]),
    "region": (None, Annotated[str | None, typer.Option(help="The region; a pool's id names its own.")]),
    "endpoint_url": (None, Annotated[str | None, typer.Option(help="Where AWS is, if it is a local one.")]),
}


def command(body: Callable[..., None]) -> Callable[..., None]:
    """A command of `body(view, aws, ...)`: its own options, and those that say how to print and which AWS.

    Whatever it raises ends as one sentence, never as a traceback.
    """
    shared = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (default, kind) in _EVERY_COMMAND.items()
    ]
    own = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in signature(body).parameters.values()]
    options = [*own[2:], *shared]

    def run(
        *, as_json: bool, profile: str | None, region: str | None, endpoint_url: str | None, **typed: Any
    ) -> None:
        view = View(as_json=as_json)
        with _plainly(view):
            body(view, Aws(profile, region, endpoint_url), **typed)

    # Typer reads the options off a function's signature and annotations.
    run.__name__, run.__doc__ = body.__name__, body.__doc__
    run.__annotations__ = {each.name: each.annotation for each in options}
    vars(run)["__signature__"] = Signature(options)
    return run


@contextmanager
def _plainly(view: View) -> Iterator[None]:
    try:
        yield
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        view.error("Stopped. What was begun is taken up when you run the command again.")
        raise typer.Exit(FAILED) from None
    except Exception as error:
        view.error(str(plain(error)))
        raise typer.Exit(FAILED) from None


@command
def status(
    view: View,
    aws: Aws,
    user: User,
    purpose: For = Purpose.SIGN_IN,
    stack: MaybeStack = None,
    table: TableName = None,
) -> None:
    """Show what is counted of a user or an address: messages and wrong answers, never a code."""
    people = people_of(aws, stack, table)
    show_standing(view, people.standing(user, purpose), limits_known=people.limits_known)


@command
def unlock(
    view: View,
    aws: Aws,
    user: User,
    purpose: For = Purpose.SIGN_IN,
    stack: MaybeStack = None,
    table: TableName = None,
) -> None:
    """Forget the wrong answers and used-up messages of one purpose. A code that was used stays used."""
    subject, known = people_of(aws, stack, table).unlock(user, purpose)
    show_unlocked(view, subject, known=known)


@command
def send_test(view: View, aws: Aws, stack: StackName, to: To) -> None:
    """Send one message without a code, as the stack would, and say what the provider thinks of it."""
    taken = send_test_of(aws, stack, to)
    view.result(
        f"{taken.provider} took the message ({taken.message_id}). Look whether it arrives. It was sent "
        "with your rights, not with those of the function.",
        asdict(taken),
    )


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


for on_users in (status, unlock, send_test):
    app.command()(on_users)
