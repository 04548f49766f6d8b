"""Collect the facts from AWS, by reads only. A call without an answer becomes `Unchecked`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from tools.pool_admin.aws_resources import custom_senders
from tools.pool_admin.aws_resources.stack import CLAIMS, DELIVER, PROVIDER, SENDER, TRIGGERS, DeployedStack
from tools.pool_admin.context import Place
from tools.pool_admin.doctor.addresses import verified_attributes
from tools.pool_admin.doctor.facts import (
    Client,
    EmailFacts,
    Facts,
    Reason,
    SmsFacts,
    StackFacts,
    Unchecked,
    Unreadable,
    UserFacts,
)
from tools.pool_admin.errors import DENIED, NOT_FOUND, NOT_OFFERED, THROTTLED, AdminError, code_of

T = TypeVar("T")

# 17 calls, a few seconds. A pool can have millions of users.
_USERS = 1000
_USERS_PER_CALL = 60  # the most that ListUsers gives
# Users who cannot sign in with a code anyway: federated ones, and those who have not finished their sign-up.
_OTHER_USERS = frozenset({"EXTERNAL_PROVIDER", "UNCONFIRMED"})
_STACK_TAG = "aws:cloudformation:stack-name"


def collect(place: Place, stack_name: str | None) -> Facts:
    """The facts of a pool. Raises `AdminError` or botocore's errors if not even the pool can be read."""
    pool = place.pool.describe()
    clients = _ask(lambda: tuple(map(place.pool.describe_client, place.pool.client_ids())))
    stack = place.stack(stack_name) if stack_name else None
    order = stack.parameters.get("ChannelOrder", "") if stack else ""
    channels = tuple(order.split(",")) if order else ("email", "sms")
    return Facts(
        pool,
        clients,
        _stack(place, stack, clients) if stack else None,
        _ask(lambda: count_users(place.pool.cognito, place.pool.pool_id, channels)),
        None if stack else _find_stack(place, pool.get("LambdaConfig") or {}),
    )


def count_users(cognito: Any, pool_id: str, channels: tuple[str, ...]) -> UserFacts:
    """Count the users who can sign in, and those without a verified address on `channels`. No name is kept.

    AttributesToGet is left out: Cognito refuses the call if a user lacks one of the attributes.
    """
    bound = {"MaxItems": _USERS, "PageSize": _USERS_PER_CALL}
    pages = cognito.get_paginator("list_users").paginate(UserPoolId=pool_id, PaginationConfig=bound)
    users = [user for page in pages for user in page["Users"] if _signs_in(user)]
    without = sum(not _has_address(user, channels) for user in users)
    return UserFacts(len(users), without, channels, more=pages.resume_token is not None)


def _find_stack(place: Place, triggers: Mapping[str, Any]) -> DeployedStack | None:
    # The stack that attach saved, or else the one that made the trigger.
    for read in (_saved_stack, _stack_of_trigger):
        try:
            if name := read(place, triggers):
                # A record outlives its stack, and the trigger can belong to another project.
                return place.stack(name)
        except (AdminError, ClientError):
            continue
    return None


def _saved_stack(place: Place, _triggers: Mapping[str, Any]) -> str:
    record = place.saved.load()
    return record.stack if record else ""


def _stack_of_trigger(place: Place, triggers: Mapping[str, Any]) -> str:
    arn = triggers.get("DefineAuthChallenge")
    return place.functions.tags(arn).get(_STACK_TAG, "") if arn else ""


def _signs_in(user: Mapping[str, Any]) -> bool:
    return bool(user.get("Enabled", True)) and user.get("UserStatus") not in _OTHER_USERS


def _has_address(user: Mapping[str, Any], channels: tuple[str, ...]) -> bool:
    known = {each["Name"]: each.get("Value", "") for each in user.get("Attributes", [])}
    return any(
        known.get(address) and known.get(verified, "").lower() == "true"
        for address, verified in verified_attributes(channels).items()
    )


