"""The real commands on an existing pool: doctor, attach, sign-ins, detach."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from passcode.channels.channel import Destination
from passcode.channels.email import EMAIL as EMAIL_CHANNEL
from passcode.confirmation.recipient import of_address
from passcode.token_service.policy import COOLDOWN_AFTER_SUCCESS
from tests.support.live_browser import App, Browser
from tests.support.live_sign_in import SignIn
from tests.support.loopback_server import serving
from tests.support.newer_cognito import NewerCognito
from tests.support.users import code_in
from tools.local_stack import inbox, process, stack
from tools.local_stack.clients import client
from tools.local_stack.deploy import DEFAULTS, STACK_NAME
from tools.local_stack.environment import ROOT
from tools.local_stack.stack import Stack
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.aws_resources.stack import CLAIMS, TRIGGERS, find_stack, update_code_only_clients
from tools.pool_admin.exit_codes import DECLINED, FAILED, WRONG_OPTIONS

pytestmark = pytest.mark.e2e

EMAIL, PASSWORD = "ada@people.example", "Correct horse battery 1!"
# The local AWS lacks three calls about SMS. Every pool with both kinds of app client has the other.
NOTES = {
    (
        "DescribeAccountAttributes",
        "GetSMSAttributes",
        "GetSMSSandboxAccountStatus",
    ): "AWS does not have these calls here.",
    ("app client kiosk",): "A code is enough to sign in, for every user of the pool.",
}


@dataclass(frozen=True)
class ExistingPool:
    """An existing pool with a user, and a stack that was deployed for it."""

    stack: Stack
    pool_id: str
    web: str
    kiosk: str
    robot: str
    state: Path

    def described(self) -> Any:
        """The pool and its app clients as AWS describes them, without times and attributes."""
        cognito = self.stack.client("cognito-idp")
        pool = cognito.describe_user_pool(UserPoolId=self.pool_id)["UserPool"]
        clients = [
            cognito.describe_user_pool_client(UserPoolId=self.pool_id, ClientId=name)["UserPoolClient"]
            for name in (self.web, self.kiosk, self.robot)
        ]
        left_out = ("LastModifiedDate", "SchemaAttributes", "EstimatedNumberOfUsers")
        return [{k: v for k, v in found.items() if k not in left_out} for found in (pool, *clients)]

    def run(self, *arguments: str, typed: str = "", code: int = 0, at: str = "") -> str:
        """The output and the errors of the command. `at` is an endpoint URL other than the local stack's."""
        endpoint = at or self.stack.endpoint_url
        done = subprocess.run(
            [sys.executable, "-m", "tools.pool_admin", *arguments, "--endpoint-url", endpoint],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PASSCODE_ADMIN_DIR": str(self.state), "HOME": str(self.state)},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        output = done.stdout + done.stderr
        assert "Traceback" not in output
        assert done.returncode == code, output
        return output

    def doctor(self, code: int) -> list[dict[str, Any]]:
        output = self.run("doctor", self.pool_id, "--stack", STACK_NAME, "--json", code=code)
        found: list[dict[str, Any]] = json.loads(output)["findings"]
        return found

    def attach(self, *more: str, typed: str = "", code: int = 0) -> str:
        client_options = ("--client", self.web, "--code-only-client", self.kiosk)
        return self.run(
            "attach", self.pool_id, "--stack", STACK_NAME, *client_options, *more, typed=typed, code=code
        )

    def code(self, count: int) -> str:
        process._wait_until(lambda: len(inbox.read(self.stack, EMAIL)) >= count, 15)
        return code_in(inbox.read(self.stack, EMAIL)[count - 1])


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExistingPool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("existing")))
        try:
            endpoint = process.start(process.free_port()).endpoint_url
            cognito = client(endpoint, "cognito-idp")
            pool_id = _pool(cognito)
            web, kiosk, robot = (_app_client(cognito, pool_id, name) for name in ("web", "kiosk", "robot"))
            # On AWS the old and the new SES API know the same senders.
            client(endpoint, "sesv2").create_email_identity(EmailIdentity=DEFAULTS["SenderEmail"])
            topic = client(endpoint, "sns").create_topic(Name="alarms")["TopicArn"]
            deployed = stack.up(
                parameters={
                    "UserPoolId": pool_id,
                    "CooldownSeconds": "5",
                    "AlarmTopicArn": topic,
                    "AssuranceClaims": "ID_TOKEN",
                }
            )
            yield ExistingPool(deployed, pool_id, web, kiosk, robot, tmp_path_factory.mktemp("admin"))
        finally:
            stack.down()


