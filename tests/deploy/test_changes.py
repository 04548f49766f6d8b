"""A change set: the table of its changes, the progress, and what a failure says."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from tests.support.deployment_account import REGION, StubbedAccount
from tools.deploy import changes
from tools.deploy.changes import ChangeSet, ResourceChange, show_changes
from tools.deploy.errors import DeployError

STACK_ID = "arn:aws:cloudformation:eu-central-1:123456789012:stack/passcode/1"
ARN = "arn:aws:cloudformation:eu-central-1:123456789012:changeSet/samcli-deploy1/1"
# Every answer of CloudFormation arrives at the next request, so the tests do not wait.
POLL_SECONDS = 0.001


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubbedAccount]:
    monkeypatch.setattr(changes, "_LOCAL_POLL_SECONDS", POLL_SECONDS)
    stubbed = StubbedAccount()
    stubbed.stub("cloudformation")
    yield stubbed
    stubbed.close()


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=100, force_terminal=False)


def resource(action: str, name: str, kind: str, **more: str) -> dict[str, Any]:
    described = {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more}
    return {"Type": "Resource", "ResourceChange": described}


def test_what_can_lose_data_is_first_in_the_table(account: StubbedAccount, console: Console) -> None:
    found = [
        resource("Add", "WebAcl", "AWS::WAFv2::WebACL"),
        resource("Modify", "Deliver", "AWS::Lambda::Function", Replacement="False"),
        resource("Modify", "Api", "AWS::ApiGateway::RestApi", Replacement="Conditional"),
        resource(
            "Modify", "Table", "AWS::DynamoDB::Table", Replacement="True", PolicyAction="ReplaceAndDelete"
        ),
        resource(
            "Modify",
            "UserPool",
            "AWS::Cognito::UserPool",
            Replacement="True",
            PolicyAction="ReplaceAndRetain",
        ),
        resource("Remove", "Old", "AWS::SQS::Queue", PolicyAction="Delete"),
        resource("Import", "Other", "AWS::SQS::Queue"),
    ]
    request = {"ChangeSetName": ARN}
    cloudformation = account.stubs["cloudformation"]
    cloudformation.add_response("describe_change_set", {"Changes": found[:4], "NextToken": "more"}, request)
    cloudformation.add_response(
        "describe_change_set", {"Changes": found[4:]}, {**request, "NextToken": "more"}
    )
    read = ChangeSet(account, "passcode", ARN, is_new=False).changes()
    assert [(each.action, each.resource) for each in read] == [
        ("remove", "Old"),
        ("replace", "UserPool"),
        ("replace", "Table"),
        ("may replace", "Api"),
        ("change", "Deliver"),
        ("add", "WebAcl"),
        ("other", "Other"),
    ]
    show_changes(console, read, is_new=False)
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert lines[:4] == [
        "change resource type",
        "remove Old AWS::SQS::Queue",
        "replace (AWS keeps the old one) UserPool AWS::Cognito::UserPool",
        "replace Table AWS::DynamoDB::Table",
    ]


def test_a_first_deployment_is_a_summary(console: Console) -> None:
    added = [ResourceChange("add", f"Key{i}", "AWS::KMS::Key") for i in range(9)]
    added += [
        ResourceChange("add", "Role", "AWS::IAM::Role"),
        ResourceChange("add", "Policy", "AWS::IAM::Policy"),
    ]
    show_changes(console, added, is_new=True)
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert lines == ["A new stack with 11 resources:", "IAM 1 Policy, 1 Role", "KMS 9 Key"]


def event(number: int, name: str, status: str, reason: str = "", physical: str = "id") -> dict[str, Any]:
    return {
        "StackId": STACK_ID,
        "EventId": f"event-{number}",
        "StackName": "passcode",
        "LogicalResourceId": name,
        "PhysicalResourceId": STACK_ID if name == "passcode" else physical,
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        "ResourceStatus": status,
        **({"ResourceStatusReason": reason} if reason else {}),
    }


def run(
    account: StubbedAccount, console: Console, *reads: list[dict[str, Any]], is_new: bool = False
) -> None:
    """Execute a change set. `reads` are the events of each read, newest first; the first is before it."""
    cloudformation = account.stubs["cloudformation"]
    for number, events in enumerate(reads):
        cloudformation.add_response(
            "describe_stack_events", {"StackEvents": events}, {"StackName": "passcode"}
        )
        if number == 0:
            cloudformation.add_response("execute_change_set", {}, {"ChangeSetName": ARN})
    ChangeSet(account, "passcode", ARN, is_new=is_new).execute(console, total=2)


def test_a_deployment_ends_with_the_last_event_of_the_stack(
    account: StubbedAccount, console: Console
) -> None:
    # The stack's last deployment is over, and its last event must not end this one.
    before = [event(1, "passcode", "UPDATE_COMPLETE")]
    started = [event(2, "passcode", "UPDATE_IN_PROGRESS"), *before]
    one = [event(3, "Table", "UPDATE_COMPLETE"), *started]
    cleaning = [event(4, "passcode", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), *one]
    done = [event(5, "passcode", "UPDATE_COMPLETE"), *cleaning]
    run(account, console, before, before, started, one, cleaning, done)
    assert "2/2" in console.export_text()


def test_the_first_cause_of_a_failure_is_named(account: StubbedAccount, console: Console) -> None:
    failed = [
        event(4, "passcode", "UPDATE_ROLLBACK_COMPLETE"),
        event(3, "Queue", "UPDATE_FAILED", "Resource update cancelled"),
        event(2, "Table", "UPDATE_FAILED", "Rate  exceeded."),
    ]
    with pytest.raises(DeployError) as error:
        run(account, console, [], failed)
    assert str(error.value) == (
        "The deployment failed, and the stack is as before. Table failed: Rate exceeded. Fix that, and run "
        "the command again."
    )
    assert "Table failed: Rate exceeded." in console.export_text()


def test_a_failed_first_deployment_says_what_to_delete(account: StubbedAccount, console: Console) -> None:
    failed = [
        event(4, "passcode", "ROLLBACK_COMPLETE"),
        event(3, "UserPool", "DELETE_SKIPPED", physical="eu-central-1_Abc"),
        event(2, "Role", "CREATE_FAILED", "Resource creation cancelled"),
        event(1, "WebAcl", "CREATE_FAILED", "WAFUnavailableEntityException"),
    ]
    cloudformation = account.stubs["cloudformation"]
    with pytest.raises(DeployError) as error:
        run_failed(account, console, failed)
    cloudformation.assert_no_pending_responses()
    text = str(error.value)
    assert text.startswith("The first deployment failed. WebAcl failed: WAFUnavailableEntityException. Fix")
    assert f"aws cloudformation delete-stack --stack-name passcode --region {REGION}" in text
    assert text.endswith("These stay, and you can delete them: UserPool (eu-central-1_Abc)")


def run_failed(account: StubbedAccount, console: Console, failed: list[dict[str, Any]]) -> None:
    cloudformation = account.stubs["cloudformation"]
    cloudformation.add_response("describe_stack_events", {"StackEvents": []})
    cloudformation.add_response("execute_change_set", {})
    for _ in range(2):
        cloudformation.add_response("describe_stack_events", {"StackEvents": failed})
    ChangeSet(account, "passcode", ARN, is_new=True).execute(console, total=2)


def test_events_of_more_than_one_page_are_read(account: StubbedAccount, console: Console) -> None:
    old = event(1, "passcode", "UPDATE_COMPLETE")
    cloudformation = account.stubs["cloudformation"]
    cloudformation.add_response("describe_stack_events", {"StackEvents": [old]})
    cloudformation.add_response("execute_change_set", {})
    first = [event(4, "passcode", "UPDATE_COMPLETE"), event(3, "Table", "UPDATE_COMPLETE")]
    second = [event(2, "Queue", "UPDATE_FAILED", "Wrong"), old]
    cloudformation.add_response("describe_stack_events", {"StackEvents": first, "NextToken": "more"})
    cloudformation.add_response("describe_stack_events", {"StackEvents": second})
    ChangeSet(account, "passcode", ARN, is_new=False).execute(console, total=2)
    assert "Queue failed: Wrong." in console.export_text()


def test_an_interrupted_deployment_says_that_cloudformation_continues(
    account: StubbedAccount, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(DeployError, match="CloudFormation continues with the deployment"):
        run(account, console, [])


@pytest.mark.parametrize("is_new", [True, False])
def test_a_declined_change_set_leaves_nothing_behind(account: StubbedAccount, is_new: bool) -> None:
    operation, request = (
        ("delete_stack", {"StackName": "passcode"})
        if is_new
        else ("delete_change_set", {"ChangeSetName": ARN})
    )
    account.stubs["cloudformation"].add_response(operation, {}, request)
    ChangeSet(account, "passcode", ARN, is_new=is_new).discard()


def test_a_right_that_is_missing_during_the_deployment_is_a_sentence(
    account: StubbedAccount, console: Console
) -> None:
    cloudformation = account.stubs["cloudformation"]
    cloudformation.add_response("describe_stack_events", {"StackEvents": []})
    cloudformation.add_client_error("execute_change_set", "AccessDenied")
    with pytest.raises(DeployError, match="may not call ExecuteChangeSet"):
        ChangeSet(account, "passcode", ARN, is_new=False).execute(console, total=2)
