"""Cognito's own messages through a deployed stack, with Cognito's encryption and Cognito's events.

The local AWS runs no custom senders, so the tests replace Cognito: they encrypt with the pool's key and call
the function that the pool's LambdaConfig names.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.cognito_encryption import CodeEncryptor
from tests.support.events import golden
from tests.support.users import code_in
from tools.local_stack import inbox, process, stack
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

EMAIL, PHONE = "ada@people.example", "+12025550147"
CODE, PASSWORD = "271828", "Aa1<>&\"'x"
Call = Callable[..., list[Message]]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("local")))
        try:
            yield stack.up(port=process.free_port(), parameters={"CustomSenders": "BOTH"})
        finally:
            stack.down()


@pytest.fixture(scope="module")
def config(deployed: Stack) -> dict[str, Any]:
    cognito = deployed.client("cognito-idp")
    pool = cognito.describe_user_pool(UserPoolId=deployed.user_pool_id)["UserPool"]
    found: dict[str, Any] = pool["LambdaConfig"]
    return found


@pytest.fixture
def call(deployed: Stack, config: dict[str, Any]) -> Call:
    """Sends an event as Cognito does, and waits for one more message to the address."""

    def made(name: str, secret: str | None, to: str = EMAIL, **changes: Any) -> list[Message]:
        event = golden(name) | {"userPoolId": deployed.user_pool_id} | changes
        encryptor = CodeEncryptor(deployed.client("kms"), config["KMSKeyID"], deployed.user_pool_id)
        event["request"]["code"] = encryptor.encrypt(secret) if secret else None
        sender = config["CustomSMSSender" if "sms" in name else "CustomEmailSender"]
        before = len(inbox.read(deployed, to))
        deployed.client("lambda").invoke(
            FunctionName=sender["LambdaArn"], InvocationType="Event", Payload=json.dumps(event)
        )
        end = time.monotonic() + 60
        while len(messages := inbox.read(deployed, to)) == before:
            assert time.monotonic() < end, "no message arrived"
            time.sleep(0.05)
        return messages

    return made


def test_the_pool_names_its_senders_and_key(deployed: Stack, config: dict[str, Any]) -> None:
    for name in ("CustomEmailSender", "CustomSMSSender"):
        assert config[name]["LambdaVersion"] == "V1_0"
        assert config[name]["LambdaArn"].endswith(f":{deployed.functions['custom_sender']}")
    assert config["KMSKeyID"] == deployed.outputs["CustomSenderKeyArn"]


def test_codes_and_passwords_are_only_in_the_messages(deployed: Stack, call: Call) -> None:
    assert code_in(call("custom_email_sign_up", CODE)[-1]) == CODE
    assert code_in(call("custom_sms_authentication", CODE, PHONE)[-1]) == CODE
    assert code_in(call("custom_email_source_to_come", CODE)[-1]) == CODE
    escaped = "Aa1&lt;&gt;&amp;&quot;&#39;x"
    invitation = call("custom_email_admin_create_user", escaped, userName="ada.l")[-1]
    assert PASSWORD in invitation.text
    assert "ada.l" in invitation.text

    logs = json.dumps(deployed.logs())
    assert not [word for word in (CODE, PASSWORD, "Aa1", EMAIL, PHONE, "AYAD") if word in logs]
    assert logs.count("CustomEmailSender_SignUp") >= 2, "one line for the queue and one for the message"
    assert "unknown_source" in logs


def test_a_notice_goes_to_the_address_of_its_user(deployed: Stack, call: Call) -> None:
    attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    made = deployed.client("cognito-idp").admin_create_user(
        UserPoolId=deployed.user_pool_id, Username=EMAIL, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    notice = call("custom_email_account_take_over", None, userName=made["User"]["Username"])[-1]
    assert "change your password" in notice.text
    assert "evil" not in notice.text
