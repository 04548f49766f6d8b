"""What the story is played on: the local stack, people made for the occasion, and their sign-ins."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo_client import local_stack_api
from demo_client.cognito import session
from demo_client.cognito.account import Account
from demo_client.cognito.aws_clients import cognito
from demo_client.cognito.challenge import Challenge, Status, Tokens
from demo_client.cognito.pool_config import Pool
from demo_client.cognito.sign_in import SignIn
from demo_client.cognito.tokens import Person
from demo_client.errors import PlainError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from tools.local_stack.inbox import Message
    from tools.local_stack.stack import Stack


def expect(as_told: bool, otherwise: str) -> None:
    """Raise PlainError, which ends the story, unless things are as they are told."""
    if not as_told:
        raise PlainError(
            f"The story did not go as told: {otherwise}. Read the stack's logs: .local/emulator.log."
        )


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody with an account. The password is made up anew for each of them."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stage:
    """A pool of the local stack, and the one client that all of the story uses."""

    pool: Pool
    stack: Stack
    cognito: CognitoIdentityProviderClient

    def person(self, name: str, channel: str) -> Character:
        """A new account with a verified address and number; codes go to `channel` first."""
        email, password = f"{name}-{secrets.token_hex(2)}@passcode.example", f"local-{secrets.token_hex(5)}"
        # The numbers 206-555-0100 to -0199 belong to nobody: they are kept for fiction.
        phone = f"+1206555{secrets.randbelow(100) + 100:04}"
        Account(self.cognito, self.pool, email).sign_up(password, phone, channel)
        local_stack_api.confirm(self.pool, email, phone)
        return Character(email, password)

    def scene(self, who: Character, *, passwordless: bool) -> Scene:
        return Scene(self, who, passwordless)


def set_stage(stack: Stack, pool: Pool) -> Stage:
    return Stage(pool, stack, cognito(pool))


class Scene:
    """One sign-in of one person, with their inbox open beside it."""

    def __init__(self, stage: Stage, who: Character, passwordless: bool) -> None:
        self._pool = stage.pool
        self._password = who.password
        self._resend_in = 0
        self._inbox = local_stack_api.Inbox(stage.stack, who.email)
        self._sign_in = SignIn(stage.cognito, stage.pool, who.email, passwordless=passwordless)

    def start(self) -> Challenge:
        return _sent(self._sign_in.start(self._password))

    def resend_after(self, wait: Callable[[int, str], None]) -> Challenge:
        """Ask for the message again, once the cooldown of the last one is over."""
        wait(self._resend_in, "Two messages to one person keep a distance")
        return _sent(self._sign_in.resend())

    def message(self, challenge: Challenge) -> Message:
        return self._inbox.newest(challenge)

    def wrong(self, code: str) -> Challenge:
        """Answer with a code that must not be taken."""
        step = self._sign_in.answer(code)
        expect(not isinstance(step, Tokens), "a code that is not good signed somebody in")
        expect(
            isinstance(step, Challenge) and step.status is Status.WRONG, "a wrong code was not called wrong"
        )
        self._resend_in = _challenge(step).resend_in
        return _challenge(step)

    def right(self, code: str) -> Person:
        """Answer with the code; the person, once their tokens were checked."""
        step = self._sign_in.answer(code)
        if not isinstance(step, Tokens):
            raise PlainError("The story did not go as told: the right code was refused.")
        return session.accept(self._pool, step)


def _sent(step: Challenge | Tokens) -> Challenge:
    challenge = _challenge(step)
    expect(challenge.status is Status.SENT, f"a message was due, and the answer was {challenge.status}")
    return challenge


def _challenge(step: Challenge | Tokens) -> Challenge:
    if isinstance(step, Tokens):
        raise PlainError("The story did not go as told: Cognito signed somebody in without a code.")
    return step
