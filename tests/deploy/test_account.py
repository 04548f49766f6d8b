"""The checks in the account before anything is created: one sentence for each problem."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    TokenRetrievalError,
)

from tests.support.deployment_account import REGION, ROLE, StubbedAccount
from tools.deploy import preflight
from tools.deploy.account import DeploymentAccount
from tools.deploy.aws_errors import sentence
from tools.deploy.errors import DeployError
from tools.deploy.rights import RIGHTS
from tools.deploy.template import Template, Values

CALLER = ("123456789012", ROLE)


@pytest.fixture
def account() -> Iterator[StubbedAccount]:
    stubbed = StubbedAccount()
    yield stubbed
    stubbed.close()


def refused(code: str, message: str = "no", operation: str = "CreateThing") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "No AWS credentials were found. Sign in again"),
        (
            PartialCredentialsError(provider="env", cred_var="x"),
            "The AWS credentials are incomplete. Sign in",
        ),
        (TokenRetrievalError(provider="sso", error_msg="expired"), "The AWS credentials cannot be used: "),
        (EndpointConnectionError(endpoint_url="https://x"), "Check that the region eu-central-1 exists"),
        (ReadTimeoutError(endpoint_url="https://x"), "AWS does not answer. Check the network"),
        (refused("ExpiredToken"), "The AWS credentials have expired or are not valid. Sign in"),
        (
            refused("UnrecognizedClientException"),
            "The AWS credentials have expired or are not valid. Sign in",
        ),
        (refused("AccessDenied"), "These credentials may not call CreateThing. Add that permission"),
        (refused("OptInRequired"), "The account has not enabled the region eu-central-1. Enable it"),
        (refused("Throttling"), "AWS throttles CreateThing. Wait a minute"),
        (refused("Other", "It  is\nwrong."), "AWS refused CreateThing: It is wrong. Fix that"),
    ],
)
def test_each_error_of_aws_is_one_sentence(error: BotoCoreError | ClientError, words: str) -> None:
    text = sentence(error, REGION)
    assert text.startswith(words) or words in text
    assert "\n" not in text


def test_wrong_credentials_end_the_deployment_with_a_sentence(account: StubbedAccount) -> None:
    account.stub("sts").add_client_error("get_caller_identity", "InvalidClientTokenId")
    with pytest.raises(DeployError, match="have expired or are not valid"):
        account.caller()


def test_the_caller_is_an_account_and_an_arn(account: StubbedAccount) -> None:
    identity = {"Account": "123456789012", "Arn": ROLE, "UserId": "AROAEXAMPLE:me"}
    account.stub("sts").add_response("get_caller_identity", identity)
    assert account.caller() == CALLER


def test_outputs_are_read_by_their_names(account: StubbedAccount) -> None:
    found = stack("CREATE_COMPLETE")
    found["Stacks"][0]["Outputs"] = [{"OutputKey": "UserPoolId", "OutputValue": "eu-central-1_Abc"}]
    account.stub("cloudformation").add_response("describe_stacks", found)
    assert account.outputs("passcode") == {"UserPoolId": "eu-central-1_Abc"}


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(DeployError, match=r"\(unknown\) could not be found\. `aws configure list-profiles`"):
        DeploymentAccount(REGION, "unknown")


def stack(status: str, *names: str) -> dict[str, Any]:
    parameters = [{"ParameterKey": name, "ParameterValue": f"value of {name}"} for name in names]
    return {
        "Stacks": [
            {
                "StackName": "passcode",
                "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
                "StackStatus": status,
                "Parameters": parameters,
            }
        ]
    }


def test_a_deployed_stack_has_its_parameters(account: StubbedAccount) -> None:
    found = stack("UPDATE_ROLLBACK_COMPLETE", "SenderEmail", "SignInHost")
    account.stub("cloudformation").add_response("describe_stacks", found, {"StackName": "passcode"})
    deployed = account.deployed("passcode")
    assert deployed
    assert deployed.parameters == {
        "SenderEmail": "value of SenderEmail",
        "SignInHost": "value of SignInHost",
    }


def test_a_stack_that_only_has_a_change_set_is_new(account: StubbedAccount) -> None:
    account.stub("cloudformation").add_response("describe_stacks", stack("REVIEW_IN_PROGRESS"))
    assert account.deployed("passcode") is None


def test_a_stack_that_does_not_exist_is_new(account: StubbedAccount) -> None:
    account.stub("cloudformation").add_client_error("describe_stacks", "ValidationError", "does not exist")
    assert account.deployed("passcode") is None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("UPDATE_IN_PROGRESS", "is being changed at the moment"),
        ("ROLLBACK_COMPLETE", "left over from a failed deployment"),
        ("DELETE_FAILED", "aws cloudformation delete-stack --stack-name passcode --region eu-central-1"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name passcode"),
    ],
)
def test_a_stack_that_cannot_be_changed_is_refused_with_the_way_out(
    account: StubbedAccount, status: str, words: str
) -> None:
    found = stack(status, "SenderEmail", "SignInHost")
    account.stub("cloudformation").add_response("describe_stacks", found)
    with pytest.raises(DeployError, match=words):
        account.deployed("passcode")


def test_a_stack_of_another_project_is_not_overwritten(account: StubbedAccount) -> None:
    account.stub("cloudformation").add_response("describe_stacks", stack("CREATE_COMPLETE", "SenderEmail"))
    with pytest.raises(DeployError, match="is not a Cognito Passcode stack, and would be overwritten"):
        account.deployed("passcode")


def test_a_region_without_a_type_is_refused_with_the_name_of_the_type(account: StubbedAccount) -> None:
    missing = {"AWS::SES::ConfigurationSet": "TypeNotFoundException", "AWS::KMS::Key": "Throttling"}
    account.answer("cloudformation", "DescribeType", lambda call: missing.get(call["TypeName"]))
    types = ["AWS::KMS::Key", "AWS::SES::ConfigurationSet", "AWS::SQS::Queue"]
    found = preflight.check_types(account, types)
    (problem,) = found.problems
    assert problem.startswith(
        "The region eu-central-1 has no AWS::SES::ConfigurationSet, which the stack needs."
    )
    assert preflight.check_types(account, types[2:]).problems == []


def test_only_types_that_the_stack_has_are_checked(template: Template, parameters: dict[str, str]) -> None:
    types = preflight.created_types(Values(template, parameters, "passcode", REGION).resources())
    assert "AWS::Lambda::Function" in types
    assert not [name for name in types if name.startswith(("AWS::Serverless", "AWS::WAFv2"))]
    parameters["WebAcl"] = "ON"
    assert "AWS::WAFv2::WebACL" in preflight.created_types(
        Values(template, parameters, "passcode", REGION).resources()
    )


SENDER = "no-reply@mail.example.com"
UNKNOWN, WAITING, VERIFIED = None, False, True


def stub_ses(account: StubbedAccount, states: Mapping[str, bool | None], **limits: bool) -> None:
    ses = account.stub("sesv2")
    for name in (SENDER, "mail.example.com", "example.com"):
        request = {"EmailIdentity": name}
        if states.get(name) is None:
            ses.add_client_error("get_email_identity", "NotFoundException", expected_params=request)
        else:
            ses.add_response("get_email_identity", {"VerifiedForSendingStatus": states[name]}, request)
    ses.add_response("get_account", {"ProductionAccessEnabled": True, "SendingEnabled": True, **limits})


@pytest.mark.parametrize("name", [SENDER, "mail.example.com", "example.com"])
def test_a_verified_address_domain_or_domain_above_may_send(
    account: StubbedAccount, parameters: dict[str, str], name: str
) -> None:
    stub_ses(account, {SENDER: WAITING, name: VERIFIED})
    assert preflight.check_sender(account, parameters) == preflight.Findings()


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (
            {},
            f"does not know {SENDER}. Verify its domain, and run the command again: aws sesv2 create",
        ),
        ({SENDER: WAITING}, f"has not verified {SENDER} yet. Follow the link in the message"),
        ({"example.com": WAITING}, "has not verified example.com yet. Add the DNS records"),
    ],
)
def test_a_sender_that_may_not_send_is_refused(
    account: StubbedAccount, parameters: dict[str, str], states: dict[str, bool | None], words: str
) -> None:
    stub_ses(account, states)
    (problem,) = preflight.check_sender(account, parameters).problems
    assert problem.startswith("SES in eu-central-1 ")
    assert words in problem


def test_the_sender_is_checked_in_the_region_of_its_identity(
    account: StubbedAccount, parameters: dict[str, str]
) -> None:
    parameters["SenderIdentityArn"] = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
    stub_ses(account, {})
    (problem,) = preflight.check_sender(account, parameters).problems
    assert problem.startswith("SES in eu-west-1 does not know")
    assert problem.endswith("--email-identity mail.example.com --region eu-west-1")
    assert ("sesv2", "eu-west-1") in account.regions


def test_the_sandbox_of_ses_is_a_note(account: StubbedAccount, parameters: dict[str, str]) -> None:
    stub_ses(account, {SENDER: VERIFIED}, ProductionAccessEnabled=False, SendingEnabled=False)
    found = preflight.check_sender(account, parameters)
    assert found.problems == []
    assert [note.partition(". ")[0] for note in found.notes] == [
        "SES in eu-central-1 is in its sandbox",
        "SES has paused sending in eu-central-1",
    ]


@pytest.mark.parametrize(
    ("code", "is_problem"),
    [("AccessDeniedException", False), ("UnknownOperationException", False), ("Other", True)],
)
def test_a_sender_that_cannot_be_checked_is_a_note_if_the_deployment_may_work(
    account: StubbedAccount, parameters: dict[str, str], code: str, is_problem: bool
) -> None:
    account.stub("sesv2").add_client_error("get_email_identity", code)
    found = preflight.check_sender(account, parameters)
    assert (len(found.problems), len(found.notes)) == ((1, 0) if is_problem else (0, 1))


@pytest.mark.parametrize(
    ("changed", "sends"),
    [
        ({}, True),
        ({"ChannelOrder": "sms"}, False),
        ({"ChannelOrder": "sms,voice"}, False),
        ({"ChannelOrder": "sms", "CustomSenders": "EMAIL"}, True),
        ({"ChannelOrder": "sms", "CustomSenders": "SMS"}, False),
        ({"GatewayFunctionArn": "email,sms=arn:aws:lambda:eu-central-1:1:function:f"}, False),
        ({"GatewayFunctionArn": "sms=arn:aws:lambda:eu-central-1:1:function:f"}, True),
    ],
)
def test_the_sender_is_checked_only_if_ses_sends(
    account: StubbedAccount, parameters: dict[str, str], changed: dict[str, str], sends: bool
) -> None:
    parameters |= changed
    assert preflight.sends_by_ses(parameters) is sends
    if not sends:
        assert preflight.check_sender(account, parameters) == preflight.Findings()


def role(name: str = "Deployer") -> dict[str, Any]:
    return {
        "Role": {
            "Path": "/aws-reserved/",
            "RoleName": name,
            "RoleId": "AROAEXAMPLEEXAMPLE",
            "Arn": f"arn:aws:iam::123456789012:role/aws-reserved/{name}",
            "CreateDate": datetime(2026, 1, 1, tzinfo=UTC),
        }
    }


def decision(action: str, decided: str, *missing: str) -> dict[str, Any]:
    return {
        "EvaluationResults": [
            {"EvalActionName": action, "EvalDecision": decided, "MissingContextValues": list(missing)}
        ]
    }


def test_a_missing_right_is_named_before_anything_is_created(account: StubbedAccount) -> None:
    iam = account.stub("iam")
    iam.add_response("get_role", role(), {"RoleName": "Deployer"})
    principal = "arn:aws:iam::123456789012:role/aws-reserved/Deployer"
    queue = "arn:aws:sqs:eu-central-1:123456789012:passcode-Queue.fifo"
    iam.add_response(
        "simulate_principal_policy",
        decision("kms:CreateKey", "allowed"),
        {"PolicySourceArn": principal, "ActionNames": ["kms:CreateKey"], "ResourceArns": ["*"]},
    )
    iam.add_response(
        "simulate_principal_policy",
        decision("sqs:CreateQueue", "implicitDeny"),
        {"PolicySourceArn": principal, "ActionNames": ["sqs:CreateQueue"], "ResourceArns": [queue]},
    )
    found = preflight.check_rights(account, CALLER, "", "passcode", ["AWS::KMS::Key", "AWS::SQS::Queue"])
    assert found.problems == [
        "These credentials may not call sqs:CreateQueue. Add these permissions, or use other credentials."
    ]


def test_a_condition_that_the_simulator_cannot_know_is_no_problem(account: StubbedAccount) -> None:
    iam = account.stub("iam")
    user = "arn:aws:iam::123456789012:user/me"
    answer = decision("kms:CreateKey", "implicitDeny", "aws:RequestedRegion")
    iam.add_response("simulate_principal_policy", answer)
    found = preflight.check_rights(account, ("123456789012", user), "", "passcode", ["AWS::KMS::Key"])
    assert found == preflight.Findings()


def test_the_rights_of_the_role_of_cloudformation_count(account: StubbedAccount) -> None:
    given = "arn:aws:iam::123456789012:role/CloudFormation"
    iam = account.stub("iam")
    iam.add_response(
        "simulate_principal_policy",
        decision("kms:CreateKey", "explicitDeny"),
        {"PolicySourceArn": given, "ActionNames": ["kms:CreateKey"], "ResourceArns": ["*"]},
    )
    (problem,) = preflight.check_rights(account, CALLER, given, "passcode", ["AWS::KMS::Key"]).problems
    assert problem.startswith("The role of CloudFormation may not call kms:CreateKey.")


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:federated-user/me"]
)
def test_the_root_user_and_federated_users_are_not_simulated(account: StubbedAccount, arn: str) -> None:
    found = preflight.check_rights(account, ("123456789012", arn), "", "passcode", ["AWS::KMS::Key"])
    assert found == preflight.Findings()


def test_rights_that_cannot_be_read_are_a_note(account: StubbedAccount) -> None:
    account.stub("iam").add_client_error("get_role", "AccessDenied")
    found = preflight.check_rights(account, CALLER, "", "passcode", ["AWS::KMS::Key"])
    assert found.problems == []
    assert found.notes == ["IAM does not show what these credentials may do, so that was not checked."]


def test_each_type_of_the_template_has_a_right(template: Template) -> None:
    assert set(preflight.created_types(template.resources)) <= RIGHTS.keys()
