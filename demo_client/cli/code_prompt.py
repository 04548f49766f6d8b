"""The source of the code: the user at a prompt, or the local inbox. The loop from challenge to tokens."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from getpass import getpass
from typing import Protocol

from demo_client.cli.view import View
from demo_client.cognito.challenge import Challenge, Status, Tokens
from demo_client.cognito.sign_in import SignIn
from demo_client.errors import REFUSED, CliError
from demo_client.local_stack_api import Inbox, code_in
from demo_client.refusals import duration
from demo_client.texts import describe, name, offers, question

_CHANNELS = ("email", "sms", "voice")


class CodePrompt(Protocol):
    """Answers challenges: the user at a prompt, or the local inbox."""

    def show(self, challenge: Challenge) -> None:
        """Show a new challenge."""

    def info(self, sentence: str) -> None:
        """Show the reason for an input without effect."""

    def ask(self, challenge: Challenge) -> str:
        """Return the code, or one of the words `resend`, `email`, `sms` and `voice`."""


@dataclass(slots=True)
class SignInLoop:
    """Runs one sign-in from start to tokens.

    It sends no input that cannot succeed, because a sign-in has only five answers and three resends.
    """

    sign_in: SignIn
    prompt: CodePrompt
    now: Callable[[], float] = time.monotonic
    _shown_at: float = field(default=0.0, init=False)

    def run(self, password: str = "", channel: str | None = None) -> Tokens:
        """Sign in and return the tokens.

        `channel` is requested with the password. If the first message nevertheless went to another channel, a
        message on `channel` is requested at once. Raises CliError, and the errors of SignIn.
        """
        step = self._show(self.sign_in.start(password, channel))
        if channel and isinstance(step, Challenge) and step.channel != channel:
            step = self._show(self._request_channel(step, channel))
        while isinstance(step, Challenge):
            step = self._handle_input(step, self.prompt.ask(step).strip())
        return step

    def _request_channel(self, challenge: Challenge, channel: str) -> Challenge | Tokens:
        if channel not in challenge.channels:
            raise CliError(
                f"This user cannot receive codes by {name(channel)}. Choose: {offers(challenge)}.", REFUSED
            )
        if challenge.status is Status.CHOOSE:
            return self.sign_in.choose(channel)
        return self.sign_in.resend(channel)

    def _handle_input(self, challenge: Challenge, typed: str) -> Challenge | Tokens:
        word = typed.lower()
        must_choose = challenge.status is Status.CHOOSE
        wants_message = word in _CHANNELS or (word == "resend" and not must_choose)
        if not typed or (must_choose and not wants_message):
            return challenge
        if not wants_message:
            if not _can_be_code(typed, challenge.code_length):
                self.prompt.info(f"A code has {challenge.code_length} digits. This was not counted.")
                return challenge
            return self._show(self.sign_in.answer(typed))
        if reason := self._reason_to_wait(challenge, word):
            self.prompt.info(reason)
            return challenge
        if word == "resend":
            return self._show(self.sign_in.resend())
        return self._show(self._request_channel(challenge, word))

    def _reason_to_wait(self, challenge: Challenge, word: str) -> str:
        if word != "resend" and word not in challenge.channels:
            return f"This user cannot receive codes by {name(word)}."
        if challenge.status is Status.CHOOSE:
            return ""
        if not challenge.resends_left:
            return "No resends are left in this sign-in. Enter the last code, or start again."
        wait = challenge.resend_in - int(self.now() - self._shown_at)
        if wait > 0:
            return f"Wait {duration(wait)} for another message. The last code is still valid."
        return ""

    def _show(self, step: Challenge | Tokens) -> Challenge | Tokens:
        self._shown_at = self.now()
        if isinstance(step, Challenge):
            self.prompt.show(step)
        return step


def _can_be_code(typed: str, digits: int) -> bool:
    # Cognito treats a malformed answer like a wrong one, so it would cost an attempt. The stack itself reads
    # digits of every script, and ignores spaces, dashes and invisible characters.
    return sum(map(str.isdecimal, typed)) == digits


class ConsolePrompt:
    """Asks on the console. The input is from a user, or from a script that writes to standard input."""

    def __init__(self, view: View) -> None:
        self._view = view

    def show(self, challenge: Challenge) -> None:
        self._view.info(describe(challenge))

    def info(self, sentence: str) -> None:
        self._view.info(sentence)

    def ask(self, challenge: Challenge) -> str:
        return ask(self._view, question(challenge))


class InboxPrompt(ConsolePrompt):
    """Answers with the code in the local inbox, without user interaction."""

    def __init__(self, view: View, inbox: Inbox) -> None:
        super().__init__(view)
        self._inbox = inbox

    def ask(self, challenge: Challenge) -> str:
        if challenge.status is Status.CHOOSE:
            return next(iter(challenge.channels))
        if challenge.status in (Status.WRONG, Status.EXPIRED):
            raise CliError("The newest code in the inbox was refused. Start the sign-in again.")
        code = code_in(self._inbox.newest(challenge), challenge.code_length)
        self._view.info("The code was read from the local inbox.")
        return code


def ask(view: View, prompt: str) -> str:
    """Ask for one line of input. Raises CliError if standard input is closed."""
    try:
        return view.console.input(f"{prompt}: ", markup=False)
    except EOFError:
        view.console.print()
        raise CliError(
            "Standard input is closed. Enter the code at the prompt, or use --inbox on a local stack."
        ) from None


def ask_password(view: View) -> str:
    """Return the password, from PASSCODE_PASSWORD, from a pipe, or from the keyboard without echo.

    There is no option for it, because other users of the machine can read a command line.
    """
    if password := os.environ.get("PASSCODE_PASSWORD"):
        return password
    if sys.stdin.isatty():
        return getpass("Password: ", stream=sys.stderr)
    return ask(view, "Password")
