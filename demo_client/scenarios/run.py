"""What `make demo` runs: the local stack up, the story, the page, and what to try by hand."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from demo_client.cognito.pool_config import find_pool
from demo_client.errors import UNREACHABLE, CliError
from demo_client.scenarios.console import ScenarioConsole
from demo_client.scenarios.fixtures import DemoUser, connect
from demo_client.scenarios.sign_ins import run_scenarios

if TYPE_CHECKING:
    from tools.local_stack.stack import Stack

# The shortest cooldown that the template allows: the story waits one out.
_PARAMETERS: Final = {"CooldownSeconds": "5"}

# What a shell calls a command that SIGINT ended.
_BY_CTRL_C: Final = 130


def run_demo(port: int | None) -> None:
    """Play everything. Raises CliError when something is not as told, or Ctrl-C ended it."""
    try:
        _run(port)
    except KeyboardInterrupt:
        from tools.local_stack import stack  # noqa: PLC0415 - it needs the emulator too

        raise CliError(stack.interrupt_message(), _BY_CTRL_C) from None


def _run(port: int | None) -> None:
    from demo_client.web import process  # noqa: PLC0415 - it needs the emulator too

    console, began = ScenarioConsole(), time.monotonic()
    page_port = process.port_to_be()
    with console.output.status("Starting a local AWS and deploying template.yaml to it …"):
        stack = _start_stack(port, process.parameters(page_port))
    console.info(f"A local AWS runs at {stack.endpoint_url}, with template.yaml deployed to it.")
    ada = run_scenarios(connect(stack, find_pool(None)), console)
    console.output.print(f"\nAll of it went through Cognito, in {time.monotonic() - began:.0f} seconds.\n")
    _show_commands(console, ada, _start_page(page_port))


def _start_stack(port: int | None, page_parameters: dict[str, str]) -> Stack:
    # Imported here, so that a client for real pools needs no emulator.
    from tools.local_stack import errors, stack  # noqa: PLC0415

    try:
        return stack.up(port or stack.DEFAULT_PORT, _PARAMETERS | page_parameters)
    except errors.StackError as error:
        raise CliError(str(error), UNREACHABLE) from None


def _start_page(port: int) -> str:
    from demo_client.web import process  # noqa: PLC0415 - it needs the emulator too
    from tools.local_stack import errors  # noqa: PLC0415

    try:
        return process.start(port).url
    except errors.StackError as error:
        raise CliError(str(error), UNREACHABLE) from None


def _show_commands(console: ScenarioConsole, ada: DemoUser, page: str) -> None:
    near = os.path.relpath(sys.executable)
    python = near if Path(near).exists() else sys.executable
    client = f"{python} -m demo_client"
    console.command("see it in a browser", page)
    console.command("sign in by hand", f"PASSCODE_PASSWORD={ada.password} {client} sign-in {ada.email}")
    console.command("read the messages", f"{python} -m tools.local_stack inbox --follow")
    console.command("with a code alone", f"{client} sign-in {ada.email} --passwordless --inbox")
    console.command("who is signed in", f"{client} whoami")
    console.command("sign out", f"{client} sign-out")
    console.command("stop the local AWS", "make down")