def _pool(cognito: Any) -> str:
    made = cognito.create_user_pool(
        PoolName="users of years",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
        Policies={"PasswordPolicy": {"MinimumLength": 9, "TemporaryPasswordValidityDays": 4}},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        AccountRecoverySetting={"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            "EmailMessage": "Take {####}",
        },
        SmsAuthenticationMessage="Take {####}",
        EmailConfiguration={
            "EmailSendingAccount": "COGNITO_DEFAULT",
            "ReplyToEmailAddress": "help@people.example",
        },
        LambdaConfig={"PreSignUp": "arn:aws:lambda:us-east-1:000000000000:function:theirs"},
        UserPoolTags={"team": "accounts"},
        DeletionProtection="ACTIVE",
        UserPoolTier="PLUS",
        UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
    )
    pool_id = str(made["UserPool"]["Id"])
    attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool_id, Username=EMAIL, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    cognito.admin_set_user_password(UserPoolId=pool_id, Username=EMAIL, Password=PASSWORD, Permanent=True)
    return pool_id


def _app_client(cognito: Any, pool_id: str, name: str) -> str:
    flows = {
        "web": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "kiosk": ["ALLOW_USER_PASSWORD_AUTH"],
    }
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName=name,
        ExplicitAuthFlows=flows.get(name, ["ALLOW_REFRESH_TOKEN_AUTH"]),
        RefreshTokenValidity=7,
        TokenValidityUnits={"RefreshToken": "days"},
        ReadAttributes=["email", "name"],
        WriteAttributes=["name"],
        CallbackURLs=["https://app.people.example"],
    )
    return str(made["UserPoolClient"]["ClientId"])


# About forty commands, each in its own process. They take minutes on a busy machine.
@pytest.mark.timeout(480)
def test_an_existing_pool_from_doctor_to_detach(existing: ExistingPool) -> None:
    before = existing.described()

    worst = [found for found in existing.doctor(code=20) if found["severity"] == "error"]
    about = [name for found in worst for name in found["about"]]
    assert {name.split()[2] for name in about if name.startswith("app client")} == {"web", "kiosk"}
    assert sum(name.startswith("trigger") for name in about) == 3

    output = existing.attach(typed="n\n", code=DECLINED)
    assert "ExplicitAuthFlows: ALLOW_USER_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH → ALLOW_CUSTOM_AUTH" in output
    assert existing.robot not in output
    assert output.rstrip().endswith("Nothing was changed.")
    assert json.loads(existing.attach("--json"))["applied"] is False
    assert existing.described() == before

    assert "Attached." in existing.attach(typed="y\n")
    assert "nothing to do" in existing.attach()
    _check_attached(existing, before)
    found = existing.doctor(code=0)
    assert {tuple(name.split(" (")[0] for name in f["about"]): f["what"] for f in found} == NOTES
    without_stack = existing.run("doctor", existing.pool_id)
    assert f"doctor {existing.pool_id} --stack {STACK_NAME}" in without_stack
    _check_deployed_back(existing)
    _check_sign_ins(existing)
    _check_token_service(existing, _check_users(existing))
    _check_hosted_sign_in(existing)

    assert "Detached." in existing.run("detach", existing.pool_id, typed="y\n")
    assert existing.described() == before
    assert "No backup of an attach" in existing.run("detach", existing.pool_id, code=3)


