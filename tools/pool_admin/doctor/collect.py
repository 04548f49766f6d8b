"""Ask AWS for the facts. Reads only; what is refused is noted and the rest is asked all the same."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from tools.pool_admin import senders
from tools.pool_admin.doctor.facts import EmailFacts, Facts, SmsFacts, StackFacts, Unchecked, Unreadable
from tools.pool_admin.errors import DENIED, NOT_FOUND, NOT_OFFERED, AdminError, code_of
from tools.pool_admin.place import Place
from tools.pool_admin.stack import CLAIMS, DELIVER, PROVIDER, SENDER, TRIGGERS, DeployedStack

T = TypeVar("T")


def collect(place: Place, stack_name: str | None) -> Facts:
    """The facts of a pool. Raises `AdminError` or botocore's errors if not even the pool can be read."""
    pool = place.pool.describe()
    clients = _ask(lambda: tuple(map(place.pool.describe_client, place.pool.client_ids())))
    return Facts(pool, clients, _stack(place, place.stack(stack_name), clients) if stack_name else None)


def _stack(
    place: Place, stack: DeployedStack, clients: tuple[Mapping[str, Any], ...] | Unchecked
) -> StackFacts:
    named = [*([CLAIMS] if stack.claims_version else []), *([SENDER] if senders.wanted(stack) else [])]
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
    )


def _modes(
    place: Place, stack_name: str, clients: tuple[Mapping[str, Any], ...] | Unchecked
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

    return EmailFacts(
        sender, _ask(verified), _ask(lambda: bool(ses.get_account().get("ProductionAccessEnabled", False)))
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
    # At most a hundred names a call, which is more than a stack of ours has.
    answer = cloudwatch.describe_alarms(AlarmNames=list(names[:100]))
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return tuple(alarm["AlarmName"] for alarm in alarms if not alarm.get("AlarmActions"))


def _ask(call: Callable[[], T]) -> T | Unchecked:
    try:
        return call()
    except ClientError as error:
        if code_of(error) in DENIED:
            return Unchecked(error.operation_name, denied=True)
        if code_of(error) in NOT_OFFERED:
            return Unchecked(error.operation_name, denied=False)
        raise
