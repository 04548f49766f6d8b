"""From the first challenge to the tokens: who answers, what was typed, and which call that means."""

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
from demo_client.texts import describe, duration, name, offers, question

_CHANNELS = ("email", "sms")


class CodePrompt(Protocol):
    """Whoever answers a challenge: a person at a prompt, or the local inbox."""

    def show(self, challenge: Challenge) -> None:
        """Say what just happened."""

    def info(self, sentence: str) -> None:
        """Say why nothing happened."""

    def ask(self, challenge: Challenge) -> str:
        """The code, or `resend`, `email` or `sms`."""


@dataclass(slots=True)
class SignInLoop:
    """One sign-in with whoever sits at the prompt. Words that can do nothing now are answered here, for
    each resend is one of only three."""

    sign_in: SignIn
    prompt: CodePrompt
    now: Callable[[], float] = time.monotonic
    _shown_at: float = field(default=0.0, init=False)

    def run(self, password: str = "", channel: str | None = None) -> Tokens:
        """Sign in; `channel` is asked for at once when the first message took another. Returns Tokens."""
        step = self._show(self.sign_in.start(password))
        if channel and isinstance(step, Challenge) and step.channel != channel:
            step = self._show(self._request_channel(step, channel))
        while isinstance(step, Challenge):
            step = self._handle_input(step, self.prompt.ask(step).strip())
        return step

    def _request_channel(self, challenge: Challenge, channel: str) -> Challenge | Tokens:
        if channel not in challenge.channels:
            raise CliError(f"There is no {name(channel)} to send to. Choose: {offers(challenge)}.", REFUSED)
        if challenge.status is Status.CHOOSE:
            return self.sign_in.choose(channel)
        return self.sign_in.resend(channel)

    def _handle_input(self, challenge: Challenge, typed: str) -> Challenge | Tokens:
        word = typed.lower()
        choosing = challenge.status is Status.CHOOSE
        wants_message = word in _CHANNELS or (word == "resend" and not choosing)
        if not typed or (choosing and not wants_message):
            return challenge
        if not wants_message:
            return self._show(self.sign_in.answer(typed))
        if reason := self._why_not_now(challenge, word):
            self.prompt.info(reason)
            return challenge
        if word == "resend":
            return self._show(self.sign_in.resend())
        return self._show(self._request_channel(challenge, word))

    def _why_not_now(self, challenge: Challenge, word: str) -> str:
        if word != "resend" and word not in challenge.channels:
            return f"There is no {name(word)} to send to."
        if challenge.status is Status.CHOOSE:
            return ""
        if not challenge.resends_left:
            return "No resend is left in this sign-in. Answer with the last code, or start again."
        wait = challenge.resend_in - int(self.now() - self._shown_at)
        return f"Wait {duration(wait)} for another message; the last code is still good." if wait > 0 else ""

    def _show(self, step: Challenge | Tokens) -> Challenge | Tokens:
        self._shown_at = self.now()
        if isinstance(step, Challenge):
            self.prompt.show(step)
        return step


class ConsolePrompt:
    """A person, or a script that writes to standard input."""

    def __init__(self, view: View) -> None:
        self._view = view

    def show(self, challenge: Challenge) -> None:
        self._view.info(describe(challenge))

    def info(self, sentence: str) -> None:
        self._view.info(sentence)

    def ask(self, challenge: Challenge) -> str:
        return ask(self._view, question(challenge))


class InboxPrompt(ConsolePrompt):
    """Reads the code out of the local inbox, and leaves the rest to nobody."""

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
    """One line from whoever is there; raises CliError when nobody is."""
    try:
        return view.people.input(f"{prompt}: ", markup=False)
    except EOFError:
        view.people.print()
        raise CliError("Nobody answered. Type the code at the prompt, or use --inbox locally.") from None


def ask_password(view: View) -> str:
    """The password: from PASSCODE_PASSWORD, a pipe, or the keyboard without echo.

    There is no option for it: other users of a machine can read a command line.
    """
    if given := os.environ.get("PASSCODE_PASSWORD"):
        return given
    if sys.stdin.isatty():
        return getpass("Password: ", stream=sys.stderr)
    return ask(view, "Password")
