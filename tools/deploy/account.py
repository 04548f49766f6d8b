"""The AWS account and the region of a deployment, and the stack that may already be there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ProfileNotFound

from tools.deploy.aws_errors import one_sentence
from tools.deploy.errors import DeployError
from tools.pool_admin.errors import error_code

# A call that AWS throttles must not end a deployment.
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=30)

# A stack of this project has these parameters. No other stack may be overwritten.
_OWN_PARAMETERS = frozenset({"SenderEmail", "SignInHost"})


@dataclass(frozen=True)
class Deployed:
    """A stack that exists, with the values of its parameters."""

    parameters: Mapping[str, str]


class DeploymentAccount:
    """The account of the AWS credentials, in one region.

    Without `profile`, the environment chooses the credentials, as for every AWS tool. Raises `DeployError` if
    there is no such profile.
    """

    def __init__(self, region: str, profile: str = "") -> None:
        self.region = region
        self.profile = profile
        try:
            self._session: Any = boto3.Session(profile_name=profile or None, region_name=region)
        except ProfileNotFound as error:
            raise DeployError(f"{error}. `aws configure list-profiles` lists the AWS profiles.") from None

    @property
    def endpoint_url(self) -> str:
        """The address that is used instead of AWS; empty for AWS."""
        return os.environ.get("AWS_ENDPOINT_URL", "")

    def client(self, service: str, region: str = "") -> Any:
        """Return a boto3 client of `service`, in another region if one is given."""
        return self._session.client(service, region_name=region or self.region, config=_CONFIG)

    def caller(self) -> tuple[str, str]:
        """Return the id of the account and the ARN of the credentials. Raises `DeployError`."""
        with one_sentence(self.region):
            identity = self.client("sts").get_caller_identity()
        return str(identity["Account"]), str(identity["Arn"])

    def deployed(self, stack: str) -> Deployed | None:
        """Return the stack, or None if there is none.

        Raises `DeployError` if CloudFormation cannot change the stack, or if it is not one of this project.
        """
        found = self._describe(stack)
        if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
            # A stack in review has a change set, and nothing else.
            return None
        if problem := status_problem(stack, self.region, found["StackStatus"]):
            raise DeployError(problem)
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
        if not parameters.keys() >= _OWN_PARAMETERS:
            raise DeployError(
                f"The stack {stack} in {self.region} is not a Cognito Passcode stack, and would be "
                "overwritten. Choose another name."
            )
        return Deployed(parameters)

    def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of the stack. Raises `DeployError`."""
        found = self._describe(stack) or {}
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def _describe(self, stack: str) -> Mapping[str, Any] | None:
        with one_sentence(self.region):
            try:
                found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
            except ClientError as error:
                if error_code(error) != "ValidationError":
                    raise
                return None
        first: Mapping[str, Any] = found[0]
        return first


def status_problem(stack: str, region: str, status: str) -> str | None:
    """Return why CloudFormation cannot change a stack in `status`, or None if it can."""
    if status.endswith("_IN_PROGRESS"):
        return f"The stack {stack} is being changed at the moment ({status}). Wait until that is done."
    delete = f"aws cloudformation delete-stack --stack-name {stack} --region {region}"
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        return (
            f"The stack {stack} is left over from a failed deployment ({status}), and cannot be changed. "
            f"Delete it, and run the command again: {delete}"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"The last change of the stack {stack} failed, and could not be undone. Fix the cause, then run: "
            f"aws cloudformation continue-update-rollback --stack-name {stack} --region {region}"
        )
    return None
