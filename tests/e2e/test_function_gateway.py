"""A sign-in on a local stack whose messages go through a Lambda function of the operator."""

import inspect
import io
import json
import time
import zipfile
from typing import Any

import pytest

from tests.support import live_users, operators_gateway
from tests.support.live_sign_in import SignIn
from tools.local_stack import inbox, process, stack
from tools.local_stack.clients import client
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e


def deploy_function(endpoint_url: str) -> str:
    """Create the operator's function and its queue. Returns the ARN of the function."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("operators_gateway.py", inspect.getsource(operators_gateway))
    client(endpoint_url, "sqs").create_queue(QueueName=operators_gateway.QUEUE)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    iam = client(endpoint_url, "iam")
    role = iam.create_role(RoleName="operator", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    iam.put_role_policy(RoleName="operator", PolicyName="queue", PolicyDocument=json.dumps(policy))
    created: dict[str, str] = client(endpoint_url, "lambda").create_function(
        FunctionName="operators-gateway",
        Runtime="python3.13",
        Timeout=6,
        Role=role,
        Handler="operators_gateway.handler",
        Code={"ZipFile": code.getvalue()},
    )
    return created["FunctionArn"]


def next_event(deployed: Stack) -> dict[str, Any]:
    """Wait for the next event of the operator's function."""
    sqs = deployed.client("sqs")
    queue = sqs.get_queue_url(QueueName=operators_gateway.QUEUE)["QueueUrl"]
    end = time.monotonic() + 60
    while not (found := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")):
        assert time.monotonic() < end, "the function got no event"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=found[0]["ReceiptHandle"])
    event: dict[str, Any] = json.loads(found[0]["Body"])
    return event


@pytest.mark.usefixtures("state")
def test_the_code_of_the_operators_function_signs_the_user_in() -> None:
    emulator = process.start(process.free_port())
    arn = deploy_function(emulator.endpoint_url)
    deployed = stack.up(parameters={"GatewayFunctionArn": f"sms={arn}"})
    user = live_users.add_user(deployed, channel="sms", locale="de")
    sign_in = SignIn(deployed, deployed.clients["password_and_code"])
    sign_in.start_with_password(user.email, user.password)
    event = next_event(deployed)
    assert (event["version"], event["channel"], event["to"]) == (1, "sms", user.phone)
    assert (event["app"], event["locale"]) == ("Cognito Passcode", "de")
    assert event["expires_at"] > time.time()
    assert inbox.read(deployed, user.phone) == [], "SNS sends nothing"
    code = event["message"]["text"].partition("\n")[0]
    assert sign_in.answer(code).tokens
    lines = deployed.logs()["deliver"]
    assert any('"message":"sent"' in line for line in lines)
    assert not any(code in line or user.phone in line for line in lines)

    # The function refuses the next SMS for good, so the code goes by email, through SES.
    refuse = deployed.client("lambda").update_function_configuration
    refuse(FunctionName=arn, Environment={"Variables": {"ANSWER": operators_gateway.REFUSES}})
    other = live_users.add_user(deployed, channel="sms")
    again = SignIn(deployed, deployed.clients["password_and_code"])
    again.start_with_password(other.email, other.password)
    assert again.answer(live_users.newest_code(deployed, other.email)).tokens
    assert any('"why":"landline"' in line for line in deployed.logs()["deliver"])