def _stack(place: Place, stack: DeployedStack, clients: tuple[Client, ...] | Unchecked) -> StackFacts:
    named = [*([CLAIMS] if stack.claims_version else []), *([SENDER] if custom_senders.wanted(stack) else [])]
    called = [*stack.triggers.values(), *(stack.functions[name] for name in named)]
    names = [*TRIGGERS.values(), DELIVER, *named]
    functions = place.functions
    return StackFacts(
        stack,
        {arn: _ask(lambda arn=arn: functions.may_be_called_by(arn, place.arn)) for arn in called},  # type: ignore[misc]
        {name: _ask(lambda name=name: functions.configuration(stack.functions[name])) for name in names},  # type: ignore[misc]
        {name: _ask(lambda name=name: functions.newest(stack.functions[name])) for name in names},  # type: ignore[misc]
        _email(place.aws.client("sesv2"), stack.parameters.get("SenderEmail", "")),
        _sms(place.aws.client("sns")) if "sms" in stack.parameters.get("ChannelOrder", "sms") else None,
        _ask(lambda: _idle(place.aws.client("cloudwatch"), stack.alarms)),
        _modes(place, stack.name, clients),
        _ask(lambda: place.pool.provider(PROVIDER)) if stack.hosted_client else None,
        _ask(functions.concurrency),
    )


def _modes(
    place: Place, stack_name: str, clients: tuple[Client, ...] | Unchecked
) -> Mapping[str, bool] | Unreadable:
    try:
        record = place.saved.load()
    except AdminError as error:
        return Unreadable(str(error))
    if record is None or record.stack != stack_name:
        return {}
    # An app client that was deleted since has no mode.
    gone = (
        set()
        if isinstance(clients, Unchecked)
        else record.modes.keys() - {client["ClientId"] for client in clients}
    )
    return {name: alone for name, alone in record.modes.items() if name not in gone}


def _email(ses: Any, sender: str) -> EmailFacts:
    def verified() -> bool:
        return any(_is_verified(ses, identity) for identity in (sender, sender.partition("@")[2]))

    account: dict[str, Any] | Unchecked = _ask(ses.get_account)
    if isinstance(account, Unchecked):
        return EmailFacts(sender, _ask(verified), account, account)
    return EmailFacts(
        sender,
        _ask(verified),
        bool(account.get("ProductionAccessEnabled", False)),
        float(account.get("SendQuota", {}).get("MaxSendRate") or 0),
    )


def _is_verified(ses: Any, identity: str) -> bool:
    try:
        return bool(ses.get_email_identity(EmailIdentity=identity).get("VerifiedForSendingStatus"))
    except ClientError as error:
        if code_of(error) in NOT_FOUND:
            return False
        raise


def _sms(sns: Any) -> SmsFacts:
    def limit() -> float:
        attributes = sns.get_sms_attributes(attributes=["MonthlySpendLimit"]).get("attributes", {})
        return float(attributes.get("MonthlySpendLimit") or 0)

    return SmsFacts(_ask(lambda: bool(sns.get_sms_sandbox_account_status()["IsInSandbox"])), _ask(limit))


def _idle(cloudwatch: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    # One call takes at most a hundred names, which is more than a stack has.
    answer = cloudwatch.describe_alarms(AlarmNames=list(names[:100]))
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return tuple(alarm["AlarmName"] for alarm in alarms if not alarm.get("AlarmActions"))


def _ask(call: Callable[[], T]) -> T | Unchecked:
    try:
        return call()
    except ClientError as error:
        for reason, codes in _REASONS.items():
            if code_of(error) in codes:
                return Unchecked(error.operation_name, reason)
        raise


_REASONS = {Reason.DENIED: DENIED, Reason.THROTTLED: THROTTLED, Reason.NOT_OFFERED: NOT_OFFERED}
