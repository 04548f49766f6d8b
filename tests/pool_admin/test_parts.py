"""The small parts: sentences for errors, who may call a function, a record's two forms."""

import json
from typing import Any

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from tests.support.fake_user_pool import ACCOUNT, ARN, POOL_ID
from tests.support.pool_admin_world import FUNCTIONS, refusal
from tools.pool_admin.aws_resources.backup import POOL, Record
from tools.pool_admin.aws_resources.functions import Functions, allows, split
from tools.pool_admin.aws_resources.pool_settings import Change, backwards, changed, difference
from tools.pool_admin.context import Aws, region_of
from tools.pool_admin.errors import AdminError, plain
from tools.pool_admin.users import send_test


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refusal("AccessDeniedException", "UpdateUserPool"), "may not call UpdateUserPool. Add that right"),
        (refusal("TooManyRequestsException", "UpdateUserPool"), "Wait a minute and run the command again"),
        (refusal("ThrottlingException", "DescribeStacks"), "AWS holds DescribeStacks back"),
        (refusal("ExpiredTokenException", "GetParameter"), "Sign in with the AWS CLI again"),
        (refusal("ConcurrentModificationException", "UpdateUserPool"), "Something else is being changed"),
        (
            refusal("InvalidParameterException", "UpdateUserPool", "The message is invalid."),
            "The message is invalid.",
        ),
        (ProfileNotFound(profile="x"), "no such AWS profile"),
        (NoRegionError(), "--region"),
        (NoCredentialsError(), "No AWS credentials"),
        (EndpointConnectionError(endpoint_url="http://x"), "AWS does not answer"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (KeyError("secret"), "should not have happened (KeyError)"),
    ],
)
def test_every_error_is_one_sentence_that_says_what_to_do(error: Exception, words: str) -> None:
    said = str(plain(error))
    assert words in said
    assert "\n" not in said
    assert "secret" not in said


def test_a_control_plane_that_holds_back_is_asked_a_bounded_number_of_times() -> None:
    client = Aws(region="eu-central-1", endpoint_url="https://aws.example").client("cognito-idp")
    assert client.meta.config.retries["total_max_attempts"] == 6


def test_a_local_aws_is_not_shown_a_persons_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "theirs")
    client = Aws(endpoint_url="http://127.0.0.1:1").client("cognito-idp")
    assert client._get_credentials().access_key == "test"


@pytest.mark.parametrize("pool_id", ["users", "eu-central-1", "eu-central-1_", "eu-central-1_A/../b", ""])
def test_what_is_no_pool_id(pool_id: str) -> None:
    with pytest.raises(AdminError, match="is not the id of a user pool"):
        region_of(pool_id)


def test_a_pool_in_another_region_than_asked_for() -> None:
    assert Aws(region=None).at_pool("us-gov-west-1_Abc").region == "us-gov-west-1"
    with pytest.raises(AdminError, match="The pool is in eu-central-1"):
        Aws(region="eu-west-1").at_pool(POOL_ID)


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
def test_who_may_call_a_function(of_function: dict[str, Any], allowed: bool) -> None:
    assert allows(of_function, ARN) is allowed


class Lambda:
    """The calls on a policy that are made, and what one that was made before answers."""

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


def test_a_permission_is_bound_to_one_pool_and_given_once() -> None:
    arn = FUNCTIONS["CreateAuthChallenge"]
    client = Lambda(refuses="ResourceConflictException")
    Functions(client).allow(arn, ARN)
    assert client.asked == {
        "FunctionName": "passcode-create-auth-challenge",
        "Qualifier": "live",
        "StatementId": f"cognito-passcode-{POOL_ID}",
        "Action": "lambda:InvokeFunction",
        "Principal": "cognito-idp.amazonaws.com",
        "SourceArn": ARN,
        "SourceAccount": ACCOUNT,
    }
    gone = Functions(Lambda(refuses="ResourceNotFoundException"))
    gone.disallow(arn, ARN)
    assert not gone.may_be_called_by(arn, ARN)
    assert Functions(Lambda()).may_be_called_by(arn, ARN)


