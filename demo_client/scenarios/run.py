"""`make demo`: start the local stack, run the scenarios, serve the demo page, and print commands to try."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from demo_client.cognito.pool_config import find_pool
from demo_client.demo_users import DemoUser
from demo_client.errors import UNREACHABLE, CliError
from demo_client.scenarios.console import ScenarioConsole
from demo_client.scenarios.fixtures import COOLDOWN_SECONDS, connect
from demo_client.scenarios.sign_ins import run_scenarios

if TYPE_CHECKING:
    from tools.local_stack.stack import Stack

_PARAMETERS: Final = {"CooldownSeconds": str(COOLDOWN_SECONDS)}

# The exit code that a shell gives a command that SIGINT ended: 128 + 2.
_SIGINT_EXIT_CODE: Final = 130


def run_demo(port: int | None) -> None:
    """Run the demo; a new local AWS listens on `port`. Raises CliError if a scenario fails, or on Ctrl-C."""
    try:
        _run(port)
    except KeyboardInterrupt:
        from tools.local_stack import stack  # noqa: PLC0415 - needs the emulator

        raise CliError(stack.interrupt_message(), _SIGINT_EXIT_CODE) from None


def _run(port: int | None) -> None:
    from demo_client.web import process  # noqa: PLC0415 - needs the emulator

    console, started_at = ScenarioConsole(), time.monotonic()
    page_port = process.planned_port()
    with console.output.status("Starting a local AWS and deploying template.yaml to it …"):
        stack, changes = _start_stack(port, page_port)
    for sentence in changes:
        console.info(sentence)
    console.info(f"A local AWS is running at {stack.endpoint_url}, with template.yaml deployed to it.")
    ada = run_scenarios(connect(stack, find_pool(None)), console)
    console.output.print(
        f"\nThe demo took {time.monotonic() - started_at:.0f} seconds. All sign-ins went through Cognito.\n"
    )
    _show_commands(console, ada, _start_page(page_port))


def _start_stack(port: int | None, page_port: int) -> tuple[Stack, list[str]]:
    """Return the stack, and sentences on what the demo changed in a stack that was running before."""
    # Imported here, because a client of a pool on AWS needs no emulator.
    from demo_client.web import process  # noqa: PLC0415
    from tools.local_stack import errors, stack  # noqa: PLC0415
    from tools.local_stack.deploy import DEFAULTS  # noqa: PLC0415
    from tools.local_stack.snapshot import Snapshot  # noqa: PLC0415

    asked = stack.DEFAULT_PORT if port is None else port
    before = Snapshot.take()
    _check_app_clients(before.parameters)
    # The user may have chosen other parameters for a running stack, such as another gateway for SMS.
    needed = _PARAMETERS | process.parameters(page_port, before.parameters or DEFAULTS)
    try:
        started = stack.up(asked, needed, keeps_parameters=True)
    except errors.StackError as error:
        raise CliError(str(error), UNREACHABLE) from None
    return started, before.changes(started, asked)


def _check_app_clients(parameters: Mapping[str, str]) -> None:
    """Raise CliError if the running stack has these `parameters`, and no app client for a mode of sign-in."""
    for name, wanted in (("UserPoolId", ""), ("AppClients", "BOTH")):
        if parameters.get(name, wanted) != wanted:
            raise CliError(
                f"The demo needs both app clients, but a stack with {name}={parameters[name]} is running. "
                "Stop it with `make down`, which deletes its users, and run `make demo` again."
            )


def _start_page(port: int) -> str:
    from demo_client.web import process  # noqa: PLC0415 - needs the emulator
    from tools.local_stack import errors  # noqa: PLC0415

    try:
        return process.start(port).url
    except errors.StackError as error:
        raise CliError(str(error), UNREACHABLE) from None


def _show_commands(console: ScenarioConsole, ada: DemoUser, page: str) -> None:
    relative = os.path.relpath(sys.executable)
    python = relative if Path(relative).exists() else sys.executable
    client = f"{python} -m demo_client"
    console.command("open the demo page", page)
    console.command("sign in", f"PASSCODE_PASSWORD={ada.password} {client} sign-in {ada.email}")
    console.command("read the messages", f"{python} -m tools.local_stack inbox --follow")
    console.command("sign in with a code", f"{client} sign-in {ada.email} --passwordless --inbox")
    console.command("show the user", f"{client} whoami")
    console.command("sign out", f"{client} sign-out")
    console.command("stop the local AWS", "make down")