def _check_deployed_back(existing: ExistingPool) -> None:
    cloudformation = existing.stack.client("cloudformation")
    there = find_stack(cloudformation, STACK_NAME, existing.stack.region)
    functions = Functions(existing.stack.client("lambda"))
    update_code_only_clients(cloudformation, there, ())
    functions.wait_until_ready(there.triggers["DefineAuthChallenge"])
    assert any(
        "CodeOnlyClientIds does not have the value that attach set" in f["what"]
        for f in existing.doctor(code=20)
    )
    update_code_only_clients(cloudformation, there, (existing.kiosk,))
    functions.wait_until_ready(there.triggers["DefineAuthChallenge"])
    assert len(existing.doctor(code=0)) == len(NOTES)


def _check_attached(existing: ExistingPool, before: Any) -> None:
    pool, web, kiosk, robot = existing.described()
    was, *_clients, robot_was = before
    assert set(pool["LambdaConfig"]) == {*TRIGGERS, CLAIMS, "PreSignUp"}
    assert {k: v for k, v in pool.items() if k != "LambdaConfig"} == {
        k: v for k, v in was.items() if k != "LambdaConfig"
    }
    assert robot == robot_was
    for app in (web, kiosk):
        assert app["ExplicitAuthFlows"] == ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        assert (app["RefreshTokenValidity"], app["CallbackURLs"]) == (7, ["https://app.people.example"])


def _check_sign_ins(existing: ExistingPool) -> None:
    code_alone = SignIn(existing.stack, existing.kiosk).start(EMAIL)
    token = code_alone.answer(existing.code(1)).tokens["IdToken"]
    assert jwt.decode(token, options={"verify_signature": False})["otp_channel"] == "email"
    with_password = SignIn(existing.stack, existing.web).start_with_password(EMAIL, PASSWORD)
    assert with_password.answer("000000").parameters["status"] == "WRONG"
    assert with_password.answer(existing.code(2)).tokens["IdToken"]
    with pytest.raises(ClientError, match="NotAuthorized"):
        SignIn(existing.stack, existing.web).start(EMAIL)
    with pytest.raises(ClientError, match="USER_PASSWORD_AUTH flow not enabled"):
        existing.stack.client("cognito-idp").initiate_auth(
            ClientId=existing.kiosk,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": EMAIL, "PASSWORD": PASSWORD},
        )


def _check_hosted_sign_in(existing: ExistingPool) -> None:
    app, count = App(existing.stack), len(inbox.read(existing.stack, EMAIL))
    browser = Browser().open(app.url()).submit("start", user_name=EMAIL, password=PASSWORD)
    browser.submit("answer", code=existing.code(count + 1))
    claims = jwt.decode(app.tokens(browser)["id_token"], options={"verify_signature": False})
    by_sdk = SignIn(existing.stack, existing.kiosk).start(EMAIL).answer(existing.code(count + 2))
    decoded = jwt.decode(by_sdk.tokens["IdToken"], options={"verify_signature": False})
    assert (claims["sub"], claims["email"]) == (decoded["sub"], EMAIL)
    # attach has set the provider's AcrMapping.
    assert claims["acr"] == "urn:cognito:loa:3"
    assert len(existing.doctor(code=0)) == len(NOTES)


def _check_users(existing: ExistingPool) -> str:
    of_stack = ("--stack", STACK_NAME)
    # The last sign-in succeeded moments ago.
    time.sleep(COOLDOWN_AFTER_SUCCESS)
    guess = SignIn(existing.stack, existing.web).start_with_password(EMAIL, PASSWORD)
    guess.answer("000000")
    standing = json.loads(existing.run("status", EMAIL, *of_stack, "--json"))
    subject = str(standing["subject"])
    records = {record["kind"]: record for record in standing["records"]}
    assert set(records) == {"sign_in_password", "sign_in_code", "step_up"}
    with_password = records["sign_in_password"]
    assert (with_password["wrong_today"], with_password["wrong_in_a_row"]) == (2, 1)
    assert with_password["codes_issued"] == 2
    assert with_password["open_until"] > with_password["last_issued_at"] > 0
    assert records["sign_in_code"]["accepted_today"] == {"email": 1}
    said = existing.run("status", subject, "--table", existing.stack.table)
    assert "Wrong answers: 2 today, 1 in a row." in said
    assert existing.code(3) not in said
    # The owner still signs in, and a reset afterwards clears the records of both kinds.
    assert guess.answer(existing.code(3)).tokens["IdToken"]
    said = existing.run("reset", EMAIL, *of_stack, typed="n\n", code=DECLINED)
    assert "Clear the record sign_in_password: 2 codes, 2 wrong answers today, 0 in a row" in said
    assert "cleared the records of user" in existing.run("reset", EMAIL, *of_stack, typed="y\n")
    assert "Nothing to reset" in existing.run("reset", EMAIL, *of_stack)
    assert "No record: sign_in_password, sign_in_code" in existing.run("status", EMAIL, *of_stack)
    return subject


