"""The throw-away CloudFormation stacks: each is one part of a run, and is created and deleted as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.first_account.claim import NotTried
from tools.pool_admin.errors import error_code, to_admin_error

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# The name of every stack begins with this, and so does the name of every resource with a name.
PREFIX = "passcode-first-account"
TAG = "cognito-passcode:first-account"
# CloudFormation needs about three minutes for the slowest part.
CREATE_SECONDS = 420.0
DELETE_SECONDS = 300.0
# A stack of one resource, which a claim creates or updates.
CHANGE_SECONDS = 180.0
# AWS can need some seconds to see that a resource has no user any more.
_DELETIONS = 3

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Part:
    """One stack. `makes` lists its resources for the question before the run.

    `service` is the service that some regions lack, or None. `inputs` maps a parameter of the template to
    (part, output). `settings` are the parameters that the run sets.
    """

    name: str
    makes: str
    service: str | None = None
    inputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    @property
    def needs(self) -> set[str]:
        """The names of the parts whose outputs this part uses."""
        return {part for part, _ in self.inputs.values()}

    @property
    def template(self) -> str:
        """The template of the stack."""
        return (_TEMPLATES / f"{self.name}.yaml").read_text("utf-8")


PARTS = (
    Part("pool", "two user pools, a Lambda function with its role and log group", settings=("RightAnswer",)),
    Part("domain", "a domain of a user pool", inputs={"PoolId": ("pool", "PoolId")}, settings=("Prefix",)),
    Part("api", "a REST API", "apigateway"),
    Part("waf", "two web ACLs and a user pool", "wafv2", {"ApiId": ("api", "ApiId")}),
    Part("sender", "a user pool, a KMS key, a Lambda function with its role and log group", "kms"),
    Part("mail", "a Lambda function with its role and log group", "sesv2", settings=("SenderEmail",)),
    Part("events", "a configuration set of SES, an SNS topic and an SQS queue", "sesv2"),
    Part(
        "levels",
        "an identity provider of a user pool",
        inputs={"PoolId": ("pool", "PoolId")},
        settings=("Scopes",),
    ),
    Part("insights", "a CloudWatch alarm", inputs={"PoolId": ("pool", "PoolId")}),
    Part("samples", "a web ACL", "wafv2"),
    Part("conditions", "nothing, only its conditions count", settings=("IdentityArn", "NoArn")),
    Part("types", "nothing, only its resource types count", settings=("NoArn",)),
)
# CloudFormation has to refuse these stacks, or to roll them back. Their claims create them.
FAILING = (
    Part("rules", "nothing, because a rule refuses it", settings=("HomeRegion",)),
    Part("rollback", "an app client, and then fails", inputs={"PoolId": ("pool", "PoolId")}),
)
# The parts that other parts need.
_NEEDED = {name for part in (*PARTS, *FAILING) for name in part.needs}


@dataclass(frozen=True)
class Left:
    """A stack that was not deleted, and the reason as one sentence."""

    stack: str
    reason: str


@dataclass
class Parts:
    """The parts of one run.

    `settings` are values for the templates' parameters. `report` prints one line of progress. `pause` is the
    time in seconds between two looks at the stacks. `outputs` and `failures` are by the name of the part. The
    value of a failure is one sentence.
    """

    cloudformation: CloudFormationClient
    run: str
    settings: Mapping[str, str]
    report: Callable[[str], None]
    pause: float = 5.0
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    started: list[Part] = field(default_factory=list)

    def stack_name(self, part: Part) -> str:
        """Return the name of the part's stack."""
        return f"{PREFIX}-{self.run}-{part.name}"

    def create(self, parts: Sequence[Part] = PARTS, seconds: float | None = None) -> None:
        """Create the parts that have not failed before, each as soon as the parts it needs are there.

        A part that cannot be created within `seconds` is added to `failures`, with the parts that need it.
        """
        seconds = CREATE_SECONDS if seconds is None else seconds
        end = time.monotonic() + seconds
        while open_parts := [part for part in parts if part.name not in self.outputs | self.failures]:
            for part in open_parts:
                self._continue(part)
            if time.monotonic() > end:
                for part in open_parts:
                    self._fail(part, f"CloudFormation needed more than {seconds:.0f} seconds.")
            if open_parts:
                time.sleep(self.pause)

    def create_failing(self, name: str) -> str:
        """Create a part of `FAILING`. Returns the reason of its failure, or "" if it was created."""
        self.create([part for part in FAILING if part.name == name], CHANGE_SECONDS)
        return self.failures.get(name, "")

    def update(self, name: str, **settings: str) -> None:
        """Update the stack of a part: the same template with other `settings`.

        Raises NotTried if CloudFormation does not complete the update.
        """
        (part,) = (part for part in PARTS if part.name == name)
        self.cloudformation.update_stack(
            StackName=self.stack_name(part),
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": each, "ParameterValue": settings[each]}
                if each in settings
                else {"ParameterKey": each, "UsePreviousValue": True}
                for each in (*part.inputs, *part.settings)
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        end = time.monotonic() + CHANGE_SECONDS
        while (status := self._status(part)).endswith("_IN_PROGRESS"):
            if time.monotonic() > end:
                raise NotTried(f"CloudFormation needed more than {CHANGE_SECONDS:.0f} seconds. Run again.")
            time.sleep(self.pause)
        if status != "UPDATE_COMPLETE":
            raise NotTried(first_failure(self.cloudformation, self.stack_name(part), "UPDATE_FAILED"))

    def _status(self, part: Part) -> str:
        stack = describe(self.cloudformation, self.stack_name(part))
        return stack["StackStatus"] if stack else "DELETED"

    def _continue(self, part: Part) -> None:
        """Start the part if it can start. If it has started, look at its stack."""
        failed = sorted(part.needs & self.failures.keys())
        if failed:
            self._fail(part, f"The part {failed[0]} is missing. {self.failures[failed[0]]}")
        elif part in self.started:
            self._look(part)
        elif part.needs <= self.outputs.keys():
            self._start(part)

    def _start(self, part: Part) -> None:
        # Before the call, because an interrupted call may have created the stack.
        self.started.append(part)
        inputs = {name: self.outputs[source][output] for name, (source, output) in part.inputs.items()}
        parameters = inputs | {name: self.settings[name] for name in part.settings}
        try:
            self.cloudformation.create_stack(
                StackName=self.stack_name(part),
                TemplateBody=part.template,
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
                ],
                Capabilities=["CAPABILITY_IAM"],
                OnFailure="ROLLBACK" if part in FAILING else "DO_NOTHING",
                Tags=[{"Key": TAG, "Value": self.run}],
            )
        except (ClientError, BotoCoreError) as error:
            self._fail(part, str(to_admin_error(error)))

    def _look(self, part: Part) -> None:
        stack = describe(self.cloudformation, self.stack_name(part))
        status = stack["StackStatus"] if stack else "DELETED"
        if stack and status == "CREATE_COMPLETE":
            outputs = {
                found["OutputKey"]: found["OutputValue"]
                for found in stack.get("Outputs", [])
                if "OutputKey" in found and "OutputValue" in found
            }
            self.outputs[part.name] = outputs
            self.report(f"Created the part {part.name}: {part.makes}.")
        elif not status.endswith("_IN_PROGRESS"):
            self._fail(part, first_failure(self.cloudformation, self.stack_name(part), "CREATE_FAILED"))

    def _fail(self, part: Part, reason: str) -> None:
        self.failures[part.name] = reason
        # The result of the claim follows for a stack that has to fail.
        if part not in FAILING:
            self.report(f"Could not create the part {part.name}. {reason}")

    def delete(self) -> list[Left]:
        """Delete every part that was started, and return the stacks that are left."""
        names = [self.stack_name(part) for part in self.started]
        return delete_stacks(self.cloudformation, names, self.report, self.pause)


