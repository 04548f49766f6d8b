"""What every command can be given, and the one place where an error becomes a sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from tools.pool_admin.aws import Aws
from tools.pool_admin.declaration import Format
from tools.pool_admin.errors import plain
from tools.pool_admin.subjects import Purpose
from tools.pool_admin.view import View

HELP = """Attach one-time codes to a user pool that exists, check it, and look after its users.

Exit codes: 0 done, 2 wrong options, 3 failed, 4 declined. `doctor` exits with 0 if it finds notes at most,
with 10 for warnings and 20 for errors.
"""
# 2 is Click's own code for wrong options.
HEALTHY, FAILED, DECLINED, WARNINGS, ERRORS = 0, 3, 4, 10, 20

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