def _check_token_service(existing: ExistingPool, sub: str) -> None:
    of_stack = ("--stack", STACK_NAME)
    resource = existing.stack.client("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId="CodeKey"
    )
    salt = resource["StackResourceDetail"]["PhysicalResourceId"]
    address = of_address(Destination(EMAIL_CHANNEL, EMAIL), (EMAIL_CHANNEL,), "", salt).subject
    for kind, subject, more in (("token", address, ("--address",)), ("step_up", sub, ())):
        item = {"pk": {"S": f"{kind}#{subject}"}, "failures": {"N": "100"}}
        existing.stack.client("dynamodb").put_item(TableName=existing.stack.table, Item=item)
        said = existing.run("status", EMAIL, *more, *of_stack)
        assert "100 in a row" in said
        assert "The next code is long (20 digits)." in said
        assert f"{kind} (0 codes" in existing.run("reset", EMAIL, *more, "--yes", *of_stack)
        said = existing.run("status", subject, *more, "--table", existing.stack.table)
        assert "in a row" not in said


@pytest.mark.parametrize("to", ["tester@people.example", "+12065550100"])
def test_a_test_message_is_sent_without_a_code(existing: ExistingPool, to: str) -> None:
    taken = json.loads(existing.run("send-test", "--stack", STACK_NAME, "--to", to, "--json"))
    assert taken["message_id"]
    (message,) = inbox.read(existing.stack, to)
    assert "contains no code" in message.text
    assert not any(character.isdigit() for character in message.text)


def test_a_pool_with_settings_of_a_newer_cognito(existing: ExistingPool) -> None:
    """attach, doctor and detach complete, and the pool keeps its newer settings."""
    clients = ("--client", existing.web, "--code-only-client", existing.kiosk)
    attach = ("attach", existing.pool_id, "--stack", STACK_NAME, *clients, "--yes")
    with serving(NewerCognito(existing.stack.endpoint_url, invented=True)) as cognito:
        before = (existing.described(), dict(cognito.pool))

        output = existing.run(*attach, code=FAILED, at=cognito.endpoint_url)
        assert "does not know Invented, which AWS describes." in output
        assert "Install a newer release" in output
        assert "--accept Invented" in output
        assert (existing.described(), cognito.pool) == before

        accept = ("--accept", "Invented")
        attached = existing.run(*attach, *accept, at=cognito.endpoint_url)
        assert "Attached." in attached
        assert "AWS changed Invented of the pool" in attached
        reset = before[1] | {"Invented": {"Level": 1}}
        assert cognito.pool == reset
        doctor = ("doctor", existing.pool_id, "--stack", STACK_NAME, "--json")
        assert json.loads(existing.run(*doctor, code=0, at=cognito.endpoint_url))["findings"]

        detach = ("detach", existing.pool_id, "--yes")
        assert "--accept Invented" in existing.run(*detach, code=FAILED, at=cognito.endpoint_url)
        assert "Detached." in existing.run(*detach, *accept, at=cognito.endpoint_url)
        assert (existing.described(), cognito.pool) == (before[0], reset)