def test_what_is_no_function() -> None:
    assert split(f"{ARN[:4]}aws:lambda:r:1:function:f") == ("f", "1", "")
    with pytest.raises(AdminError, match="not the ARN of a Lambda function"):
        split(ARN)


RECORD = Record(
    POOL_ID,
    "passcode",
    {POOL: (Change(("LambdaConfig", "PreSignUp"), None, ARN),), "web": (Change(("A",), ["x"], []),)},
    {"kiosk": False},
    (ARN,),
    attribute=True,
)


@pytest.mark.parametrize("text", [RECORD.pack(), RECORD.squeeze()])
def test_a_record_comes_back_from_either_form(text: str) -> None:
    assert Record.unpack(text) == RECORD


@pytest.mark.parametrize(
    "text", ["", "{}", "x", '{"version":2}', RECORD.pack()[:-1], RECORD.pack().replace("stack", "s")]
)
def test_a_record_that_cannot_be_read_is_not_guessed(text: str) -> None:
    with pytest.raises(AdminError, match="cannot be read"):
        Record.unpack(text)


def test_what_stood_there_first_stays_first() -> None:
    first = Record(POOL_ID, "s", {"web": (Change(("A",), 1, 2),)}, {"web": True}, (ARN,))
    later = Record(
        POOL_ID, "s", {"web": (Change(("A",), 2, 3), Change(("B",), None, 1))}, {"web": False}, (ARN,)
    )
    both = first.and_then(later)
    assert both.changes == {"web": (Change(("A",), 1, 3), Change(("B",), None, 1))}
    assert (both.code_only, both.permissions) == ({"web": True}, (ARN,))


def test_changes_there_and_back() -> None:
    before = {"A": {"x": 1, "y": [1]}, "B": 2}
    after = {"A": {"y": [2]}, "C": {"z": 3}}
    made = difference(before, after)
    assert changed(before, made) == after
    assert changed(after, [Change(c.path, c.after, c.before) for c in made]) == before
    assert backwards(Change(("A",), 1, 2), 1) is None
    assert [str(change) for change in made] == [
        "A.x: 1 → not set",
        "A.y: 1 → 2",
        "B: 2 → not set",
        "C.z: not set → 3",
    ]


SETTINGS = {
    "APP_NAME": "People",
    "SENDER_EMAIL": "a@b.example",
    "CONFIGURATION_SET": "set",
    "SMS_COUNTRIES": "US",
    "SMS_MAX_PRICE": "0.20",
    "SMS_SENDER_ID": "PEOPLE",
}


class Provider:
    """SES and SNS in one: keeps what it was asked, or refuses."""

    def __init__(self, refuses: str = "", says: str = "") -> None:
        self.refuses, self.says, self.asked = refuses, says, dict[str, Any]()

    def send_email(self, **asked: Any) -> dict[str, str]:
        self.asked = asked
        if self.refuses:
            raise refusal(self.refuses, "SendEmail", self.says)
        return {"MessageId": "m-1"}

    publish = send_email


def test_a_test_message_is_sent_as_deliver_sends() -> None:
    provider = Provider()
    assert send_test.send(provider, provider, SETTINGS, "x@y.example").message_id == "m-1"
    assert provider.asked["ConfigurationSetName"] == "set"
    assert send_test.send(provider, provider, SETTINGS, "+12065550100").provider == "SNS"
    attributes = provider.asked["MessageAttributes"]
    assert {name: value["StringValue"] for name, value in attributes.items()} == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.MaxPrice": "0.20",
        "AWS.SNS.SMS.SenderID": "PEOPLE",
    }


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("x@y.example", "SES refused it: Email address is not verified. Run `doctor`"),
        ("+12065550100", "SNS refused it: Email address is not verified"),
        ("+123", "No SMS can go to that number"),
        ("+447400123456", "The stack sends no SMS to GB"),
        ("ada", "Give --to an email address"),
    ],
)
def test_a_test_message_that_nobody_takes(to: str, words: str) -> None:
    provider = Provider("MessageRejected", "Email address is not verified.")
    with pytest.raises(AdminError, match=words.replace("+", r"\+")):
        send_test.send(provider, provider, SETTINGS, to)