def describe(cloudformation: CloudFormationClient, name: str) -> StackTypeDef | None:
    """Return the description of a stack, or None if it does not exist."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        return None
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def first_failure(cloudformation: CloudFormationClient, name: str, status: str) -> str:
    """Return the reason of the first event of a stack with this status, as one sentence."""
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event.get("ResourceStatus") == status]
    if not failed:
        return "CloudFormation gave no reason."
    reason = " ".join(failed[-1].get("ResourceStatusReason", "no reason given").split())[:300].rstrip(".")
    return f"{status} of {failed[-1].get('LogicalResourceId')}: {reason}."


def delete_stacks(
    cloudformation: CloudFormationClient,
    names: Sequence[str],
    report: Callable[[str], None],
    pause: float = 5.0,
) -> list[Left]:
    """Delete stacks and return those that are left. Waits for ten minutes at most.

    A part is deleted before the parts that it needs: a pool with a domain cannot be deleted.
    """
    needed = [name for name in names if name.rpartition("-")[2] in _NEEDED]
    others = [name for name in names if name not in needed]
    return [
        left for group in (others, needed) for left in _delete_group(cloudformation, group, report, pause)
    ]


def _delete_group(
    cloudformation: CloudFormationClient, names: Sequence[str], report: Callable[[str], None], pause: float
) -> Iterator[Left]:
    attempts = dict.fromkeys(names, 0)
    end = time.monotonic() + DELETE_SECONDS
    while attempts:
        for name in list(attempts):
            failure = _continue_deletion(cloudformation, name, attempts)
            if failure is None and time.monotonic() < end:
                continue
            del attempts[name]
            if failure == "":
                report(f"Deleted the stack {name}.")
            else:
                yield Left(name, failure or f"CloudFormation needed more than {DELETE_SECONDS:.0f} seconds.")
        if attempts:
            time.sleep(pause)


def _continue_deletion(
    cloudformation: CloudFormationClient, name: str, attempts: dict[str, int]
) -> str | None:
    """Start a deletion, or look at it.

    Returns "" if the stack is deleted, None if it is not deleted yet, else the reason of the failure.
    """
    try:
        stack = describe(cloudformation, name)
        if stack is None:
            return ""
        has_failed = stack["StackStatus"] == "DELETE_FAILED"
        if has_failed and attempts[name] == _DELETIONS:
            return first_failure(cloudformation, name, "DELETE_FAILED")
        if has_failed or not attempts[name]:
            attempts[name] += 1
            cloudformation.delete_stack(StackName=name)
    except (ClientError, BotoCoreError) as error:
        return str(to_admin_error(error))
    return None


def leftovers(cloudformation: CloudFormationClient) -> Iterator[str]:
    """The names of the stacks of all runs in this region that still exist, the newest first."""
    pages: Any = cloudformation.get_paginator("describe_stacks").paginate()
    for page in pages:
        for stack in page["Stacks"]:
            if stack["StackName"].startswith(f"{PREFIX}-") and stack["StackStatus"] != "DELETE_COMPLETE":
                yield stack["StackName"]
