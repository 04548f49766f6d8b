"""What the story is played on: the local stack, people made for the occasion, and their sign-ins."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo_client import local_stack_api
from demo_client.cognito import session
from demo_client.cognito.account import Account
from demo_client.cognito.aws_clients import cognito_client
from demo_client.cognito.challenge import Challenge, Status, Tokens
from demo_client.cognito.pool_config import PoolConfig
from demo_client.cognito.sign_in import SignIn
from demo_client.cognito.tokens import SignedInUser
from demo_client.errors import CliError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from tools.local_stack.inbox import Message
    from tools.local_stack.stack import Stack


def expect(holds: bool, otherwise: str) -> None:
    """Raise CliError, which ends the story, unless things are as they are told."""
    if not holds:
        raise CliError(
            f"The story did not go as told: {otherwise}. Read the stack's logs: .local/emulator.log."
        )


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody with an account. The password is made up anew for each of them."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DemoEnvironment:
    """A pool of the local stack, and the one client that all of the story uses."""

    pool: PoolConfig
    stack: Stack
    cognito: CognitoIdentityProviderClient

    def create_user(self, name: str, channel: str) -> DemoUser:
        """A new account with a verified address and number; codes go to `channel` first."""
        email, password = f"{name}-{secrets.token_hex(2)}@passcode.example", f"local-{secrets.token_hex(5)}"
        # The numbers 206-555-0100 to -0199 belong to nobody: they are kept for fiction.
        phone = f"+1206555{secrets.randbelow(100) + 100:04}"
        Account(self.cognito, self.pool, email).sign_up(password, phone, channel)
        local_stack_api.confirm_account(self.pool, email, phone)
        return DemoUser(email, password)

    def sign_in(self, who: DemoUser, *, passwordless: bool) -> DemoSignIn:
        return DemoSignIn(self, who, passwordless)


def connect(stack: Stack, pool: PoolConfig) -> DemoEnvironment:
    return DemoEnvironment(pool, stack, cognito_client(pool))


class DemoSignIn:
    """One sign-in of one person, with their inbox open beside it."""

    def __init__(self, environment: DemoEnvironment, who: DemoUser, passwordless: bool) -> None:
        self._pool = environment.pool
        self._password = who.password
        self._resend_in = 0
        self._inbox = local_stack_api.Inbox(environment.stack, who.email)
        self._sign_in = SignIn(environment.cognito, environment.pool, who.email, passwordless=passwordless)

    def start(self) -> Challenge:
        return _sent(self._sign_in.start(self._password))

    def resend_after_cooldown(self, wait: Callable[[int, str], None]) -> Challenge:
        """Ask for the message again, once the cooldown of the last one is over."""
        wait(self._resend_in, "Two messages to one person keep a distance")
        return _sent(self._sign_in.resend())

    def message(self, challenge: Challenge) -> Message:
        return self._inbox.newest(challenge)

    def answer_wrong(self, code: str) -> Challenge:
        """Answer with a code that must not be taken."""
        step = self._sign_in.answer(code)
        expect(not isinstance(step, Tokens), "a code that is not good signed somebody in")
        expect(
            isinstance(step, Challenge) and step.status is Status.WRONG, "a wrong code was not called wrong"
        )
        self._resend_in = _challenge(step).resend_in
        return _challenge(step)

    def answer_right(self, code: str) -> SignedInUser:
        """Answer with the code; the person, once their tokens were checked."""
        step = self._sign_in.answer(code)
        if not isinstance(step, Tokens):
            raise CliError("The story did not go as told: the right code was refused.")
        return session.verify_and_save(self._pool, step)


def _sent(step: Challenge | Tokens) -> Challenge:
    challenge = _challenge(step)
    expect(challenge.status is Status.SENT, f"a message was due, and the answer was {challenge.status}")
    return challenge


def _challenge(step: Challenge | Tokens) -> Challenge:
    if isinstance(step, Tokens):
        raise CliError("The story did not go as told: Cognito signed somebody in without a code.")
    return step
