"""FIFO queues and event source mappings respond as the developer guides of SQS and Lambda say."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.local_stack.stack import Stack

TEMPLATE = {
    "Resources": {
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "FifoQueue": True,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                    "maxReceiveCount": 3,
                },
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": "passcode-define-auth-challenge",
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "Enabled": False,
            },
        },
    }
}


def send(stack: Stack, name: str, *, queue: str = "email", group: str = "", **asked: Any) -> str:
    """Send a message with the instructions `asked` for `deliver`. Returns the message id of SQS."""
    sent = stack.client("sqs").send_message(
        QueueUrl=stack.queues[queue],
        MessageBody=json.dumps({"name": name} | asked),
        MessageGroupId=group or name,
        MessageDeduplicationId=name,
    )
    return str(sent["MessageId"])


def received(stack: Stack, name: str) -> list[dict[str, Any]]:
    """The records of a message that `deliver` got so far."""
    lines = [line.removeprefix("EVENT ") for line in stack.logs()["deliver"] if line.startswith("EVENT ")]
    records = [record for line in lines for record in json.loads(line).get("Records", [])]
    return [record for record in records if json.loads(record["body"]).get("name") == name]


def waited(stack: Stack, name: str, times: int = 1) -> list[dict[str, Any]]:
    """Wait until `deliver` got a message so many times."""
    deadline = time.monotonic() + 60
    while len(found := received(stack, name)) < times:
        assert time.monotonic() < deadline, f"{name} came {len(found)} times"
        time.sleep(0.1)
    return found


def waiting(stack: Stack, url: str) -> int:
    """The number of messages in a queue, the hidden ones included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def until_empty(stack: Stack, url: str) -> None:
    deadline = time.monotonic() + 60
    while waiting(stack, url):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_repeat_is_dropped_before_and_after_the_first_message_was_delivered(probed: Stack) -> None:
    first = send(probed, "once")
    assert send(probed, "once") == first
    waited(probed, "once")
    until_empty(probed, probed.queues["email"])
    assert send(probed, "once") == first
    assert waiting(probed, probed.queues["email"]) == 0
    assert len(received(probed, "once")) == 1


def test_the_same_id_in_another_group_or_queue_is_another_message(probed: Stack) -> None:
    assert send(probed, "twice", group="one") != send(probed, "twice", group="two")
    send(probed, "twice", queue="phone")
    records = waited(probed, "twice", 3)
    arns = sorted(record["eventSourceARN"].rpartition(":")[2] for record in records)
    names = [probed.queues[name].rpartition("/")[2] for name in ("email", "email", "phone")]
    assert arns == sorted(names)


def test_messages_of_other_groups_are_delivered_at_the_same_time(probed: Stack, tmp_path: Path) -> None:
    marker = str(tmp_path / "written")
    send(probed, "waits", awaits=marker)
    send(probed, "writes", writes=marker)
    waited(probed, "writes")
    until_empty(probed, probed.queues["email"])
    assert len(received(probed, "waits")) == 1


def test_a_reported_failure_comes_again_as_soon_as_it_is_visible(probed: Stack) -> None:
    send(probed, "fails", failures=2)
    counts = [record["attributes"]["ApproximateReceiveCount"] for record in waited(probed, "fails", 3)]
    # Two environments of the function wrote the log, and their lines have no common order.
    assert sorted(counts) == ["1", "2", "3"]
    until_empty(probed, probed.queues["email"])


def test_a_message_that_always_fails_becomes_a_dead_letter_with_its_ids(probed: Stack) -> None:
    send(probed, "always-fails", failures=1_000)
    until_empty(probed, probed.queues["email"])
    (letter,) = probed.client("sqs").receive_message(
        QueueUrl=probed.outputs["DeadLettersUrl"], AttributeNames=["All"], WaitTimeSeconds=5
    )["Messages"]
    assert json.loads(letter["Body"])["name"] == "always-fails"
    assert letter["Attributes"]["MessageGroupId"] == "always-fails"
    assert len(received(probed, "always-fails")) == 50


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 129, "é"])
def test_an_id_that_sqs_does_not_accept_is_refused(probed: Stack, wrong: str) -> None:
    ids = {"MessageGroupId": "1", "MessageDeduplicationId": "1"}
    for name in ids:
        with pytest.raises(ClientError) as error:
            probed.client("sqs").send_message(
                QueueUrl=probed.queues["email"], MessageBody="{}", **ids | {name: wrong}
            )
        assert error.value.response["Error"]["Code"] in ("InvalidParameterValue", "MissingParameter")


def test_even_the_administrator_may_not_write_cognitos_messages(probed: Stack) -> None:
    with pytest.raises(ClientError, match="denied"):
        send(probed, "forged", queue="cognito")


@pytest.mark.parametrize(
    ("resource", "properties", "accepted"),
    [
        ("Queue", {}, True),
        ("Dead", {"FifoQueue": False}, False),
        ("Queue", {"FifoQueue": False}, False),
        ("Mapping", {"BatchSize": 10}, True),
        ("Mapping", {"BatchSize": 11}, False),
        ("Mapping", {"MaximumBatchingWindowInSeconds": 1}, False),
    ],
)
def test_a_template_with_what_a_fifo_queue_does_not_allow_is_refused(
    probed: Stack, resource: str, properties: dict[str, Any], accepted: bool
) -> None:
    template = json.loads(json.dumps(TEMPLATE))
    changed = template["Resources"][resource]["Properties"]
    changed |= properties
    if changed.get("FifoQueue") is False:
        del changed["FifoQueue"]
    cloudformation = probed.client("cloudformation")
    cloudformation.create_stack(StackName="fifo", TemplateBody=json.dumps(template))
    deadline = time.monotonic() + 60
    while (found := cloudformation.describe_stacks(StackName="fifo")["Stacks"][0])["StackStatus"].endswith(
        "_IN_PROGRESS"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    cloudformation.delete_stack(StackName="fifo")
    assert (found["StackStatus"] == "CREATE_COMPLETE") == accepted
