"""The commands on users: counters, reset, and a test message."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from passcode.adapters.environment import Variables
from passcode.channels.channel import AddressFault, Channel
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import KINDS, SIGN_IN_CODE, SIGN_IN_PASSWORD, STEP_UP, TOKEN
from passcode.token_service.policy import Policy
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.aws_resources.stack import DELIVER, DeployedStack, find_stack, split_list
from tools.pool_admin.context import AwsAccount
from tools.pool_admin.errors import OptionError, error_code
from tools.pool_admin.unusable import attributes_of, find_faults
from tools.pool_admin.users.counter_keys import Subject, address_hash, find_sub
from tools.pool_admin.users.counters import CounterTable, RecordState
from tools.pool_admin.users.send_test import GatewayClients, SentMessage, send
from tools.pool_admin.users.suppression import Suppression, SuppressionList

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True)
class ResetPlan:
    """The records that a reset clears, and the ARN of the caller for the audit line."""

    subject: Subject
    records: tuple[RecordState, ...]
    caller: str


@dataclass(frozen=True)
class UserCommands:
    """The users and addresses of one stack. `kinds` are the kinds of codes that the stack's clients use.

    Without a stack (`cognito` is None) neither sign-in names nor the stack's limits and clients are known.
    """

    cognito: CognitoIdentityProviderClient | None
    pool_id: str
    salt: str
    counters: CounterTable
    kinds: tuple[str, ...]
    limits_known: bool
    channels: tuple[Channel, ...] = ()
    countries: tuple[str, ...] | None = None
    suppressed: SuppressionList | None = None

    @classmethod
    def of(cls, aws: AwsAccount, stack_name: str | None, table: str | None) -> UserCommands:
        """Return the users of a stack, or of a table alone.

        Raises `OptionError` unless one of the two is named.
        """
        dynamodb = aws.client("dynamodb")
        if table:
            return cls(None, "", "", CounterTable(dynamodb, table, Policy()), KINDS, limits_known=False)
        if not stack_name:
            raise OptionError("Name the stack with --stack, or its table with --table.")
        stack = _find_stack(aws, stack_name)
        # Verify has the same salt as the function of /createToken, which a stack can lack.
        verify = stack.triggers["VerifyAuthChallengeResponse"]
        environment = Functions(aws.client("lambda")).environment(verify)
        policy = Policy.read(Variables(environment).whole_number)
        counters = CounterTable(dynamodb, environment["TABLE_NAME"], policy)
        cognito, kinds = aws.client("cognito-idp"), kinds_in_use(stack)
        channels = tuple(CHANNELS[name] for name in split_list(environment.get("CHANNEL_ORDER")))
        countries = split_list(stack.parameters.get("SmsCountries")) or None
        return cls(
            cognito,
            stack.pool_id,
            environment["SALT"],
            counters,
            kinds,
            limits_known=True,
            channels=channels,
            countries=countries,
            suppressed=SuppressionList(aws.client("sesv2", stack.sending_region)),
        )

    def status(self, user: str, *, is_address: bool) -> tuple[Subject, tuple[RecordState, ...]]:
        """The records of a user, or of an address of /createToken.

        It has each kind that the stack's clients use, and each other kind with a record. Raises `AdminError`
        for an unknown user and for text that is no address.
        """
        subject = self._subject(user, is_address=is_address)
        states = self._states(subject)
        return subject, tuple(state for state in states if state.known or state.kind in self.kinds)

    def unusable(self, user: str, *, is_address: bool) -> dict[str, AddressFault]:
        """Return why verified addresses of a user get no code, by the name of the channel.

        The result is empty if the user is not known, or if there is no pool to read.
        """
        if self.cognito is None or is_address:
            return {}
        try:
            found = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=user)
        except ClientError as error:
            # The records of a deleted user are shown all the same.
            if error_code(error) == "UserNotFoundException":
                return {}
            raise
        return find_faults(attributes_of(found["UserAttributes"]), self.channels, self.countries)

    def suppression(self, user: str, *, is_address: bool) -> Suppression | None:
        """Return the entry of the user's email address, or of the address, on the suppression list of SES.

        It is None if there is no entry, no known address, or no permission to read the list.
        """
        if self.suppressed is None:
            return None
        address = user if is_address else self._email(user)
        destination = EMAIL.destination(address)
        return self.suppressed.find_if_allowed(destination.value) if destination else None

    def _email(self, user: str) -> str:
        if self.cognito is None:
            return ""
        try:
            found = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=user)
        except ClientError as error:
            if error_code(error) == "UserNotFoundException":
                return ""
            raise
        return attributes_of(found["UserAttributes"]).get(EMAIL.attribute, "")

    def plan_reset(self, user: str, caller: str, *, is_address: bool) -> ResetPlan:
        """The plan to clear every record of a user or an address. Raises as `status` does.

        `caller` is the ARN of the principal that runs the command.
        """
        subject = self._subject(user, is_address=is_address)
        return ResetPlan(subject, tuple(state for state in self._states(subject) if state.known), caller)

    def reset(self, plan: ResetPlan) -> None:
        """Reset the records of a plan."""
        for state in plan.records:
            self.counters.reset(plan.subject, state.kind)

    def _states(self, subject: Subject) -> tuple[RecordState, ...]:
        now = int(time.time())
        return tuple(self.counters.state(subject, kind, now) for kind in subject.kinds)

    def _subject(self, user: str, *, is_address: bool) -> Subject:
        if is_address:
            return Subject(address_hash(user, self.salt), is_address=True)
        return Subject(find_sub(self.cognito, self.pool_id, user))


def kinds_in_use(stack: DeployedStack) -> tuple[str, ...]:
    """The kinds of codes that the app clients and the HTTP API of a stack use.

    The stack does not know which clients of an existing pool ask for a password, so it counts that kind.
    """
    parameters = stack.parameters
    has_password = (
        not stack.makes_pool
        or parameters.get("AppClients") != "CODE_ONLY"
        or parameters.get("HostedSignInMode") == "PASSWORD_AND_CODE"
    )
    in_use = {
        SIGN_IN_PASSWORD: has_password,
        SIGN_IN_CODE: bool(stack.code_only_with_hosted),
        STEP_UP: parameters.get("TokenService") == "ON",
        TOKEN: parameters.get("TokenService") == "ON",
    }
    return tuple(kind for kind, used in in_use.items() if used)


def caller_arn(aws: AwsAccount) -> str:
    """The ARN of the principal whose credentials the command uses."""
    return str(aws.client("sts").get_caller_identity()["Arn"])


def send_test_message(aws: AwsAccount, stack_name: str, to: str, *, is_call: bool = False) -> SentMessage:
    """Send the test message with the settings of the stack's `deliver`. Raises as `send` does."""
    stack = _find_stack(aws, stack_name)
    settings = Functions(aws.client("lambda")).environment(stack.functions[DELIVER])
    ses, names = aws.client("sesv2", stack.sending_region), ("sns", "pinpoint-sms-voice-v2")
    clients = GatewayClients(ses, *map(aws.client, names))
    return send(clients, settings, to, is_call=is_call)


def _find_stack(aws: AwsAccount, name: str) -> DeployedStack:
    cloudformation = aws.client("cloudformation")
    return find_stack(cloudformation, name, str(cloudformation.meta.region_name))
