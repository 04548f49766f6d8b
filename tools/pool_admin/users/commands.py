"""The commands on users, composed from the command line's options."""

import time
from dataclasses import dataclass
from typing import Any

from passcode.token_service.policy import Policy
from tools.pool_admin.aws_resources import stack
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.aws_resources.stack import DELIVER, DeployedStack
from tools.pool_admin.context import Aws
from tools.pool_admin.errors import AdminError
from tools.pool_admin.users import send_test
from tools.pool_admin.users.counter_keys import Purpose, Subject, hash_of, sub_of
from tools.pool_admin.users.counters import Counters, Standing
from tools.pool_admin.users.send_test import Accepted


@dataclass(frozen=True)
class People:
    """The users of a stack, and the addresses. Without a stack neither names nor the limits are known."""

    cognito: Any
    pool_id: str
    salt: str
    counters: Counters
    limits_known: bool

    def standing(self, user: str, purpose: Purpose) -> Standing:
        """How a user stands now, or with `TOKEN` an address. Raises `AdminError` if there is no such user."""
        return self.counters.standing(self._subject(user, purpose), int(time.time()))

    def unlock(self, user: str, purpose: Purpose) -> tuple[Subject, bool]:
        """Whose counters they are, and whether anything was counted. Raises `AdminError`."""
        subject = self._subject(user, purpose)
        return subject, self.counters.unlock(subject)

    def _subject(self, user: str, purpose: Purpose) -> Subject:
        if purpose is Purpose.TOKEN:
            return Subject(purpose, hash_of(user, self.salt))
        return Subject(purpose, sub_of(self.cognito, self.pool_id, user))


def people_of(aws: Aws, stack_name: str | None, table: str | None) -> People:
    """The users of a stack or of a table. Raises `AdminError` unless one of the two is named."""
    dynamodb = aws.client("dynamodb")
    if table:
        return People(None, "", "", Counters(dynamodb, table, Policy()), limits_known=False)
    if not stack_name:
        raise AdminError("Name the stack with --stack, or its table with --table.")
    found = _stack(aws, stack_name)
    served = Functions(aws.client("lambda")).environment(found.triggers["VerifyAuthChallengeResponse"])
    counters = Counters(dynamodb, served["TABLE_NAME"], Policy.from_environment(served))
    cognito = aws.client("cognito-idp")
    # The function behind /createToken, which a stack may be without, has the same salt.
    return People(cognito, found.pool_id, served["SALT"], counters, limits_known=True)


def send_test_of(aws: Aws, stack_name: str, to: str) -> Accepted:
    """Send the test message with the settings of the stack's `deliver`. Raises `AdminError`."""
    found = _stack(aws, stack_name)
    settings = Functions(aws.client("lambda")).environment(found.functions[DELIVER])
    return send_test.send(aws.client("sesv2"), aws.client("sns"), settings, to)


def _stack(aws: Aws, name: str) -> DeployedStack:
    cloudformation = aws.client("cloudformation")
    return stack.find(cloudformation, name, str(cloudformation.meta.region_name))
