"""What `make demo` runs: the local stack up, the story, the page, and what to try by hand."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from demo_client.cognito.pool_config import find
from demo_client.errors import UNREACHABLE, PlainError
from demo_client.scenarios.console import Teller
from demo_client.scenarios.fixtures import Character, set_stage
from demo_client.scenarios.sign_ins import tell

if TYPE_CHECKING:
    from tools.local_stack.stack import Stack

# The shortest cooldown that the template allows: the story waits one out.
_PARAMETERS: Final = {"CooldownSeconds": "5"}

# What a shell calls a command that SIGINT ended.
_BY_CTRL_C: Final = 130


def run(port: int | None) -> None:
    """Play everything. Raises PlainError when something is not as told, or Ctrl-C ended it."""
    try:
        _play(port)
    except KeyboardInterrupt:
        from tools.local_stack import stack  # noqa: PLC0415 - it needs the emulator too

        raise PlainError(stack.after_ctrl_c(), _BY_CTRL_C) from None


def _play(port: int | None) -> None:
    from demo_client.web import process  # noqa: PLC0415 - it needs the emulator too

    teller, began = Teller(), time.monotonic()
    page_port = process.port_to_be()
    with teller.console.status("Starting a local AWS and deploying template.yaml to it …"):
        stack = _up(port, process.parameters(page_port))
    teller.say(f"A local AWS runs at {stack.endpoint_url}, with template.yaml deployed to it.")
    ada = tell(set_stage(stack, find(None)), teller)
    teller.console.print(f"\nAll of it went through Cognito, in {time.monotonic() - began:.0f} seconds.\n")
    _by_hand(teller, ada, _served(page_port))


def _up(port: int | None, of_page: dict[str, str]) -> Stack:
    # Imported here, so that a client for real pools needs no emulator.
    from tools.local_stack import errors, stack  # noqa: PLC0415

    try:
        return stack.up(port or stack.DEFAULT_PORT, _PARAMETERS | of_page)
    except errors.StackError as error:
        raise PlainError(str(error), UNREACHABLE) from None


def _served(port: int) -> str:
    from demo_client.web import process  # noqa: PLC0415 - it needs the emulator too
    from tools.local_stack import errors  # noqa: PLC0415

    try:
        return process.start(port).url
    except errors.StackError as error:
        raise PlainError(str(error), UNREACHABLE) from None


def _by_hand(teller: Teller, ada: Character, page: str) -> None:
    near = os.path.relpath(sys.executable)
    python = near if Path(near).exists() else sys.executable
    client = f"{python} -m demo_client"
    teller.command("see it in a browser", page)
    teller.command("sign in by hand", f"PASSCODE_PASSWORD={ada.password} {client} sign-in {ada.email}")
    teller.command("read the messages", f"{python} -m tools.local_stack inbox --follow")
    teller.command("with a code alone", f"{client} sign-in {ada.email} --passwordless --inbox")
    teller.command("who is signed in", f"{client} whoami")
    teller.command("sign out", f"{client} sign-out")
    teller.command("stop the local AWS", "make down")
