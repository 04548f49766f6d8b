"""The command line of the local stack. Tables are for people, `--json` is for scripts."""

import json
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.local_stack import inbox as mail
from tools.local_stack import notices, process, shell_environment
from tools.local_stack import stack as local
from tools.local_stack.errors import StackError
from tools.local_stack.inbox import Message

app = typer.Typer(
    help="A local AWS that runs this project's template.yaml.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console()

# The fields of a message that JSON shows as they are.
_PLAIN_FIELDS = ("channel", "to", "subject", "text", "html", "sender")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one document per line.")]


@app.command()
def up(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 for any free port.")
    ] = local.DEFAULT_PORT,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter of template.yaml; repeatable.")
    ] = None,
) -> None:
    """Start the local AWS and deploy template.yaml to it. Run it again to deploy changes."""
    before = process.running()
    with _errors_as_sentences():
        try:
            with console.status("Starting the local AWS and deploying template.yaml …"):
                stack = local.up(port, dict(_parse_parameter(text) for text in parameter or []))
        except KeyboardInterrupt:
            _print_error(local.interrupt_message())
            raise
    if port and not stack.endpoint_url.endswith(f":{port}"):
        console.print(_other_port(port, before))
    _show(stack)


@app.command()
def down() -> None:
    """Stop the local AWS and delete everything in it."""
    with _errors_as_sentences():
        console.print("Stopped." if local.down() else "Nothing was running.")


@app.command()
def status(as_json: Json = False) -> None:
    """Show the addresses and ids of the local stack. The exit code is 1 if none is running."""
    with _errors_as_sentences():
        stack = local.load()
    if as_json:
        typer.echo(json.dumps(asdict(stack)))
    else:
        _show(stack)


@app.command()
def inbox(
    to: Annotated[
        str | None, typer.Option(help="Only messages to this email address or phone number.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more messages until Ctrl-C.")] = False,
    cognito: Annotated[
        bool,
        typer.Option("--cognito", help="Show also the codes that the emulator sends in place of Cognito."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the emails, SMS and calls that the stack sent. If a user got none, show the reason on stderr."""
    show = _print_json if as_json else _print_message
    with _errors_as_sentences():
        stack = local.load()
        if follow:
            _follow(lambda: mail.read(stack, to, cognito), show)
        for message in mail.read(stack, to, cognito):
            show(message)
        _print_notices(notices.read())


@app.command()
def env(as_json: Json = False) -> None:
    """Print the variables of the documentation's examples: eval "$(python -m tools.local_stack env)"."""
    with _errors_as_sentences():
        variables = shell_environment.variables(local.load())
    typer.echo(json.dumps(variables) if as_json else shell_environment.export_lines(variables))


@contextmanager
def _errors_as_sentences() -> Iterator[None]:
    try:
        yield
    except StackError as error:
        _print_error(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _print_error(sentence: str) -> None:
    Console(stderr=True).print(sentence, style="red", highlight=False)


def _other_port(port: int, before: process.Emulator | None) -> str:
    now = process.running()
    reason = (
        "This stack was already running on another port, and stays there."
        if now and now == before
        else f"Another program uses port {port}, so this stack is on another port."
    )
    return f"{reason} To choose a port: `make down`, then `make up PORT=NUMBER`."


def _parse_parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise StackError(f"{text!r} is not a parameter. Write NAME=VALUE, such as ChannelChoice=ASK.")
    return name, value


def _show(stack: local.Stack) -> None:
    table = Table(show_header=False, box=None)
    table.add_row("endpoint", stack.endpoint_url)
    table.add_row("user pool", stack.user_pool_id)
    for name, client_id in stack.clients.items():
        table.add_row(f"app client {name.upper()}", client_id)
    table.add_row("details", str(local.stack_file()))
    table.add_row("log", str(process.log_path()))
    console.print(table)


def _follow(read: Callable[[], list[Message]], show: Callable[[Message], None]) -> NoReturn:
    seen = noted = 0
    while True:
        messages, noticed = read(), notices.read()
        for message in messages[seen:]:
            show(message)
        _print_notices(noticed[noted:])
        seen, noted = len(messages), len(noticed)
        time.sleep(0.3)


def _print_notices(lines: list[str]) -> None:
    for line in lines:
        Console(stderr=True).print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _print_json(message: Message) -> None:
    attachments = [
        {"name": each.name, "content_type": each.content_type, "content_id": each.content_id}
        for each in message.attachments
    ]
    changed = {
        "sent_at": message.sent_at.isoformat(),
        "headers": dict(message.headers),
        "attachments": attachments,
        "code": mail.secret_in(message),
    }
    typer.echo(json.dumps({name: getattr(message, name) for name in _PLAIN_FIELDS} | changed))


def _print_message(message: Message) -> None:
    sent = f"{message.channel} to {message.to}, {message.sent_at.astimezone():%H:%M:%S}"
    console.rule(Text(_printable(sent), style="bold"), align="left")
    if secret := mail.secret_in(message):
        name = "Code" if secret.isdecimal() else "Temporary password"
        console.print(Text.assemble(f"{name}: ", (f" {secret} ", "bold reverse")))
    fields = [("From", message.sender), *message.headers, ("Subject", message.subject)]
    for name, value in fields:
        if value:
            _print_plain(f"{name}: {value}", "bold" if name == "Subject" else "dim")
    _print_plain(f"\n{message.text.strip()}\n")


def _print_plain(text: str, style: str = "") -> None:
    console.print(_printable(text), style=style, markup=False, highlight=False, soft_wrap=True)


def _printable(text: str) -> str:
    """Return `text` without control characters, which could change the terminal or hide a line."""
    return "".join(
        "\ufffd" if unicodedata.category(character) == "Cc" and character != "\n" else character
        for character in text
    )
