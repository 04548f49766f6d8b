"""A deployed Cognito Passcode stack: its functions, parameters and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from passcode.hosted.levels import Level
from tools.lambda_functions import FUNCTIONS, SIGN_IN_FUNCTIONS
from tools.pool_admin.errors import AdminError, error_code, wait

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef as Resource

# The name of each challenge trigger in LambdaConfig, and the name of its function in the template.
TRIGGERS = {
    trigger: FUNCTIONS[name].logical_id
    for name in SIGN_IN_FUNCTIONS
    for trigger in FUNCTIONS[name].cognito_triggers
}
# Names of other functions in the template. PreTokenGeneration is also the name of its trigger.
CLAIMS = FUNCTIONS["pre_token_generation"].logical_id
DELIVER = FUNCTIONS["deliver"].logical_id
SENDER = FUNCTIONS["custom_sender"].logical_id
# The stack's parameter with the app clients that sign in with a code instead of a password.
CODE_ONLY = "CodeOnlyClientIds"
# The name of the stack's identity provider.
PROVIDER = "OneTimeCode"
# Its AcrMapping, which CloudFormation cannot set. It also has the levels that no sign-in reaches, so that a
# request for them gets to the provider, which answers it.
ACR_MAPPING = {f"Level{level.value}": level.acr for level in Level}
_CAPABILITIES: Any = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True)
class DeployedStack:
    """`functions` maps a function's name in the template to the ARN to call: its alias, if any.

    `hosted_client` and `inner_client` are the app clients of the hosted sign-in, empty without it.
    """

    name: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    functions: dict[str, str]
    alarms: tuple[str, ...] = ()
    hosted_client: str = ""
    inner_client: str = ""

    @property
    def pool_id(self) -> str:
        """The pool that the stack works for: the one it made, or the one in its parameter UserPoolId."""
        return self.outputs.get("UserPoolId", "")

    @property
    def makes_pool(self) -> bool:
        """Whether the stack made its user pool instead of using an existing one."""
        return not self.parameters.get("UserPoolId")

    def owns(self, pool_id: str) -> bool:
        """Return whether the stack made the pool `pool_id`."""
        return self.makes_pool and self.pool_id == pool_id

    @property
    def code_only(self) -> tuple[str, ...]:
        """The app clients that sign in with a code instead of a password."""
        listed = self.outputs.get("CodeOnlyClientId") if self.makes_pool else self.parameters.get(CODE_ONLY)
        return split_list(listed)

    @property
    def code_only_with_hosted(self) -> tuple[str, ...]:
        """`code_only`, and the inner client of a hosted sign-in without a password: the function's list."""
        without_password = self.parameters.get("HostedSignInMode") == "CODE_ONLY"
        return (*self.code_only, *([self.inner_client] if without_password and self.inner_client else []))

    @property
    def claims_version(self) -> str | None:
        """The event version of the function for claims; None if the stack has no such function."""
        if CLAIMS not in self.functions:
            return None
        both_tokens = self.parameters.get("AssuranceClaims") == "ID_AND_ACCESS_TOKEN"
        return "V2_0" if both_tokens else "V1_0"

    @property
    def sending_region(self) -> str:
        """The region that sends emails, if the stack names it; empty if it is that of the stack."""
        return f"{self.parameters.get('SenderIdentityArn', '')}::::".split(":")[3]

    @property
    def gateway_function(self) -> tuple[tuple[str, ...], str]:
        """The channels of the operator's gateway function, and its ARN; both are empty without one."""
        channels, _, arn = self.parameters.get("GatewayFunctionArn", "").partition("=")
        return split_list(channels), arn

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of codes, in their order."""
        return split_list(self.parameters.get("ChannelOrder")) or ("email", "sms")

    @property
    def phone_channels_of_aws(self) -> tuple[str, ...]:
        """The channels to phone numbers whose messages AWS sends, not the operator's gateway function."""
        sends_cognitos = self.parameters.get("CustomSenders") in ("SMS", "BOTH")
        used = {*self.channels, *(["sms"] if sends_cognitos else [])} - {*self.gateway_function[0]}
        return tuple(name for name in ("sms", "voice") if name in used)

    @property
    def messages_to_phones_at_once(self) -> int:
        """The share of DeliverConcurrency that the queue for phones has; 0 for an older stack."""
        queues = ["phone", *(["email"] if "email" in self.channels else [])]
        if self.parameters.get("CustomSenders", "OFF") != "OFF":
            queues.append("cognito")
        return int(self.parameters.get("DeliverConcurrency") or 0) // len(queues)

    @property
    def triggers(self) -> dict[str, str]:
        """The challenge triggers of LambdaConfig, with the ARN that each has to call."""
        return {trigger: self.functions[name] for trigger, name in TRIGGERS.items()}


