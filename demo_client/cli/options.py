"""What every command can be given, and the one place where an error becomes a sentence and an exit code."""

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
        "Without --stack the commands talk to the local stack (make up). A pool on AWS is named by --stack "
        "FILE, a file shaped like .local/stack.json, or by the environment: PASSCODE_USER_POOL_ID, "
        "PASSCODE_CLIENT_ID (the app client for password and code), PASSCODE_CODE_ONLY_CLIENT_ID (that for "
        "--passwordless) and PASSCODE_REGION (else it is read from the pool's id)."
    ),
    (
        "PASSCODE_PASSWORD gives the password to scripts. PASSCODE_LOCAL_DIR is the directory of the local "
        "stack (.local)."
    ),
    "Exit codes: 0 done, 1 put something right here, 2 mistyped, 3 refused, 4 not now, 5 nobody answers.",
)
HELP = "\n\n".join(_PARAGRAPHS)


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address that the account is known by.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object, for scripts.")]
Stack = Annotated[Path | None, typer.Option(metavar="FILE", help="The stack file of the pool to use.")]
Phone = Annotated[str | None, typer.Option(metavar="NUMBER", help="For SMS: +, country code, number.")]
FirstChannel = Annotated[Channel | None, typer.Option(help="Where the codes of this account go first.")]
ThisChannel = Annotated[Channel | None, typer.Option(help="Where this code should go.")]
Passwordless = Annotated[bool, typer.Option("--passwordless", help="A code alone, without the password.")]
ReadInbox = Annotated[bool, typer.Option("--inbox", help="Local stack: read the code from its inbox.")]
ShowTokens = Annotated[bool, typer.Option("--show-tokens", help="With --json: give the tokens out, too.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="On all devices, not only here.")]
Resend = Annotated[bool, typer.Option("--resend", help="Ask for another confirmation code first.")]

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Where a new local AWS listens.")]


@contextmanager
def command(*, as_json: bool) -> Iterator[View]:
    """Run the body of a command; whatever it raises ends as one sentence, never as a traceback."""
    view = View(as_json=as_json)
    try:
        yield view
    except Exception as error:
        trouble = to_cli_error(error)
        view.error(trouble)
        raise typer.Exit(trouble.exit_code) from None
