"""The permissions of Cognito on Lambda functions."""

import json
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.support.account_in_memory import FUNCTIONS, refusal
from tests.support.fake_user_pool import ACCOUNT, ARN, POOL_ID, REGION
from tools.pool_admin.aws_resources.functions import Functions, policy_allows_cognito, split_arn
from tools.pool_admin.aws_resources.stack import DeployedStack, update_code_only_clients
from tools.pool_admin.errors import AdminError, to_admin_error


def policy(principal: Any, **condition: dict[str, Any]) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": principal, "Condition": condition}]}


COGNITO = {"Service": "cognito-idp.amazonaws.com"}


@pytest.mark.parametrize(
    ("of_function", "allowed"),
    [
        ({}, False),
        (policy(COGNITO, ArnLike={"AWS:SourceArn": ARN}), True),
        (policy(COGNITO, ArnLike={"AWS:SourceArn": ARN}, StringEquals={"AWS:SourceAccount": ACCOUNT}), True),
        (policy(COGNITO, ArnLike={"aws:SourceArn": ARN.replace("Fake1", "*")}), True),
        (policy(COGNITO, ArnLike={"AWS:SourceArn": f"{ARN}2"}), False),
        (policy(COGNITO), True),
        (policy({"Service": "sns.amazonaws.com"}), False),
        ({"Statement": [{"Effect": "Deny", "Principal": COGNITO}]}, False),
    ],
)
def test_a_policy_may_allow_cognito_to_call(of_function: dict[str, Any], allowed: bool) -> None:
    assert policy_allows_cognito(of_function, ARN) is allowed


class FakeLambda:
    """A fake Lambda client that keeps the last request. `refuses` is the error code of every change."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses, self.last_request = refuses, dict[str, Any]()

    def add_permission(self, **request: Any) -> None:
        self.last_request = request
        if self.refuses:
            raise refusal(self.refuses, "AddPermission")

    remove_permission = add_permission

    def get_policy(self, **request: Any) -> dict[str, str]:
        self.add_permission(**request)
        return {"Policy": json.dumps(policy(COGNITO))}


def functions(client: Any) -> Functions:
    return Functions(client)


def test_a_permission_is_for_one_pool_and_added_once() -> None:
    arn = FUNCTIONS["CreateAuthChallenge"]
    client = FakeLambda(refuses="ResourceConflictException")
    functions(client).allow(arn, ARN)
    assert client.last_request == {
        "FunctionName": "passcode-create-auth-challenge",
        "Qualifier": "live",
        "StatementId": f"cognito-passcode-{POOL_ID}",
        "Action": "lambda:InvokeFunction",
        "Principal": "cognito-idp.amazonaws.com",
        "SourceArn": ARN,
        "SourceAccount": ACCOUNT,
    }
    deleted = functions(FakeLambda(refuses="ResourceNotFoundException"))
    deleted.disallow(arn, ARN)
    assert not deleted.may_be_called_by(arn, ARN)
    assert functions(FakeLambda()).may_be_called_by(arn, ARN)


def test_text_that_is_no_function_is_refused() -> None:
    assert split_arn(f"{ARN[:4]}aws:lambda:r:1:function:f") == ("f", "1", "")
    with pytest.raises(AdminError, match="not the ARN of a Lambda function"):
        split_arn(ARN)


@pytest.mark.parametrize(
    ("last_response", "sentence"),
    [
        ({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "may not call GetFunction."),
        ({"Error": {"Code": "ThrottlingException", "Message": "no"}}, "AWS throttles GetFunction."),
        ({"Configuration": {"State": "Failed"}}, "failed or did not finish in time"),
    ],
)
def test_a_failed_wait_names_its_cause(last_response: Any, sentence: str) -> None:
    client: Any = boto3.client("lambda", REGION, aws_access_key_id="test", aws_secret_access_key="test")
    client.get_waiter = Mock(wraps=client.get_waiter)
    waiter = client.get_waiter("function_active_v2")
    waiter.wait = Mock(side_effect=WaiterError("FunctionActiveV2", "no", last_response))
    client.get_waiter.side_effect = lambda _name: waiter
    with pytest.raises((ClientError, WaiterError)) as failed:
        functions(client).wait_until_ready(FUNCTIONS["CreateAuthChallenge"])
    assert sentence in str(to_admin_error(failed.value))


def test_a_denied_call_is_not_a_failed_stack_update() -> None:
    client: Any = boto3.client(
        "cloudformation", REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )
    denied: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}
    waiter = client.get_waiter("stack_update_complete")
    waiter.wait = Mock(side_effect=WaiterError("StackUpdateComplete", "no", denied))
    client.get_waiter, client.update_stack = Mock(return_value=waiter), Mock()
    with pytest.raises(ClientError, match="DescribeStacks"):
        update_code_only_clients(client, DeployedStack("passcode", {}, {}, {}), ())
    rolled_back: Any = {"Stacks": []}
    waiter.wait.side_effect = WaiterError("StackUpdateComplete", "no", rolled_back)
    with pytest.raises(AdminError, match="The update of CodeOnlyClientIds"):
        update_code_only_clients(client, DeployedStack("passcode", {}, {}, {}), ())