def split_list(value: str | None) -> tuple[str, ...]:
    """Return the items of a list that is written with commas; empty for an empty value."""
    return tuple(filter(None, (value or "").split(",")))


def find_stack(cloudformation: CloudFormationClient, name: str, region: str) -> DeployedStack:
    """Return the stack `name`. Raises `AdminError` if it does not exist or is no Cognito Passcode stack."""
    try:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        raise AdminError(
            f"There is no stack {name} in {region}. Check the name. A stack must be in the region of its "
            "pool."
        ) from None
    resources = _resources(cloudformation, name)
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    functions = {
        logical: arn
        for logical in (function.logical_id for function in FUNCTIONS.values())
        if (arn := _function_arn(ids, logical, described["StackId"]))
    }
    required = [FUNCTIONS[function].logical_id for function in SIGN_IN_FUNCTIONS]
    missing = [logical for logical in required if logical not in functions]
    if missing:
        raise AdminError(
            f"The stack {name} has no function {missing[0]}, so it is not a Cognito Passcode stack. Check "
            "the name."
        )
    return DeployedStack(
        name=name,
        parameters={p["ParameterKey"]: p.get("ParameterValue", "") for p in described.get("Parameters", [])},
        outputs={o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])},
        functions=functions,
        alarms=tuple(
            r["PhysicalResourceId"] for r in resources if r["ResourceType"] == "AWS::CloudWatch::Alarm"
        ),
        hosted_client=ids.get("HostedClient", ""),
        inner_client=ids.get("HostedInnerClient", ""),
    )


def update_code_only_clients(
    cloudformation: CloudFormationClient, stack: DeployedStack, clients: tuple[str, ...]
) -> None:
    """Set the parameter CodeOnlyClientIds, keep the rest of the stack, and wait for the update.

    Raises `AdminError` if the update fails.
    """
    kept: list[Any] = [
        {"ParameterKey": name, "UsePreviousValue": True} for name in stack.parameters if name != CODE_ONLY
    ]
    try:
        cloudformation.update_stack(
            StackName=stack.name,
            UsePreviousTemplate=True,
            Parameters=[*kept, {"ParameterKey": CODE_ONLY, "ParameterValue": ",".join(clients)}],
            Capabilities=_CAPABILITIES,
        )
        wait(
            cloudformation.get_waiter("stack_update_complete"),
            StackName=stack.name,
            WaiterConfig={"Delay": 1 if _is_local(cloudformation) else 5, "MaxAttempts": 120},
        )
    except WaiterError:
        raise AdminError(
            f"The update of {CODE_ONLY} in the stack {stack.name} failed. Fix the cause that the stack's "
            "events name, and run the command again."
        ) from None
    except ClientError as error:
        # An earlier run can have been interrupted after this step.
        if "No updates are to be performed" not in str(error):
            raise


def _is_local(cloudformation: CloudFormationClient) -> bool:
    return str(cloudformation.meta.endpoint_url).startswith("http://")


def _resources(cloudformation: CloudFormationClient, name: str) -> list[Resource]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return [
        resource
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource.get("PhysicalResourceId")
    ]


def _function_arn(ids: dict[str, str], logical: str, stack_id: str) -> str | None:
    """Return the ARN of the function's alias if there is one (SnapStart), else of the function."""
    if alias := ids.get(f"{logical}Alias"):
        return alias
    # A function's physical id is its name. The rest of its ARN is that of the stack.
    _, partition, _, region, account, *_ = stack_id.split(":")
    name = ids.get(logical)
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}" if name else None
