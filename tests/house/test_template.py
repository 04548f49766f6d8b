"""template.yaml against the design: who may do what, and what must never be switched on or off."""

from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = load(str(ROOT / "template.yaml"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
RIGHTS = {
    "DefineAuthChallenge": LOGS,
    "CreateAuthChallenge": LOGS | {"dynamodb:UpdateItem", "sqs:SendMessage"},
    "VerifyAuthChallenge": LOGS | {"kms:GenerateMac", "dynamodb:UpdateItem"},
    "PreTokenGeneration": LOGS | {"dynamodb:GetItem"},
    "Deliver": LOGS
    | {"kms:GenerateMac", "ses:SendEmail", "sns:Publish", "dynamodb:UpdateItem"}
    | {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
}


def of_type(kind: str) -> dict[str, Any]:
    return {name: r.get("Properties", {}) for name, r in RESOURCES.items() if r["Type"] == kind}


def statements(role: str) -> list[dict[str, Any]]:
    policies = RESOURCES[role]["Properties"]["Policies"]
    return [s for policy in policies for s in policy["PolicyDocument"]["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("door", RIGHTS)
def test_each_door_has_a_role_of_its_own_with_the_rights_of_the_design(door: str) -> None:
    assert RESOURCES[door]["Properties"]["Role"] == {"Fn::GetAtt": [f"{door}Role", "Arn"]}
    role = RESOURCES[f"{door}Role"]["Properties"]
    assert "ManagedPolicyArns" not in role
    allowed = {a for s in statements(f"{door}Role") if s["Effect"] == "Allow" for a in listed(s["Action"])}
    assert allowed == RIGHTS[door]


def test_only_an_sms_has_no_resource_to_be_bound_to() -> None:
    for door in RIGHTS:
        for statement in statements(f"{door}Role"):
            if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"]):
                assert statement["Action"] == "sns:Publish"


@pytest.mark.parametrize("door", ["CreateAuthChallenge", "VerifyAuthChallenge", "Deliver"])
def test_each_door_writes_only_its_own_kind_of_item(door: str) -> None:
    (write,) = [s for s in statements(f"{door}Role") if s["Action"] == "dynamodb:UpdateItem"]
    keys = write["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert ("sign_in#*" in keys) == (door != "Deliver")


def test_every_client_offers_the_custom_flow_alone_and_hides_who_exists() -> None:
    clients = of_type("AWS::Cognito::UserPoolClient")
    assert len(clients) == 2
    for client in clients.values():
        assert client["ExplicitAuthFlows"] == ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        assert client["PreventUserExistenceErrors"] == "ENABLED"
        life = TEMPLATE["Parameters"]["CodeLifeSeconds"]["MaxValue"]
        assert client["AuthSessionValidity"] * 60 >= life
        assert "email_verified" not in client["WriteAttributes"]


def test_the_triggers_may_be_called_by_this_pool_alone() -> None:
    permissions = of_type("AWS::Lambda::Permission")
    assert len(permissions) == 4
    for permission in permissions.values():
        condition, own, given = permission["SourceArn"]["Fn::If"]
        assert (condition, own) == ("MakesPool", {"Fn::GetAtt": ["UserPool", "Arn"]})
        assert given["Fn::Sub"].endswith(":userpool/${UserPoolId}")
        assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_counters_cannot_be_rewound_and_nothing_lies_open() -> None:
    (table,) = of_type("AWS::DynamoDB::Table").values()
    assert "PointInTimeRecoverySpecification" not in table
    assert table["SSESpecification"]["SSEEnabled"] is True
    queues = of_type("AWS::SQS::Queue")
    for queue in queues.values():
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasDataKey", False, True]}
        assert queue["KmsMasterKeyId"]["Fn::If"][:2] == ["HasDataKey", {"Ref": "TableAndQueueKey"}]
    assert of_type("AWS::Cognito::UserPool")["UserPool"]["MfaConfiguration"] == "OFF"


def test_logs_end_some_day() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert len(groups) == len(RIGHTS)
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())


def test_every_parameter_says_what_it_is_and_none_is_a_secret() -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        assert len(parameter["Description"]) > 20, name
        assert "NoEcho" not in parameter, name
        bounded = {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter)
        assert bounded, name
