"""The functions that Cognito calls: who may, and with which settings."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from tools.pool_admin.errors import NOT_FOUND, AdminError, code_of

COGNITO = "cognito-idp.amazonaws.com"
_SOURCE = "aws:sourcearn"
# A version is ready in a second or two; with SnapStart it takes minutes.
_READY = {"Delay": 1, "MaxAttempts": 300}


@dataclass(frozen=True)
class Functions:
    """Lambda functions by ARN, with or without an alias. `client` is a boto3 Lambda client."""

    client: Any

    def may_be_called_by(self, arn: str, pool_arn: str) -> bool:
        """Whether Cognito may call it for the pool."""
        return allows(self._policy(arn), pool_arn)

    def allow(self, arn: str, pool_arn: str) -> None:
        """Let Cognito call it for this one pool; a second time changes nothing."""
        try:
            self.client.add_permission(
                **_named(arn),
                StatementId=_statement(pool_arn),
                Action="lambda:InvokeFunction",
                Principal=COGNITO,
                SourceArn=pool_arn,
                SourceAccount=pool_arn.split(":")[4],
            )
        except ClientError as error:
            if code_of(error) != "ResourceConflictException":
                raise

    def disallow(self, arn: str, pool_arn: str) -> None:
        """Take back what `allow` gave."""
        try:
            self.client.remove_permission(**_named(arn), StatementId=_statement(pool_arn))
        except ClientError as error:
            if code_of(error) not in NOT_FOUND:
                raise

    def configuration(self, arn: str) -> dict[str, Any]:
        """Its configuration, as the alias serves it."""
        found: dict[str, Any] = self.client.get_function_configuration(**_named(arn))
        return found

    def newest(self, arn: str) -> dict[str, Any]:
        """Its configuration as it is now, which an alias may lag behind."""
        found: dict[str, Any] = self.client.get_function_configuration(FunctionName=split(arn)[0])
        return found

    def environment(self, arn: str) -> dict[str, str]:
        """Its environment variables, as the alias serves them."""
        found: dict[str, str] = self.configuration(arn).get("Environment", {}).get("Variables", {})
        return found

    def tags(self, arn: str) -> dict[str, str]:
        """Its tags. Lambda keeps them with the function, and an alias has none."""
        alias = split(arn)[2]
        function = arn.removesuffix(f":{alias}") if alias else arn
        found: dict[str, str] = self.client.list_tags(Resource=function).get("Tags", {})
        return found

    def concurrency(self) -> int:
        """How many calls may run at once in the account without a reservation; 0 if Lambda names none."""
        limit = self.client.get_account_settings().get("AccountLimit", {})
        return int(limit.get("UnreservedConcurrentExecutions") or limit.get("ConcurrentExecutions") or 0)

    def wait_until_ready(self, arn: str) -> None:
        """Wait until a change to the function has settled: CloudFormation may be done a moment earlier."""
        for settled in ("function_active_v2", "function_updated_v2"):
            self.client.get_waiter(settled).wait(FunctionName=split(arn)[0], WaiterConfig=_READY)

    def serve_newest(self, arn: str) -> None:
        """Let the alias serve what the function is now.

        An update with the previous template runs no SAM transform, so it changes the function and publishes
        no version: the alias would go on with the old settings.
        """
        name, _, alias = split(arn)
        if not alias:
            return
        version = self.client.publish_version(FunctionName=name)["Version"]
        ready = self.client.get_waiter("published_version_active")
        ready.wait(FunctionName=name, Qualifier=version, WaiterConfig=_READY)
        self.client.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)

    def _policy(self, arn: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(self.client.get_policy(**_named(arn))["Policy"])
        except ClientError as error:
            if code_of(error) not in NOT_FOUND:
                raise
            return {}
        return answer


def split(arn: str) -> tuple[str, str, str]:
    """A function's name, its account and its alias (or empty). Raises `AdminError` for any other ARN."""
    parts = arn.split(":")
    if len(parts) not in (7, 8) or parts[2] != "lambda":
        raise AdminError(f"{arn} is not the ARN of a Lambda function.")
    return parts[6], parts[4], parts[7] if len(parts) == 8 else ""


def allows(policy: Mapping[str, Any], pool_arn: str) -> bool:
    """Whether a function's policy lets Cognito call it for the pool."""
    return any(
        statement.get("Effect") == "Allow"
        and _is_cognito(statement.get("Principal"))
        and all(fnmatchcase(pool_arn, pattern) for pattern in _sources(statement))
        for statement in policy.get("Statement", [])
    )


def _is_cognito(principal: Any) -> bool:
    named = principal.get("Service") if isinstance(principal, dict) else principal
    return COGNITO in (named if isinstance(named, list) else [named])


def _sources(statement: Mapping[str, Any]) -> Iterator[str]:
    for operands in statement.get("Condition", {}).values():
        for key, value in operands.items():
            if key.lower() == _SOURCE:
                yield value if isinstance(value, str) else value[0]


def _named(arn: str) -> dict[str, str]:
    name, _, alias = split(arn)
    return {"FunctionName": name} | ({"Qualifier": alias} if alias else {})


def _statement(pool_arn: str) -> str:
    return f"cognito-passcode-{pool_arn.rpartition('/')[2]}"
