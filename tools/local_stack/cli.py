"""The command line of the local stack. Tables are for people, `--json` is for scripts."""

import json
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo_client.web import process as demo_page
from tools.local_stack import inbox as mail
from tools.local_stack import logs as function_logs
from tools.local_stack import notices, process, shell_environment
from tools.local_stack import stack as local
from tools.local_stack.errors import StackError
from tools.local_stack.inbox import Message
from tools.local_stack.logs import LogLine
from tools.local_stack.snapshot import Snapshot

app = typer.Typer(
    help="A local AWS that runs this project's template.yaml.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console()

# The fields of a message that JSON shows as they are.
_PLAIN_FIELDS = ("channel", "to", "subject", "text", "html", "sender")

_NO_PAGE = "not running. `make demo` starts it."

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
    before = Snapshot.take()
    with _errors_as_sentences():
        try:
            with console.status("Starting the local AWS and deploying template.yaml …"):
                stack = local.up(port, dict(_parse_parameter(text) for text in parameter or []))
        except KeyboardInterrupt:
            _print_error(local.interrupt_message())
            raise
    for sentence in before.changes(stack, port):
        _print_plain(sentence)
    _show(stack)


@app.command()
def down() -> None:
    """Stop the local AWS and delete everything in it."""
    page = demo_page.running()
    with _errors_as_sentences():
        was_running = local.down()
    closed = f" The demo page at {page.url} is closed." if page else ""
    console.print(f"Stopped.{closed}" if was_running else "Nothing was running.")


@app.command()
def status(as_json: Json = False) -> None:
    """Show the addresses and ids of the local stack. The exit code is 1 if none is running."""
    with _errors_as_sentences():
        stack = local.load()
    if as_json:
        page = demo_page.running()
        typer.echo(json.dumps(asdict(stack) | {"demo_page": page.url if page else None}))
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
        if not as_json:
            _print_page()
        if follow:
            _follow(lambda: mail.read(stack, to, cognito), show)
        for message in mail.read(stack, to, cognito):
            show(message)
        _print_notices(notices.read())


@app.command()
def logs(
    function: Annotated[
        str | None,
        typer.Argument(metavar="[FUNCTION]", help="Only this function: its name, or how the name begins."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more lines until Ctrl-C.")] = False,
) -> None:
    """Show the logs of the Lambda functions. The lines of one FUNCTION are as it wrote them."""
    with _errors_as_sentences():
        stack = local.load()
        selected = function_logs.select(stack, function)
        show = _print_log_line if function is None else _print_log_text
        _print_page()
        shown: Counter[LogLine] = Counter()
        while True:
            lines = function_logs.read(stack, selected)
            # Environments of one function write at the same time, so a new line need not be the last one.
            for line in (Counter(lines) - shown).elements():
                show(line)
            if not follow:
                return
            shown = Counter(lines)
            time.sleep(0.5)


@app.command()
def env(
    form: Annotated[
        shell_environment.Form,
        typer.Option("--format", help="Lines for a shell, or an .env file for an app."),
    ] = "shell",
    as_json: Json = False,
) -> None:
    """Print the variables of the documentation's examples: eval "$(python -m tools.local_stack env)"."""
    with _errors_as_sentences():
        variables = shell_environment.variables(local.load())
        if as_json:
            typer.echo(json.dumps(variables))
            return
        lines = shell_environment.lines(variables, form)
        _print_page()
        typer.echo(lines)


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


def _print_page() -> None:
    """Say on stderr where the demo page is, because the output of a command may be for a program."""
    page = demo_page.running()
    Console(stderr=True).print(f"Demo page: {page.url if page else _NO_PAGE}", style="dim", highlight=False)


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
    page = demo_page.running()
    table.add_row("demo page", page.url if page else _NO_PAGE)
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


def _print_log_line(line: LogLine) -> None:
    _print_plain(f"{line.at.astimezone():%H:%M:%S} {line.function}  {line.text}")


def _print_log_text(line: LogLine) -> None:
    _print_plain(line.text)


def _print_plain(text: str, style: str = "") -> None:
    console.print(_printable(text), style=style, markup=False, highlight=False, soft_wrap=True)


def _printable(text: str) -> str:
    """Return `text` without control characters, which could change the terminal or hide a line."""
    return "".join(
        "\ufffd" if unicodedata.category(character) == "Cc" and character not in "\n\t" else character
        for character in text
    )
