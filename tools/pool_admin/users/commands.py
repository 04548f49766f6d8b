"""The commands on users: counters, unlock, and a test message."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters.environment import Variables
from passcode.token_service.policy import Policy
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.aws_resources.stack import DELIVER, DeployedStack, find_stack
from tools.pool_admin.context import AwsAccount
from tools.pool_admin.errors import OptionError
from tools.pool_admin.users.counter_keys import Purpose, Subject, address_hash, find_sub
from tools.pool_admin.users.counters import CounterState, CounterTable
from tools.pool_admin.users.send_test import SentMessage, send

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True)
class UserCommands:
    """The users and addresses of one stack.

    Without a stack (`cognito` is None) neither sign-in names nor the stack's limits are known.
    """

    cognito: CognitoIdentityProviderClient | None
    pool_id: str
    salt: str
    counters: CounterTable
    limits_known: bool

    @classmethod
    def of(cls, aws: AwsAccount, stack_name: str | None, table: str | None) -> UserCommands:
        """Return the users of a stack, or of a table alone.

        Raises `OptionError` unless one of the two is named.
        """
        dynamodb = aws.client("dynamodb")
        if table:
            return cls(None, "", "", CounterTable(dynamodb, table, Policy()), limits_known=False)
        if not stack_name:
            raise OptionError("Name the stack with --stack, or its table with --table.")
        stack = _find_stack(aws, stack_name)
        # Verify has the same salt as the function of /createToken, which a stack can lack.
        verify = stack.triggers["VerifyAuthChallengeResponse"]
        environment = Functions(aws.client("lambda")).environment(verify)
        policy = Policy.read(Variables(environment).whole_number)
        counters = CounterTable(dynamodb, environment["TABLE_NAME"], policy)
        cognito = aws.client("cognito-idp")
        return cls(cognito, stack.pool_id, environment["SALT"], counters, limits_known=True)

    def status(self, user: str, purpose: Purpose) -> CounterState:
        """Return the counters of a user, or with `TOKEN` of an address.

        Raises `AdminError` for an unknown user.
        """
        return self.counters.state(self._subject(user, purpose), int(time.time()))

    def unlock(self, user: str, purpose: Purpose) -> tuple[Subject, bool]:
        """Reset counters. Returns their subject, and whether it had any. Raises as `status` does."""
        subject = self._subject(user, purpose)
        return subject, self.counters.unlock(subject)

    def _subject(self, user: str, purpose: Purpose) -> Subject:
        if purpose is Purpose.TOKEN:
            return Subject(purpose, address_hash(user, self.salt))
        return Subject(purpose, find_sub(self.cognito, self.pool_id, user))


def send_test_message(aws: AwsAccount, stack_name: str, to: str) -> SentMessage:
    """Send the test message with the settings of the stack's `deliver`. Raises as `send` does."""
    stack = _find_stack(aws, stack_name)
    settings = Functions(aws.client("lambda")).environment(stack.functions[DELIVER])
    return send(aws.client("sesv2"), aws.client("sns"), settings, to)


def _find_stack(aws: AwsAccount, name: str) -> DeployedStack:
    cloudformation = aws.client("cloudformation")
    return find_stack(cloudformation, name, str(cloudformation.meta.region_name))
