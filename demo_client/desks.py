"""The two who can answer a challenge: a person at a prompt, and the local inbox."""

from __future__ import annotations

import os
import sys
from getpass import getpass

from demo_client.challenge import Challenge, Status
from demo_client.errors import PlainError
from demo_client.local import Inbox, code_in
from demo_client.view import View
from demo_client.words import describe, question


class Prompt:
    """A person, or a script that writes to standard input."""

    def __init__(self, view: View) -> None:
        self._view = view

    def tell(self, challenge: Challenge) -> None:
        self._view.say(describe(challenge))

    def say(self, sentence: str) -> None:
        self._view.say(sentence)

    def ask(self, challenge: Challenge) -> str:
        return ask(self._view, question(challenge))


class InboxReader(Prompt):
    """Reads the code out of the local inbox, and leaves the rest to nobody."""

    def __init__(self, view: View, inbox: Inbox) -> None:
        super().__init__(view)
        self._inbox = inbox

    def ask(self, challenge: Challenge) -> str:
        if challenge.status is Status.CHOOSE:
            return next(iter(challenge.channels))
        if challenge.status in (Status.WRONG, Status.EXPIRED):
            raise PlainError("The newest code in the inbox was refused. Start the sign-in again.")
        code = code_in(self._inbox.newest(challenge), challenge.code_length)
        self._view.say("The code was read from the local inbox.")
        return code


def ask(view: View, prompt: str) -> str:
    """One line from whoever is there; raises PlainError when nobody is."""
    try:
        return view.people.input(f"{prompt}: ", markup=False)
    except EOFError:
        view.people.print()
        raise PlainError("Nobody answered. Type the code at the prompt, or use --inbox locally.") from None


def ask_password(view: View) -> str:
    """The password: from PASSCODE_PASSWORD, a pipe, or the keyboard without echo.

    There is no option for it: other users of a machine can read a command line.
    """
    if given := os.environ.get("PASSCODE_PASSWORD"):
        return given
    if sys.stdin.isatty():
        return getpass("Password: ", stream=sys.stderr)
    return ask(view, "Password")
