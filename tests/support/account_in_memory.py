"""A pool, a stack and the AWS resources around them in memory. Each change can be interrupted."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.support.botocore_values import members
from tests.support.fake_user_pool import ACCOUNT, ARN, POOL_ID, REGION, FakeCognito, Json
from tools import lambda_functions
from tools.pool_admin.attachment.attach import apply_attach, read_state
from tools.pool_admin.attachment.detach import DetachPlan, apply_detach, plan_detach, read_attached_state
from tools.pool_admin.attachment.plan import AttachOptions, AttachPlan, plan_attach
from tools.pool_admin.aws_resources.backup_store import BackupStore
from tools.pool_admin.aws_resources.pool import Pool
from tools.pool_admin.context import AdminContext, AwsAccount

PREFIX = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:passcode"
OTHERS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:older-define"
SENDER_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0d5f6e0a-0000-4000-8000-000000000000"
# Functions that the stack has only with a parameter.
_BY_PARAMETER = {
    each.logical_id: each.parameter for each in lambda_functions.FUNCTIONS.values() if each.parameter
}
_STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/passcode/0d5f6e0a"
# The functions of this stack, which has no API. One of them has no alias.
FUNCTIONS = {
    each.logical_id: f"{PREFIX}-{each.name.replace('_', '-')}:live"
    for each in lambda_functions.FUNCTIONS.values()
    if each.caller != lambda_functions.API_GATEWAY
}
FUNCTIONS["CustomSender"] = FUNCTIONS["CustomSender"].removesuffix(":live")


def refusal(code: str, operation: str, message: str = "no") -> ClientError:
    """The error that boto3 raises if AWS refuses a call."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def app_client(name: str, **settings: Any) -> Json:
    """An app client with every setting that the model knows, as AWS describes it."""
    client = members("UserPoolClientType")
    for left_out in ("ClientSecret", "CreationDate", "LastModifiedDate"):
        del client[left_out]
    client |= {"UserPoolId": POOL_ID, "ClientId": name, "AnalyticsConfiguration": {"ApplicationArn": ARN}}
    client["RefreshTokenRotation"] = {"Feature": "DISABLED", "RetryGracePeriodSeconds": 5}
    return (
        client
        | {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"], "PreventUserExistenceErrors": "LEGACY"}
        | settings
    )


class AccountInMemory:
    """`cognito` is the fake user pool. The other services have only the calls that pool_admin makes."""

    def __init__(self, pool: Json, clients: Json, *, claims: str = "OFF", senders: str = "OFF") -> None:
        self.cognito = FakeCognito(pool, clients)
        self.parameters = {"UserPoolId": POOL_ID, "CodeOnlyClientIds": ""}
        self.parameters |= {"AssuranceClaims": claims, "CustomSenders": senders}
        self.made = ""  # the pool that the stack created
        self.latest = ""  # CODE_ONLY_CLIENTS of the newest function
        self.served = ""  # CODE_ONLY_CLIENTS that the alias serves
        self.permitted: set[str] = {arn for name, arn in FUNCTIONS.items() if name not in _BY_PARAMETER}
        self.ssm: dict[str, str] = {}
        self.ssm_refused = False

    def context(self) -> AdminContext:
        cognito: Any = self.cognito.client()
        functions: Any = _Functions(self)
        cloudformation: Any = _CloudFormation(self)
        ssm: Any = _Ssm(self)
        return AdminContext(
            AwsAccount(region=REGION),
            Pool.with_unknown_settings(cognito, POOL_ID),
            functions,
            cloudformation,
            BackupStore(ssm, cognito, POOL_ID, ARN),
            ARN,
        )

    def plan(self, options: AttachOptions, stack: str = "passcode") -> AttachPlan:
        """The plan of an attach."""
        return plan_attach(read_state(self.context(), stack, options), options)

    def attach(self, options: AttachOptions) -> AttachPlan:
        """Attach without a confirmation."""
        plan = self.plan(options)
        apply_attach(self.context(), plan)
        return plan

    def plan_detach(self) -> DetachPlan:
        """The plan of a detach."""
        return plan_detach(read_attached_state(self.context()))

    def detach(self) -> DetachPlan:
        """Detach without a confirmation."""
        plan = self.plan_detach()
        apply_detach(self.context(), plan)
        return plan

    def state(self) -> Json:
        """Everything that attach can change, and the rest of the pool."""
        return self.cognito.describe() | {
            "parameters": dict(self.parameters),
            "served": self.served,
            "permitted": sorted(self.permitted),
            "tags": dict(self.cognito.tags),
        }


class _Functions:
    def __init__(self, account: AccountInMemory) -> None:
        self.account = account

    def may_be_called_by(self, arn: str, _pool_arn: str) -> bool:
        return arn in self.account.permitted

    def allow(self, arn: str, _pool_arn: str) -> None:
        self.account.cognito.step("AddPermission")
        self.account.permitted.add(arn)

    def disallow(self, arn: str, _pool_arn: str) -> None:
        self.account.cognito.step("RemovePermission")
        self.account.permitted.discard(arn)

    def environment(self, _arn: str) -> dict[str, str]:
        return {"CODE_ONLY_CLIENTS": self.account.served}

    def wait_until_ready(self, _arn: str) -> None:
        """A change is ready at once here. On AWS and on the local AWS it takes a moment."""

    def publish(self, _arn: str) -> None:
        self.account.cognito.step("UpdateAlias")
        self.account.served = self.account.latest


class _CloudFormation:
    """A stack whose update changes the function, and not the version that its alias serves, as on AWS."""

    class meta:  # noqa: N801 - the name in boto3
        endpoint_url = "https://aws.example"

    def __init__(self, account: AccountInMemory) -> None:
        self.account = account

    def describe_stacks(self, **named: str) -> Json:
        if named["StackName"] != "passcode":
            raise refusal("ValidationError", "DescribeStacks")
        parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.account.parameters.items()]
        outputs = [
            {
                "OutputKey": "UserPoolId",
                "OutputValue": self.account.parameters["UserPoolId"] or self.account.made,
            }
        ]
        if self.account.parameters["CustomSenders"] != "OFF":
            outputs.append({"OutputKey": "CustomSenderKeyArn", "OutputValue": SENDER_KEY})
        return {
            "Stacks": [
                {
                    "StackId": _STACK_ID,
                    "StackStatus": "CREATE_COMPLETE",
                    "Parameters": parameters,
                    "Outputs": outputs,
                }
            ]
        }

    def get_paginator(self, _call: str) -> "_CloudFormation":
        return self

    def paginate(self, **_named: str) -> list[Json]:
        has = [
            name
            for name in FUNCTIONS
            if name not in _BY_PARAMETER or self.account.parameters[_BY_PARAMETER[name]] != "OFF"
        ]
        return [
            {
                "StackResourceSummaries": [
                    {
                        "ResourceType": "AWS::Lambda::Alias",
                        "LogicalResourceId": f"{name}Alias",
                        "PhysicalResourceId": FUNCTIONS[name],
                    }
                    for name in has
                ]
            }
        ]

    def update_stack(self, **request: Any) -> None:
        self.account.cognito.step("UpdateStack")
        assert request["UsePreviousTemplate"]
        new = {p["ParameterKey"]: p["ParameterValue"] for p in request["Parameters"] if "ParameterValue" in p}
        kept = {p["ParameterKey"] for p in request["Parameters"] if p.get("UsePreviousValue")}
        assert kept | set(new) == set(self.account.parameters)
        if self.account.parameters | new == self.account.parameters:
            raise refusal("ValidationError", "UpdateStack", "No updates are to be performed.")
        self.account.parameters |= new
        self.account.latest = new["CodeOnlyClientIds"]

    def get_waiter(self, _name: str) -> "_CloudFormation":
        return self

    def wait(self, **_named: Any) -> None: ...


class _Ssm:
    def __init__(self, account: AccountInMemory) -> None:
        self.account = account

    def _may(self, operation: str) -> None:
        if self.account.ssm_refused:
            raise refusal("AccessDeniedException", operation)

    def get_parameter(self, **named: str) -> Json:
        self._may("GetParameter")
        if named["Name"] not in self.account.ssm:
            raise refusal("ParameterNotFound", "GetParameter")
        return {"Parameter": {"Value": self.account.ssm[named["Name"]]}}

    def put_parameter(self, **named: Any) -> None:
        self._may("PutParameter")
        self.account.cognito.step("PutParameter")
        assert len(named["Value"]) <= 4096
        self.account.ssm[named["Name"]] = named["Value"]

    def delete_parameter(self, **named: str) -> None:
        self._may("DeleteParameter")
        self.account.cognito.step("DeleteParameter")
        if self.account.ssm.pop(named["Name"], None) is None:
            raise refusal("ParameterNotFound", "DeleteParameter")


def delete_files(folder: Path) -> None:
    """Delete the backup files, as on another user's machine."""
    for file in folder.iterdir():
        file.unlink()