def test_documented_newer_settings_need_no_option(existing: ExistingPool) -> None:
    attach = ("attach", existing.pool_id, "--stack", STACK_NAME, "--client", existing.web, "--yes")
    with serving(NewerCognito(existing.stack.endpoint_url, invented=False)) as cognito:
        before = (existing.described(), dict(cognito.pool))
        assert "Attached." in existing.run(*attach, at=cognito.endpoint_url)
        assert "Detached." in existing.run("detach", existing.pool_id, "--yes", at=cognito.endpoint_url)
        assert (existing.described(), cognito.pool) == before


@pytest.mark.parametrize("form", ["cdk", "terraform", "cloudformation"])
def test_attach_prints_lines_for_the_tool_that_manages_the_pool(existing: ExistingPool, form: str) -> None:
    before = existing.described()
    output = existing.attach("--print", form)
    functions = find_stack(
        existing.stack.client("cloudformation"), STACK_NAME, existing.stack.region
    ).triggers
    assert all(arn in output for arn in functions.values())
    assert existing.web in output
    assert existing.described() == before


Arguments = Callable[[ExistingPool], tuple[str, ...]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            lambda e: ("attach", "eu-west-1_Elsewhere", "--stack", STACK_NAME, "--client", e.web),
            "no user pool eu-west-1",
        ),
        (lambda e: ("attach", e.pool_id, "--stack", "none", "--client", e.web), "There is no stack none"),
        (
            lambda e: ("attach", e.pool_id, "--stack", STACK_NAME, "--client", "none"),
            "has no app client none",
        ),
        (lambda e: ("doctor", e.pool_id, "--profile", "no-such-profile"), "no such AWS profile"),
        (
            lambda e: ("status", "unknown@people.example", "--stack", STACK_NAME),
            "no user with that sign-in name",
        ),
        (lambda e: ("status", EMAIL, "--table", "t"), "name the user by the sub"),
        (lambda e: ("reset", EMAIL, "--address", "--table", "t"), "32 hex digits"),
        (lambda e: ("reset", "ada", "--address", "--stack", STACK_NAME), "This is not an address"),
        (lambda e: ("send-test", "--stack", STACK_NAME, "--to", "ada"), "Give --to an email address"),
        (lambda e: ("send-test", "--stack", STACK_NAME, "--to", "+18765550100"), "sends no SMS to JM"),
        (lambda e: ("send-test", "--stack", STACK_NAME, "--to", "+12065550100", "--call"), "makes no calls"),
    ],
)
def test_bad_input_is_a_plain_sentence(existing: ExistingPool, arguments: Arguments, sentence: str) -> None:
    output = existing.run(*arguments(existing), code=3)
    assert sentence in output
    assert output.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (lambda e: ("doctor", "my-pool"), "is not the id of a user pool"),
        (lambda e: ("doctor", e.pool_id, "--region", "eu-west-1"), "Leave out --region eu-west-1"),
        (lambda e: ("reset", EMAIL), "Name the stack with --stack"),
    ],
)
def test_wrong_options_are_a_plain_sentence(
    existing: ExistingPool, arguments: Arguments, sentence: str
) -> None:
    output = existing.run(*arguments(existing), code=WRONG_OPTIONS)
    assert sentence in output
    assert output.count("\n") == 1


def test_a_pool_with_other_triggers_is_not_changed(existing: ExistingPool) -> None:
    cognito = existing.stack.client("cognito-idp")
    other_triggers = {"DefineAuthChallenge": "arn:aws:lambda:us-east-1:000000000000:function:theirs"}
    pool_id = cognito.create_user_pool(PoolName="other", LambdaConfig=other_triggers)["UserPool"]["Id"]
    web = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="web")["UserPoolClient"]["ClientId"]
    output = existing.run("attach", pool_id, "--stack", STACK_NAME, "--client", web, code=3)
    assert "was deployed for the pool" in output
    assert cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["LambdaConfig"] == other_triggers


def test_an_endpoint_without_a_server_is_an_error() -> None:
    nowhere = ("--endpoint-url", f"http://127.0.0.1:{process.free_port()}")
    done = subprocess.run(
        [sys.executable, "-m", "tools.pool_admin", "doctor", "eu-west-1_Abc", "--json", *nowhere],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert json.loads(done.stdout) == {"error": "AWS does not respond. Check the network and --endpoint-url."}
