"""The stack's Lambda functions: whether Cognito may call them, and their configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tools.pool_admin.errors import NOT_FOUND, AdminError, error_code, wait

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef as Configuration

COGNITO = "cognito-idp.amazonaws.com"
_SOURCE_ARN = "aws:sourcearn"
# A version is ready after a second or two; with SnapStart it takes minutes.
_WAIT: Any = {"Delay": 1, "MaxAttempts": 300}


@dataclass(frozen=True)
class Concurrency:
    """How many calls may run at once in the account, in total and without a reservation.

    Both are 0 if Lambda names no limit.
    """

    total: int = 0
    unreserved: int = 0


@dataclass(frozen=True)
class Functions:
    """Lambda functions by ARN, with or without an alias."""

    client: LambdaClient

    def may_be_called_by(self, arn: str, pool_arn: str) -> bool:
        """Return whether Cognito may call the function for the pool."""
        return policy_allows_cognito(self._policy(arn), pool_arn)

    def allow(self, arn: str, pool_arn: str) -> None:
        """Allow Cognito to call the function for this pool. A second call changes nothing."""
        try:
            self.client.add_permission(
                **_name_and_alias(arn),
                StatementId=_statement_id(pool_arn),
                Action="lambda:InvokeFunction",
                Principal=COGNITO,
                SourceArn=pool_arn,
                SourceAccount=pool_arn.split(":")[4],
            )
        except ClientError as error:
            if error_code(error) != "ResourceConflictException":
                raise

    def disallow(self, arn: str, pool_arn: str) -> None:
        """Remove the permission that `allow` added."""
        try:
            self.client.remove_permission(**_name_and_alias(arn), StatementId=_statement_id(pool_arn))
        except ClientError as error:
            if error_code(error) not in NOT_FOUND:
                raise

    def configuration(self, arn: str) -> Configuration:
        """Return the configuration of the version that the alias serves."""
        return self.client.get_function_configuration(**_name_and_alias(arn))

    def newest_configuration(self, arn: str) -> Configuration:
        """Return the newest configuration of the function. The alias may serve an older one."""
        return self.client.get_function_configuration(FunctionName=split_arn(arn)[0])

    def environment(self, arn: str) -> dict[str, str]:
        """Return the environment variables of the version that the alias serves."""
        return self.configuration(arn).get("Environment", {}).get("Variables", {})

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of the function. An alias has none."""
        alias = split_arn(arn)[2]
        function = arn.removesuffix(f":{alias}") if alias else arn
        return self.client.list_tags(Resource=function).get("Tags", {})

    def concurrency(self) -> Concurrency:
        """Return the account's limit of calls at once."""
        limit = self.client.get_account_settings().get("AccountLimit", {})
        total = int(limit.get("ConcurrentExecutions") or 0)
        return Concurrency(total, int(limit.get("UnreservedConcurrentExecutions") or total))

    def wait_until_ready(self, arn: str) -> None:
        """Wait until Lambda has applied the last change. CloudFormation can report it as done earlier."""
        name = split_arn(arn)[0]
        wait(self.client.get_waiter("function_active_v2"), FunctionName=name, WaiterConfig=_WAIT)
        wait(self.client.get_waiter("function_updated_v2"), FunctionName=name, WaiterConfig=_WAIT)

    def publish(self, arn: str) -> None:
        """Publish the function as a new version, and point the alias to it.

        A stack update with the previous template runs no SAM transform. It changes the function and publishes
        no version, so the alias keeps the old settings.
        """
        name, _, alias = split_arn(arn)
        if not alias:
            return
        version = self.client.publish_version(FunctionName=name)["Version"]
        ready = self.client.get_waiter("published_version_active")
        wait(ready, FunctionName=name, Qualifier=version, WaiterConfig=_WAIT)
        self.client.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)

    def _policy(self, arn: str) -> Mapping[str, Any]:
        try:
            policy: dict[str, Any] = json.loads(self.client.get_policy(**_name_and_alias(arn))["Policy"])
        except ClientError as error:
            if error_code(error) not in NOT_FOUND:
                raise
            return {}
        return policy


def split_arn(arn: str) -> tuple[str, str, str]:
    """Return the function's name, the account, and the alias or "". Raises `AdminError` for any other ARN."""
    parts = arn.split(":")
    if len(parts) not in (7, 8) or parts[2] != "lambda":
        raise AdminError(
            f"{arn} is not the ARN of a Lambda function. Check the triggers of the pool in the console."
        )
    return parts[6], parts[4], parts[7] if len(parts) == 8 else ""


def policy_allows_cognito(policy: Mapping[str, Any], pool_arn: str) -> bool:
    """Return whether a function's resource policy allows Cognito to call it for the pool."""
    return any(
        statement.get("Effect") == "Allow"
        and _is_cognito(statement.get("Principal"))
        and all(fnmatchcase(pool_arn, pattern) for pattern in _source_arns(statement))
        for statement in policy.get("Statement", [])
    )


def _is_cognito(principal: Any) -> bool:
    service = principal.get("Service") if isinstance(principal, dict) else principal
    return COGNITO in (service if isinstance(service, list) else [service])


def _source_arns(statement: Mapping[str, Any]) -> Iterator[str]:
    for operands in statement.get("Condition", {}).values():
        for key, value in operands.items():
            if key.lower() == _SOURCE_ARN:
                yield value if isinstance(value, str) else value[0]


def _name_and_alias(arn: str) -> Any:
    name, _, alias = split_arn(arn)
    return {"FunctionName": name} | ({"Qualifier": alias} if alias else {})


def _statement_id(pool_arn: str) -> str:
    return f"cognito-passcode-{pool_arn.rpartition('/')[2]}"
