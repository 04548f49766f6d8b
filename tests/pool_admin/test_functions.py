"""The permissions of Cognito on Lambda functions."""

import json
from typing import Any

import pytest

from tests.support.fake_user_pool import ACCOUNT, ARN, POOL_ID
from tests.support.pool_admin_world import FUNCTIONS, refusal
from tools.pool_admin.aws_resources.functions import Functions, policy_allows_cognito, split_arn
from tools.pool_admin.errors import AdminError


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
def test_policies_that_allow_cognito(of_function: dict[str, Any], allowed: bool) -> None:
    assert policy_allows_cognito(of_function, ARN) is allowed


class Lambda:
    """A fake Lambda client that keeps the last request. `refuses` is the error code of every change."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses, self.asked = refuses, dict[str, Any]()

    def add_permission(self, **asked: Any) -> None:
        self.asked = asked
        if self.refuses:
            raise refusal(self.refuses, "AddPermission")

    remove_permission = add_permission

    def get_policy(self, **asked: Any) -> dict[str, str]:
        self.add_permission(**asked)
        return {"Policy": json.dumps(policy(COGNITO))}


def functions(client: Any) -> Functions:
    return Functions(client)


def test_a_permission_is_for_one_pool_and_added_once() -> None:
    arn = FUNCTIONS["CreateAuthChallenge"]
    client = Lambda(refuses="ResourceConflictException")
    functions(client).allow(arn, ARN)
    assert client.asked == {
        "FunctionName": "passcode-create-auth-challenge",
        "Qualifier": "live",
        "StatementId": f"cognito-passcode-{POOL_ID}",
        "Action": "lambda:InvokeFunction",
        "Principal": "cognito-idp.amazonaws.com",
        "SourceArn": ARN,
        "SourceAccount": ACCOUNT,
    }
    deleted = functions(Lambda(refuses="ResourceNotFoundException"))
    deleted.disallow(arn, ARN)
    assert not deleted.may_be_called_by(arn, ARN)
    assert functions(Lambda()).may_be_called_by(arn, ARN)


def test_text_that_is_no_function() -> None:
    assert split_arn(f"{ARN[:4]}aws:lambda:r:1:function:f") == ("f", "1", "")
    with pytest.raises(AdminError, match="not the ARN of a Lambda function"):
        split_arn(ARN)
