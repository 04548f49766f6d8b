"""Collects the facts from AWS. It only reads. A fact whose call fails becomes `Unchecked`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from passcode.adapters.sms_options import NOTIFY, SNS
from passcode.channels.channel import AddressFault
from passcode.channels.registry import CHANNELS
from tools.pool_admin.aws_resources.custom_senders import wanted_senders
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.aws_resources.stack import (
    CLAIMS,
    DELIVER,
    PROVIDER,
    SENDER,
    TRIGGERS,
    DeployedStack,
    split_list,
)
from tools.pool_admin.context import AdminContext
from tools.pool_admin.doctor.addresses import OTHER_USERS, verified_attributes
from tools.pool_admin.doctor.calls import try_call
from tools.pool_admin.doctor.collect_phone import Messaging, event_facts, phone_facts
from tools.pool_admin.doctor.facts import (
    CALLS,
    Client,
    EmailFacts,
    EventFacts,
    Facts,
    GatewayFacts,
    SmsFacts,
    StackFacts,
    Unchecked,
    Unreadable,
    UserFacts,
)
from tools.pool_admin.errors import NOT_FOUND, AdminError, error_code
from tools.pool_admin.unusable import attributes_of, find_faults

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient

# 17 calls, which take a few seconds. A pool can have millions of users.
_MOST_USERS = 1000
_USERS_PER_CALL = 60  # the most that ListUsers returns
_STACK_TAG = "aws:cloudformation:stack-name"


def collect_facts(context: AdminContext, stack_name: str | None) -> Facts:
    """Return the facts of a pool, and of its stack if `stack_name` names one.

    Raises `AdminError` or botocore's errors if the pool cannot be read, and `AdminError` if the named stack
    does not exist.
    """
    pool = context.pool.describe()
    clients, unread_clients = _describe_clients(context)
    named = try_call("DescribeStacks", context.stack, stack_name) if stack_name else None
    stack = None if isinstance(named, Unchecked) else named
    attached = None if stack_name else find_attached_stack(context, pool.get("LambdaConfig") or {})
    existing = [*(client["ClientId"] for client in clients), *(fact.resource for fact in unread_clients)]
    all_listed = all(fact.resource for fact in unread_clients)
    return Facts(
        pool,
        clients,
        stack_facts(context, stack, existing if all_listed else None) if stack else None,
        try_call(
            "ListUsers",
            count_users,
            context.pool.cognito,
            context.pool.pool_id,
            _channels(stack or attached),
            _countries(stack or attached),
        ),
        attached,
        unread_clients,
        replace(named, resource=stack_name or "") if isinstance(named, Unchecked) else None,
        context.aws.profile,
    )


def count_users(
    cognito: CognitoIdentityProviderClient,
    pool_id: str,
    channels: tuple[str, ...],
    countries: Collection[str] | None = None,
) -> UserFacts:
    """Count the users who can sign in, and those of them without a verified address on `channels`.

    `countries` are the countries that the stack sends SMS to, None if they are not known.
    AttributesToGet is left out: Cognito refuses the call if a user lacks one of the attributes.
    """
    pages = cognito.get_paginator("list_users").paginate(
        UserPoolId=pool_id, PaginationConfig={"MaxItems": _MOST_USERS, "PageSize": _USERS_PER_CALL}
    )
    read = [user for page in pages for user in page["Users"]]
    counted = [user for user in read if _can_sign_in(user)]
    without_address = sum(not _has_address(user, channels) for user in counted)
    unusable: dict[tuple[str, AddressFault], tuple[str, ...]] = {}
    for user in counted:
        attributes = attributes_of(user.get("Attributes", []))
        faults = find_faults(attributes, [CHANNELS[name] for name in channels], countries)
        for cause in faults.items():
            unusable[cause] = (*unusable.get(cause, ()), attributes.get("sub", ""))
    more = pages.resume_token is not None
    return UserFacts(len(read), len(counted), without_address, channels, more, unusable)


def find_attached_stack(context: AdminContext, triggers: Mapping[str, Any]) -> DeployedStack | None:
    """Return the stack in attach's backup, else the stack of the pool's trigger; None if it is not known."""
    for read_name in (_name_in_backup, _name_in_tags):
        try:
            if name := read_name(context, triggers):
                # The backup can be older than the stack's deletion, and the trigger can belong to another
                # project.
                return context.stack(name)
        except (AdminError, ClientError, BotoCoreError):
            continue
    return None


def email_facts(ses: SESV2Client, sender: str) -> EmailFacts:
    """Return the facts of SES for the address `sender`."""
    is_verified = try_call("GetEmailIdentity", _is_sender_verified, ses, sender)
    account = try_call("GetAccount", ses.get_account)
    if isinstance(account, Unchecked):
        return EmailFacts(sender, is_verified, account, account)
    return EmailFacts(
        sender,
        is_verified,
        bool(account.get("ProductionAccessEnabled", False)),
        float(account.get("SendQuota", {}).get("MaxSendRate") or 0),
        float(account.get("SendQuota", {}).get("Max24HourSend") or 0),
    )


def gateway_facts(
    context: AdminContext, stack: DeployedStack, deliver: Mapping[str, Any] | Unchecked
) -> GatewayFacts | None:
    """Return the facts of the operator's gateway function, None if the stack has none.

    `deliver` is the configuration of the stack's function.
    """
    channels, arn = stack.gateway_function
    if not arn:
        return None
    role = "" if isinstance(deliver, Unchecked) else str(deliver.get("Role", ""))
    iam = context.aws.client("iam")
    return GatewayFacts(
        arn,
        channels,
        try_call("GetFunctionConfiguration", _existing_configuration, context.functions, arn),
        try_call("SimulatePrincipalPolicy", _may_invoke, iam, role, arn) if role else None,
    )


def _existing_configuration(functions: Functions, arn: str) -> Mapping[str, Any] | None:
    try:
        # The whole ARN, because the function can belong to another account.
        return functions.client.get_function_configuration(FunctionName=arn)
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            return None
        raise


def _may_invoke(iam: IAMClient, role: str, arn: str) -> bool:
    """Return whether a role may invoke the function. The simulation includes its permissions boundary."""
    response = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["lambda:InvokeFunction"], ResourceArns=[arn]
    )
    return all(result["EvalDecision"] == "allowed" for result in response["EvaluationResults"])


def _channels(stack: DeployedStack | None) -> tuple[str, ...]:
    return stack.channels if stack else ("email", "sms")


def _countries(stack: DeployedStack | None) -> tuple[str, ...] | None:
    return split_list(stack.parameters.get("SmsCountries")) or None if stack else None


def _describe_clients(context: AdminContext) -> tuple[tuple[Client, ...], tuple[Unchecked, ...]]:
    """Return the app clients, and the calls that failed. A failed call hides no other app client."""
    names, unread = _list_clients(context)
    clients = []
    for name in names:
        try:
            client = try_call("DescribeUserPoolClient", context.pool.describe_client, name)
        except AdminError:
            # The app client was deleted after the list was read.
            continue
        if isinstance(client, Unchecked):
            unread.append(replace(client, resource=name))
        else:
            clients.append(client)
    return tuple(clients), tuple(unread)


def _list_clients(context: AdminContext) -> tuple[list[str], list[Unchecked]]:
    pages = iter(
        context.pool.cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=context.pool.pool_id)
    )
    names: list[str] = []
    while page := try_call("ListUserPoolClients", next, pages, None):
        if isinstance(page, Unchecked):
            return names, [page]
        names += [client["ClientId"] for client in page["UserPoolClients"]]
    return names, []


def _name_in_backup(context: AdminContext, _triggers: Mapping[str, Any]) -> str:
    backup = context.backups.load()
    return backup.stack if backup else ""


def _name_in_tags(context: AdminContext, triggers: Mapping[str, Any]) -> str:
    arn = triggers.get("DefineAuthChallenge")
    return context.functions.tags(arn).get(_STACK_TAG, "") if arn else ""


def _can_sign_in(user: Mapping[str, Any]) -> bool:
    return bool(user.get("Enabled", True)) and user.get("UserStatus") not in OTHER_USERS


def _has_address(user: Mapping[str, Any], channels: tuple[str, ...]) -> bool:
    attributes = attributes_of(user.get("Attributes", []))
    return any(
        attributes.get(address) and attributes.get(verified, "").lower() == "true"
        for address, verified in verified_attributes(channels).items()
    )


def stack_facts(
    context: AdminContext, stack: DeployedStack, client_ids: Collection[str] | None
) -> StackFacts:
    """Return the facts of a stack.

    `client_ids` are the app clients that the pool has, None if not all are known.
    """
    optional = [*([CLAIMS] if stack.claims_version else []), *([SENDER] if wanted_senders(stack) else [])]
    called = [*stack.triggers.values(), *(stack.functions[name] for name in optional)]
    names = [*TRIGGERS.values(), DELIVER, *optional]
    functions, arns = context.functions, stack.functions
    configurations = {
        name: try_call("GetFunctionConfiguration", functions.configuration, arns[name]) for name in names
    }
    # The operator's function sends on these channels, instead of AWS.
    others, _ = stack.gateway_function
    ses = context.aws.client("sesv2", stack.sending_region)
    messaging = Messaging(context.aws.client("pinpoint-sms-voice-v2"))
    phone = phone_facts(messaging, stack)
    return StackFacts(
        deployed=stack,
        permitted={
            arn: try_call("GetPolicy", functions.may_be_called_by, arn, context.pool_arn) for arn in called
        },
        functions=configurations,
        newest={
            name: try_call("GetFunctionConfiguration", functions.newest_configuration, arns[name])
            for name in names
        },
        email=email_facts(ses, stack.parameters.get("SenderEmail", "")) if "email" not in others else None,
        sms=sms_facts(context, messaging, phone.gateway) if phone and "sms" in phone.channels else None,
        idle_alarms=try_call("DescribeAlarms", _idle_alarms, context.aws.client("cloudwatch"), stack.alarms),
        modes=_modes(context, stack.name, client_ids),
        provider=try_call("DescribeIdentityProvider", context.pool.provider, PROVIDER)
        if stack.hosted_client
        else None,
        concurrency=try_call("GetAccountSettings", functions.concurrency),
        gateway=gateway_facts(context, stack, configurations[DELIVER]),
        calls=sms_facts(context, messaging, CALLS) if phone and "voice" in phone.channels else None,
        phone=phone,
        email_events=email_event_facts(ses, stack, configurations[DELIVER])
        if "email" not in others
        else None,
    )


def _modes(
    context: AdminContext, stack_name: str, client_ids: Collection[str] | None
) -> Mapping[str, bool] | Unreadable | Unchecked:
    try:
        backup = try_call("GetParameter", context.backups.load)
    except AdminError as error:
        return Unreadable(str(error))
    if isinstance(backup, Unchecked):
        return backup
    if backup is None or backup.stack != stack_name:
        return {}
    if client_ids is None:
        return backup.modes
    # Without the app clients that were deleted after attach.
    return {client_id: mode for client_id, mode in backup.modes.items() if client_id in client_ids}


def _is_sender_verified(ses: SESV2Client, sender: str) -> bool:
    domain = sender.partition("@")[2]
    return any(_is_identity_verified(ses, identity) for identity in (sender, domain))


def _is_identity_verified(ses: SESV2Client, identity: str) -> bool:
    try:
        return bool(ses.get_email_identity(EmailIdentity=identity).get("VerifiedForSendingStatus"))
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            return False
        raise


def sms_facts(context: AdminContext, messaging: Messaging, gateway: str) -> SmsFacts:
    """Return the facts of the service that `gateway` names: a value of SmsGateway, or `CALLS`."""
    if gateway == SNS:
        sns = context.aws.client("sns")
        return SmsFacts(
            try_call("GetSMSSandboxAccountStatus", _is_in_sms_sandbox, sns),
            try_call("GetSMSAttributes", _monthly_sms_limit, sns),
        )
    attributes, limits = messaging.attributes, messaging.spend_limits
    kind = {NOTIFY: "NOTIFY", CALLS: "VOICE"}.get(gateway, "TEXT")
    return SmsFacts(
        attributes if isinstance(attributes, Unchecked) else attributes.get("ACCOUNT_TIER") == "SANDBOX",
        limits if isinstance(limits, Unchecked) else limits.get(f"{kind}_MESSAGE_MONTHLY_SPEND_LIMIT", 0.0),
        gateway,
    )


def email_event_facts(
    ses: SESV2Client, stack: DeployedStack, deliver: Mapping[str, Any] | Unchecked
) -> EventFacts | Unchecked | None:
    """Return the events of emails that reach the stack's topic. `deliver` is the function's configuration."""
    topic = stack.outputs.get("DeliveryEventsTopicArn", "")
    variables = {} if isinstance(deliver, Unchecked) else deliver.get("Environment", {}).get("Variables", {})
    name = str(variables.get("CONFIGURATION_SET", ""))
    if not topic or not name:
        return None
    return try_call("GetConfigurationSetEventDestinations", _email_events, ses, name, topic)


def _email_events(ses: SESV2Client, name: str, topic: str) -> EventFacts:
    try:
        found = ses.get_configuration_set_event_destinations(ConfigurationSetName=name)
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            return EventFacts(name, topic, None)
        raise
    named = [(each["Name"], each) for each in found.get("EventDestinations", [])]
    return event_facts(name, topic, named)


def _is_in_sms_sandbox(sns: SNSClient) -> bool:
    return bool(sns.get_sms_sandbox_account_status()["IsInSandbox"])


def _monthly_sms_limit(sns: SNSClient) -> float:
    attributes = sns.get_sms_attributes(attributes=["MonthlySpendLimit"]).get("attributes", {})
    return float(attributes.get("MonthlySpendLimit") or 0)


def _idle_alarms(cloudwatch: CloudWatchClient, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    # One call accepts at most 100 names, and a stack has fewer alarms.
    response: Mapping[str, Any] = cloudwatch.describe_alarms(AlarmNames=list(names[:100]))
    alarms = [*response.get("MetricAlarms", []), *response.get("CompositeAlarms", [])]
    return tuple(alarm["AlarmName"] for alarm in alarms if not alarm.get("AlarmActions"))
