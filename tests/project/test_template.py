"""template.yaml against the design: who may do what, and what must never be switched on or off."""

from typing import Any

import pytest

from tests.support.template import RESOURCES, TEMPLATE, listed, statements

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
RIGHTS = {
    "DefineAuthChallenge": LOGS,
    "CreateAuthChallenge": LOGS | {"dynamodb:UpdateItem", "sqs:SendMessage"},
    "VerifyAuthChallenge": LOGS | {"kms:GenerateMac", "dynamodb:UpdateItem"},
    "PreTokenGeneration": LOGS | {"dynamodb:GetItem"},
    "Deliver": LOGS
    | {"kms:GenerateMac", "kms:Decrypt", "ses:SendEmail", "sns:Publish", "dynamodb:UpdateItem"}
    | {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
    "CustomSender": LOGS | {"sqs:SendMessage", "cognito-idp:AdminGetUser"},
    "TokenApi": LOGS
    | {"dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:DeleteItem", "cognito-idp:AdminGetUser"}
    | {"sqs:SendMessage", "sqs:GetQueueAttributes"}
    | {"kms:GenerateMac", "kms:Sign", "kms:Verify", "kms:GetPublicKey"},
    "HostedSignIn": LOGS
    | {"dynamodb:UpdateItem", "dynamodb:GetItem", "secretsmanager:GetSecretValue"}
    | {"cognito-idp:AdminInitiateAuth", "cognito-idp:AdminRespondToAuthChallenge"}
    | {"cognito-idp:AdminLinkProviderForUser", "cognito-idp:AdminGetUser"}
    | {"cognito-idp:DescribeUserPoolClient"}
    | {"kms:Encrypt", "kms:Decrypt", "kms:Sign", "kms:Verify", "kms:GetPublicKey"},
}


def of_type(kind: str) -> dict[str, Any]:
    return {name: r.get("Properties", {}) for name, r in RESOURCES.items() if r["Type"] == kind}


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


@pytest.mark.parametrize(
    "door", ["CreateAuthChallenge", "VerifyAuthChallenge", "Deliver", "TokenApi", "HostedSignIn"]
)
def test_each_door_writes_only_its_own_kind_of_item(door: str) -> None:
    (write,) = [s for s in statements(f"{door}Role") if "dynamodb:UpdateItem" in listed(s["Action"])]
    keys = write["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert ("sign_in#*" in keys) == (door in ("CreateAuthChallenge", "VerifyAuthChallenge"))
    assert ("token#*" in keys) == ("step_up#*" in keys) == (door == "TokenApi")
    assert ("hosted#*" in keys) == ("grant#*" in keys) == (door == "HostedSignIn")


def test_the_token_service_signs_by_its_own_keys_and_in_one_way() -> None:
    by_action = {str(s["Action"]): s for s in statements("TokenApiRole")}
    sign = by_action["['kms:Sign', 'kms:Verify']"]
    assert sign["Condition"] == {"StringEquals": {"kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}}
    keys = [name for key in sign["Resource"] for name in (key["Fn::If"][1]["Fn::GetAtt"][0],)]
    assert keys == ["ProofKeyA", "ProofKeyB"]
    for key in keys:
        assert RESOURCES[key]["Properties"]["KeySpec"] == "RSA_2048"
        assert RESOURCES[key]["Properties"]["KeyUsage"] == "SIGN_VERIFY"


def test_cognitos_codes_are_opened_by_deliver_alone_and_only_this_pools() -> None:
    keys = {
        door: [s["Resource"] for s in statements(f"{door}Role") if "kms:Decrypt" in listed(s["Action"])]
        for door in RIGHTS
    }
    # What the hosted sign-in opens is what it sealed itself.
    assert {door for door, found in keys.items() if found} == {"Deliver", "HostedSignIn"}
    assert keys["HostedSignIn"] == [{"Fn::GetAtt": ["HostedStateKey", "Arn"]}]
    (right,) = [s for s in statements("DeliverRole") if s["Action"] == "kms:Decrypt"]
    assert right["Resource"] == {"Fn::GetAtt": ["CustomSenderKey", "Arn"]}
    assert list(right["Condition"]["StringEquals"]) == ["kms:EncryptionContext:userpool-id"]


def test_the_custom_senders_are_in_the_shape_that_cognito_takes() -> None:
    config = RESOURCES["UserPool"]["Properties"]["LambdaConfig"]
    assert config["KMSKeyID"]["Fn::If"][:2] == [
        "HasCustomSenders",
        {"Fn::GetAtt": ["CustomSenderKey", "Arn"]},
    ]
    for name, condition in (
        ("CustomEmailSender", "SendsCognitosEmail"),
        ("CustomSMSSender", "SendsCognitosSms"),
    ):
        asked, sender, otherwise = config[name]["Fn::If"]
        assert (asked, otherwise) == (condition, {"Ref": "AWS::NoValue"})
        assert sender["LambdaVersion"] == "V1_0"
        assert sender["LambdaArn"]["Fn::Sub"].endswith(":function:${AWS::StackName}-custom-sender")


def test_every_client_offers_the_custom_flow_alone_and_hides_who_exists() -> None:
    clients = of_type("AWS::Cognito::UserPoolClient")
    # Its users prove themselves to the provider; see test_template_hosted.py.
    clients.pop("HostedClient")
    assert set(clients) == {"PasswordAndCodeClient", "CodeOnlyClient", "HostedInnerClient"}
    for client in clients.values():
        assert {*client["ExplicitAuthFlows"]} - {"ALLOW_REFRESH_TOKEN_AUTH"} == {"ALLOW_CUSTOM_AUTH"}
        assert client["PreventUserExistenceErrors"] == "ENABLED"
        life = TEMPLATE["Parameters"]["CodeLifeSeconds"]["MaxValue"]
        assert client["AuthSessionValidity"] * 60 >= life
        assert "email_verified" not in client["WriteAttributes"]


def test_the_triggers_may_be_called_by_this_pool_alone() -> None:
    permissions = of_type("AWS::Lambda::Permission")
    for door, own in {"TokenApi": "TokenServiceApi", "HostedSignIn": "HostedSignInApi"}.items():
        api = permissions.pop(f"{door}Permission")
        assert api["Principal"] == "apigateway.amazonaws.com"
        assert api["SourceAccount"] == {"Ref": "AWS::AccountId"}
        assert api["SourceArn"]["Fn::Sub"].endswith(f":${{{own}}}/v1/*")
    assert len(permissions) == 5
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
