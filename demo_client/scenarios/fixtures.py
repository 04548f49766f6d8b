"""The environment of the scenarios: the local stack, demo users and their sign-ins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from demo_client import local_stack_api
from demo_client.cognito import session
from demo_client.cognito.account import Account
from demo_client.cognito.aws_clients import cognito_client
from demo_client.cognito.challenge import Challenge, Status, Tokens
from demo_client.cognito.pool_config import PoolConfig
from demo_client.cognito.sign_in import SignIn
from demo_client.cognito.tokens import SignedInUser
from demo_client.demo_users import DemoUser, new_demo_user
from demo_client.errors import CliError

# The shortest cooldown that the template allows, because some scenarios wait until it has passed.
COOLDOWN_SECONDS: Final = 5

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from tools.local_stack.inbox import Message
    from tools.local_stack.stack import Stack


def expect(condition: bool, failure: str) -> None:
    """End the demo with CliError unless `condition` holds; `failure` says what happened instead."""
    if not condition:
        raise CliError(f"The demo failed: {failure}. Read the log of the local AWS: .local/emulator.log.")


@dataclass(frozen=True, slots=True)
class DemoEnvironment:
    """The pool of the local stack, and a Cognito client for it."""

    pool: PoolConfig
    stack: Stack
    cognito: CognitoIdentityProviderClient

    def create_user(self, name: str, channel: str) -> DemoUser:
        """Create a user with a verified email address and phone number. Codes go to `channel` first."""
        user = new_demo_user(name)
        Account(self.cognito, self.pool, user.email).sign_up(user.password, user.phone, channel)
        local_stack_api.confirm_account(self.pool, user.email, user.phone)
        return user

    def sign_in(self, user: DemoUser, *, passwordless: bool) -> DemoSignIn:
        """Return a new sign-in of `user`, not yet started."""
        return DemoSignIn(self, user, passwordless)


def connect(stack: Stack, pool: PoolConfig) -> DemoEnvironment:
    """Return the environment for a running local stack."""
    return DemoEnvironment(pool, stack, cognito_client(pool))


class DemoSignIn:
    """One sign-in of a demo user, with access to the user's inbox."""

    def __init__(self, environment: DemoEnvironment, user: DemoUser, passwordless: bool) -> None:
        self._pool = environment.pool
        self._password = user.password
        self._resend_in = 0
        self._inbox = local_stack_api.Inbox(environment.stack, user.email)
        self._sign_in = SignIn(environment.cognito, environment.pool, user.email, passwordless=passwordless)

    def start(self) -> Challenge:
        """Start, and check that a message was sent."""
        return _sent(self._sign_in.start(self._password))

    def start_after_cooldown(self, wait: Callable[[int, str], None]) -> Challenge:
        """Wait until the pool sends another code to this user, then start."""
        wait(COOLDOWN_SECONDS, "Waiting for the cooldown between two codes")
        return self.start()

    def resend_after_cooldown(self, wait: Callable[[int, str], None]) -> Challenge:
        """Wait until the resend cooldown has passed, then request the message again."""
        wait(self._resend_in, "Waiting for the resend cooldown")
        return _sent(self._sign_in.resend())

    def message(self, challenge: Challenge) -> Message:
        """Return the message of a challenge, from the local inbox."""
        return self._inbox.newest(challenge)

    def answer_wrong(self, code: str) -> Challenge:
        """Answer with a wrong code, and check that it is refused."""
        step = self._sign_in.answer(code)
        expect(not isinstance(step, Tokens), "a wrong code was accepted")
        expect(
            isinstance(step, Challenge) and step.status is Status.WRONG,
            "a wrong code was not reported as wrong",
        )
        self._resend_in = _challenge(step).resend_in
        return _challenge(step)

    def answer_right(self, code: str) -> SignedInUser:
        """Answer with the right code, verify the tokens and return the user."""
        step = self._sign_in.answer(code)
        if not isinstance(step, Tokens):
            raise CliError("The demo failed: the right code was refused. Read .local/emulator.log.")
        return session.verify_and_save(self._pool, step)


def _sent(step: Challenge | Tokens) -> Challenge:
    challenge = _challenge(step)
    expect(challenge.status is Status.SENT, f"no message was sent, the status is {challenge.status}")
    return challenge


def _challenge(step: Challenge | Tokens) -> Challenge:
    if isinstance(step, Tokens):
        raise CliError("The demo failed: Cognito returned tokens without a code. Read .local/emulator.log.")
    return step
