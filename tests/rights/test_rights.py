"""Least privilege, tried out: each door's role makes every call, and only the design's are let through.

The stack is the real template.yaml with a probe in the place of each handler. The local AWS holds a function
to its role's policies and their conditions.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.local_stack import process, stack
from tools.local_stack.stack import Stack

ROOT = Path(__file__).parents[2]
DOORS = (
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge",
    "deliver",
    "pre_token_generation",
)
# SNS has its own word.
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
# Who may make which call. What is not named here may nobody.
MAY = {
    "write a challenge": {"create_auth_challenge", "verify_auth_challenge"},
    "write the SMS budget": {"verify_auth_challenge", "deliver"},
    "read a challenge": {"pre_token_generation"},
    "queue a delivery": {"create_auth_challenge"},
    "derive a code": {"verify_auth_challenge", "deliver"},
    "send a mail": {"deliver"},
    "send an SMS": {"deliver"},
}


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    root = tmp_path_factory.mktemp("project")
    (root / "triggers").mkdir()
    shutil.copy(ROOT / "template.yaml", root)
    for door in DOORS:
        shutil.copy(Path(__file__).with_name("probe.py"), root / "triggers" / f"{door}.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("local")))
        try:
            parameters = {"AssuranceClaims": "ID_TOKEN"}
            yield stack.up(port=process.free_port(), parameters=parameters, root=root)
        finally:
            stack.down()


def calls(deployed: Stack) -> dict[str, list[Any]]:
    """Every call by name: those of the design, and some that nobody has a use for."""
    environment = deployed.client("lambda").get_function_configuration(
        FunctionName=deployed.functions["deliver"]
    )["Environment"]["Variables"]
    key = environment["CODE_KEY_ID"]

    def item(name: str) -> dict[str, Any]:
        return {"TableName": deployed.table, "Key": {"pk": {"S": name}}}

    def mac(algorithm: str) -> dict[str, Any]:
        return {"KeyId": key, "MacAlgorithm": algorithm, "Message": "bWFj"}

    def mail(sender: str) -> dict[str, Any]:
        body = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
        return {
            "FromEmailAddress": sender,
            "Destination": {"ToAddresses": ["somebody@people.example"]},
            "ConfigurationSetName": environment["CONFIGURATION_SET"],
            "Content": {"Simple": body},
        }

    topic = "arn:aws:sns:us-east-1:000000000000:a-topic"
    return {
        "write a challenge": ["dynamodb", "update_item", item("sign_in#somebody")],
        "write the SMS budget": ["dynamodb", "update_item", item("sms_budget#2026-01-01")],
        "write another item": ["dynamodb", "update_item", item("other#somebody")],
        "read a challenge": ["dynamodb", "get_item", item("sign_in#somebody")],
        "read another item": ["dynamodb", "get_item", item("other#somebody")],
        "scan the table": ["dynamodb", "scan", {"TableName": deployed.table}],
        "delete a challenge": ["dynamodb", "delete_item", item("sign_in#somebody")],
        "queue a delivery": ["sqs", "send_message", {"QueueUrl": deployed.queue_url, "MessageBody": "{}"}],
        "empty the queue": ["sqs", "purge_queue", {"QueueUrl": deployed.queue_url}],
        "derive a code": ["kms", "generate_mac", mac("HMAC_SHA_256")],
        "delete the key": ["kms", "schedule_key_deletion", {"KeyId": key, "PendingWindowInDays": 7}],
        "send a mail": ["sesv2", "send_email", mail("no-reply@passcode.example")],
        "send a mail as somebody else": ["sesv2", "send_email", mail("ceo@passcode.example")],
        "send an SMS": ["sns", "publish", {"PhoneNumber": "+12025550123", "Message": "m"}],
        "publish to a topic": ["sns", "publish", {"TopicArn": topic, "Message": "m"}],
        "list the users": ["cognito-idp", "list_users", {"UserPoolId": deployed.user_pool_id}],
    }


@pytest.mark.parametrize("door", DOORS)
def test_a_door_may_do_what_the_design_says_and_nothing_else(probed: Stack, door: str) -> None:
    wanted = calls(probed)
    answer = probed.client("lambda").invoke(
        FunctionName=probed.functions[door], Payload=json.dumps({"calls": wanted})
    )
    outcomes = json.load(answer["Payload"])
    allowed = {name for name, outcome in outcomes.items() if outcome not in DENIED}
    assert allowed == {name for name, doors in MAY.items() if door in doors}
    assert all(outcomes[name] == "ok" for name in allowed), outcomes
