"""The other variants of the stack, each deployed to a separate local stack."""

import json
import time
from typing import Any

import boto3
import jwt
import pytest

from passcode.token_service.policy import COOLDOWN_AFTER_SUCCESS
from tests.observability.run import wait_until
from tests.support.live_sign_in import SignIn
from tests.support.users import code_in
from tools.local_stack import inbox, process, stack
from tools.local_stack.clients import client
from tools.local_stack.deploy import DEFAULTS
from tools.local_stack.stack import Stack

EMAIL, PASSWORD = "variant@people.example", "a long pass phrase"


def add_user(cognito: Any, pool: str) -> None:
    attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool, Username=EMAIL, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=EMAIL, Password=PASSWORD, Permanent=True)


def code(deployed: Stack, count: int = 1) -> str:
    end = time.monotonic() + 60
    while len(messages := inbox.read(deployed, EMAIL)) < count:
        assert time.monotonic() < end, "no message arrived"
        time.sleep(0.05)
    return code_in(messages[-1])


def otp_claims(token: str) -> dict[str, str]:
    claims: dict[str, str] = jwt.decode(token, options={"verify_signature": False})
    return {name: value for name, value in claims.items() if name.startswith("otp_")}


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("claims_in", ["ID_TOKEN", "ID_AND_ACCESS_TOKEN"])
def test_tokens_have_the_claims_of_the_code(claims_in: str) -> None:
    deployed = stack.up(port=process.free_port(), parameters={"AssuranceClaims": claims_in})
    add_user(deployed.client("cognito-idp"), deployed.user_pool_id)
    began = int(time.time())
    conversation = SignIn(deployed, deployed.clients["code_only"]).start(EMAIL)
    tokens = conversation.answer(code(deployed)).tokens
    found = otp_claims(tokens["IdToken"])
    assert (found["otp_amr"], found["otp_channel"]) == ("otp", "email")
    assert began <= int(found["otp_verified_at"]) <= int(time.time())
    assert otp_claims(tokens["AccessToken"]) == (found if claims_in == "ID_AND_ACCESS_TOKEN" else {})

    time.sleep(COOLDOWN_AFTER_SUCCESS)
    again = SignIn(deployed, deployed.clients["code_only"]).start(EMAIL)
    later = otp_claims(again.answer(code(deployed, 2)).tokens["IdToken"])
    assert int(later["otp_verified_at"]) > int(found["otp_verified_at"])
    refreshed = deployed.client("cognito-idp").initiate_auth(
        ClientId=deployed.clients["code_only"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    assert otp_claims(refreshed["AuthenticationResult"]["IdToken"]) == found, "a refresh keeps the claims"


@pytest.mark.usefixtures("state")
def test_a_stack_for_an_existing_pool_creates_no_pool() -> None:
    emulator = process.start(process.free_port())
    cognito = client(emulator.endpoint_url, "cognito-idp")
    pool = cognito.create_user_pool(PoolName="older")["UserPool"]["Id"]
    deployed = stack.up(parameters={"UserPoolId": pool, "CodeOnlyClientIds": "abc,def"})
    assert deployed.user_pool_id == pool
    # The hosted sign-in needs separate app clients in any pool.
    assert set(deployed.clients) == {"hosted"}
    assert len(cognito.list_user_pools(MaxResults=10)["UserPools"]) == 1
    define = deployed.client("lambda").get_function_configuration(
        FunctionName=deployed.functions["define_auth_challenge"]
    )
    assert define["Environment"]["Variables"]["CODE_ONLY_CLIENTS"] == "abc,def"
    policy = deployed.client("lambda").get_policy(FunctionName=deployed.functions["define_auth_challenge"])
    assert json.dumps(pool) in policy["Policy"] or f"userpool/{pool}" in policy["Policy"]


@pytest.mark.usefixtures("state")
def test_another_region_sends_the_emails_without_the_configuration_set() -> None:
    """The local AWS enforces the role of `deliver`, with the region of the request in the resource."""
    identity = "arn:aws:ses:eu-west-1:000000000000:identity/people.example"
    deployed = stack.up(port=process.free_port(), parameters={"SenderIdentityArn": identity})
    deliver = deployed.client("lambda").get_function_configuration(FunctionName=deployed.functions["deliver"])
    variables = deliver["Environment"]["Variables"]
    assert (variables["SES_REGION"], "CONFIGURATION_SET" in variables) == ("eu-west-1", False)
    assert deployed.client("sesv2").list_configuration_sets()["ConfigurationSets"] == []
    there = boto3.client(
        "sesv2",
        region_name="eu-west-1",
        endpoint_url=deployed.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    there.create_email_identity(EmailIdentity=DEFAULTS["SenderEmail"])
    add_user(deployed.client("cognito-idp"), deployed.user_pool_id)
    SignIn(deployed, deployed.clients["code_only"]).start(EMAIL)
    # The inbox of the local AWS shows the messages of one region.
    wait_until(lambda: any('"message":"sent"' in line for line in deployed.logs()["deliver"]))


@pytest.mark.usefixtures("state")
def test_all_options_work_together() -> None:
    deployed = stack.up(
        port=process.free_port(),
        parameters={
            "WebAcl": "ON",
            "WebAclTrustedAddresses": "203.0.113.0/24,198.51.100.7/32",
            "DataKey": "CUSTOMER_MANAGED",
            "SnapStart": "ON",
            "AssuranceClaims": "ID_AND_ACCESS_TOKEN",
            "PermissionsBoundaryArn": "arn:aws:iam::000000000000:policy/boundary",
            "ChannelChoice": "ASK",
        },
    )
    pool = f"arn:aws:cognito-idp:{deployed.region}:000000000000:userpool/{deployed.user_pool_id}"
    guard = deployed.client("wafv2").get_web_acl_for_resource(ResourceArn=pool)["WebACL"]
    assert [rule["Name"] for rule in guard["Rules"]] == [
        "RequestsPerAddress",
        "ProviderRequestsPerAddress",
        "KnownBadAddresses",
        "KnownBadInputs",
    ]
    (trusted,) = deployed.client("wafv2").list_ip_sets(Scope="REGIONAL")["IPSets"]
    found_set = deployed.client("wafv2").get_ip_set(Name=trusted["Name"], Id=trusted["Id"], Scope="REGIONAL")
    assert found_set["IPSet"]["Addresses"] == ["203.0.113.0/24", "198.51.100.7/32"]
    assert trusted["ARN"] in json.dumps(guard["Rules"][0], default=str)
    api = deployed.outputs["TokenApiURL"].split("/")[-2]
    target = f"arn:aws:apigateway:{deployed.region}::/restapis/{api}/stages/v1"
    found = deployed.client("wafv2").get_web_acl_for_resource(ResourceArn=target)["WebACL"]
    assert found["ARN"] == guard["ARN"]
    # The emulator does not store the key of a table, so the test reads the keys of the queues.
    for url in deployed.queues.values():
        queue = deployed.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        assert queue["Attributes"]["KmsMasterKeyId"]
    add_user(deployed.client("cognito-idp"), deployed.user_pool_id)
    sign_in = SignIn(deployed, deployed.clients["code_only"]).start(EMAIL)
    assert sign_in.parameters["status"] == "CHOOSE"
    assert json.loads(sign_in.parameters["channels"]) == {"email": "***@***", "sms": "+***"}
    sign_in.answer("any word", action="send", channel="email")
    assert (sign_in.parameters["status"], sign_in.parameters["resendsLeft"]) == ("SENT", "3")
    assert sign_in.answer(code(deployed)).tokens


def sms_gateway(deployed: Stack) -> str:
    """The gateway for SMS of `deliver`."""
    name = deployed.functions["deliver"]
    found = deployed.client("lambda").get_function_configuration(FunctionName=name)
    return str(found["Environment"]["Variables"]["SMS_GATEWAY"])


@pytest.mark.usefixtures("state")
def test_a_deployment_of_the_demo_keeps_the_parameters_of_a_running_stack() -> None:
    first = stack.up(port=process.free_port(), parameters={"SmsGateway": "END_USER_MESSAGING"})
    assert sms_gateway(first) == "END_USER_MESSAGING"
    assert sms_gateway(stack.up(parameters={"CooldownSeconds": "5"}, keeps_parameters=True)) == (
        "END_USER_MESSAGING"
    )
    assert sms_gateway(stack.up()) == "SNS"
