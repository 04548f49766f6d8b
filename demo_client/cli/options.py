"""The options of the commands, and the translation of errors to one sentence and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from demo_client.cli.view import View
from demo_client.errors import to_cli_error

_PARAGRAPHS = (
    "Sign in to Amazon Cognito with a one-time code.",
    (
        "Without --stack the commands use the local stack (make up). To use a pool on AWS, give --stack "
        "FILE, a file with the fields of .local/stack.json, or set these variables: PASSCODE_USER_POOL_ID, "
        "PASSCODE_CLIENT_ID (the app client for password and code), PASSCODE_CODE_ONLY_CLIENT_ID (the app "
        "client for --passwordless) and PASSCODE_REGION (default: the region in the pool id)."
    ),
    (
        "PASSCODE_PASSWORD is the password, for scripts. PASSCODE_LOCAL_DIR is the directory of the local "
        "stack (default: .local)."
    ),
    (
        "Exit codes: 0 done, 1 wrong input or configuration, 2 wrong usage, 3 refused, 4 temporary error, "
        "5 not reachable."
    ),
)
HELP = "\n\n".join(_PARAGRAPHS)


class ChannelName(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"


Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The email address of the account.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
Stack = Annotated[Path | None, typer.Option(metavar="FILE", help="The stack file of the pool to use.")]
Phone = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="Phone number for SMS and calls: +, country, number."),
]
FirstChannel = Annotated[
    ChannelName | None, typer.Option(help="The first channel for the codes of this account.")
]
ThisChannel = Annotated[ChannelName | None, typer.Option(help="The channel for this code.")]
Passwordless = Annotated[
    bool, typer.Option("--passwordless", help="Sign in with a code only, without the password.")
]
ReadInbox = Annotated[bool, typer.Option("--inbox", help="Local stack only: read the code from its inbox.")]
ShowTokens = Annotated[bool, typer.Option("--show-tokens", help="With --json: print the tokens, too.")]
Everywhere = Annotated[
    bool, typer.Option("--everywhere", help="Sign out on all devices, not only on this one.")
]
Resend = Annotated[bool, typer.Option("--resend", help="Request another confirmation code first.")]

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port of a new local AWS; 0 for any free port.")
]


@contextmanager
def command(*, as_json: bool) -> Iterator[View]:
    """Run the body of a command, and turn any exception into one sentence and an exit code."""
    view = View(as_json=as_json)
    try:
        yield view
    except Exception as error:
        cli_error = to_cli_error(error)
        view.error(cli_error)
        raise typer.Exit(cli_error.exit_code) from None
