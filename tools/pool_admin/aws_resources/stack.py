"""A deployed stack as the pool's administration needs it: its functions, its parameters, its outputs."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from tools.pool_admin.errors import AdminError, code_of

# The trigger's name in LambdaConfig, and the function's name in the template.
TRIGGERS = {
    "DefineAuthChallenge": "DefineAuthChallenge",
    "CreateAuthChallenge": "CreateAuthChallenge",
    "VerifyAuthChallengeResponse": "VerifyAuthChallenge",
}
CLAIMS = "PreTokenGeneration"
DELIVER = "Deliver"
SENDER = "CustomSender"
CODE_ONLY = "CodeOnlyClientIds"
PROVIDER = "OneTimeCode"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True)
class DeployedStack:
    """`functions` maps the template's names to what Cognito is to call (an alias if there is one).

    `hosted_client` and `inner_client` are the app clients of the hosted sign-in, empty without it.
    """

    name: str
    status: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    functions: dict[str, str]
    alarms: tuple[str, ...] = field(default=())
    hosted_client: str = ""
    inner_client: str = ""

    @property
    def pool_id(self) -> str:
        """The pool that it works for: its own, or the one it was deployed for."""
        return self.outputs.get("UserPoolId", "")

    @property
    def makes_pool(self) -> bool:
        return not self.parameters.get("UserPoolId")

    def keeps(self, pool_id: str) -> bool:
        """Whether it made that pool itself."""
        return self.makes_pool and self.pool_id == pool_id

    @property
    def code_only(self) -> tuple[str, ...]:
        """App clients that sign in with a code instead of a password."""
        listed = self.outputs.get("CodeOnlyClientId") if self.makes_pool else self.parameters.get(CODE_ONLY)
        return tuple(filter(None, (listed or "").split(",")))

    @property
    def served_code_only(self) -> tuple[str, ...]:
        """The same as the function has it, with the hosted sign-in's own if that asks for no password."""
        alone = self.parameters.get("HostedSignInMode") == "CODE_ONLY"
        return (*self.code_only, *([self.inner_client] if alone and self.inner_client else []))

    @property
    def claims_version(self) -> str | None:
        """The event version of the function for claims; None if this stack has none."""
        if CLAIMS not in self.functions:
            return None
        both = self.parameters.get("AssuranceClaims") == "ID_AND_ACCESS_TOKEN"
        return "V2_0" if both else "V1_0"

    @property
    def triggers(self) -> dict[str, str]:
        """The challenge triggers of LambdaConfig, and what each has to call."""
        return {trigger: self.functions[name] for trigger, name in TRIGGERS.items()}


def find(cloudformation: Any, name: str, region: str) -> DeployedStack:
    """The stack `name`. Raises `AdminError` if it is not there or not one of these."""
    try:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
        raise AdminError(
            f"There is no stack {name} in {region}. Check the name; a stack must be in its pool's region."
        ) from None
    resources = _resources(cloudformation, name)
    ids = _ids(resources)
    functions = {
        logical: arn
        for logical in (*TRIGGERS.values(), CLAIMS, DELIVER, SENDER)
        if (arn := _arn(ids, logical, described["StackId"]))
    }
    missing = [logical for logical in (*TRIGGERS.values(), DELIVER) if logical not in functions]
    if missing:
        raise AdminError(
            f"The stack {name} has no function {missing[0]}: it is not a Cognito Passcode stack."
        )
    return DeployedStack(
        name=name,
        status=described["StackStatus"],
        parameters={p["ParameterKey"]: p.get("ParameterValue", "") for p in described.get("Parameters", [])},
        outputs={o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])},
        functions=functions,
        alarms=tuple(
            r["PhysicalResourceId"] for r in resources if r["ResourceType"] == "AWS::CloudWatch::Alarm"
        ),
        hosted_client=ids.get("HostedClient", ""),
        inner_client=ids.get("HostedInnerClient", ""),
    )


def set_code_only(cloudformation: Any, stack: DeployedStack, clients: tuple[str, ...]) -> None:
    """Change the one parameter and leave the rest of the stack as it is. Raises `AdminError` if it fails."""
    kept = [
        {"ParameterKey": name, "UsePreviousValue": True} for name in stack.parameters if name != CODE_ONLY
    ]
    try:
        cloudformation.update_stack(
            StackName=stack.name,
            UsePreviousTemplate=True,
            Parameters=[*kept, {"ParameterKey": CODE_ONLY, "ParameterValue": ",".join(clients)}],
            Capabilities=_CAPABILITIES,
        )
        waiter = cloudformation.get_waiter("stack_update_complete")
        waiter.wait(
            StackName=stack.name,
            WaiterConfig={"Delay": 1 if _is_near(cloudformation) else 5, "MaxAttempts": 120},
        )
    except WaiterError:
        raise AdminError(
            f"The stack {stack.name} did not take the new {CODE_ONLY}. Look at its events, mend what "
            "they name, and run the command again."
        ) from None
    except ClientError as error:
        # Of a run that was cut off after this step.
        if "No updates are to be performed" not in str(error):
            raise


def _is_near(client: Any) -> bool:
    return str(client.meta.endpoint_url).startswith("http://")


def _resources(cloudformation: Any, name: str) -> list[dict[str, Any]]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return [
        resource
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource.get("PhysicalResourceId")
    ]


def _ids(resources: list[dict[str, Any]]) -> dict[str, str]:
    return {resource["LogicalResourceId"]: str(resource["PhysicalResourceId"]) for resource in resources}


def _arn(ids: dict[str, str], logical: str, stack_id: str) -> str | None:
    """What Cognito calls: the function's alias if there is one (SnapStart), else the function."""
    if alias := ids.get(f"{logical}Alias"):
        return alias
    # A function's physical id is its name; the rest of its ARN is as in the stack's.
    _, partition, _, region, account, *_ = stack_id.split(":")
    name = ids.get(logical)
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}" if name else None
