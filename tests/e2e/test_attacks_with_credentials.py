"""Attacks with a credential on the local stack: that of a role, a principal or a session, or the logs."""

import json
import re
from secrets import token_hex
from typing import Any

import boto3
import pytest

from passcode.channels.channel import Destination
from passcode.channels.email import EMAIL
from passcode.delivery.envelope import CODE, pack_body
from passcode.token_service.challenge import SIGN_IN_CODE, TOKEN, Challenge, purpose_of
from tests.support.live_attacks import (
    Role,
    TimedStack,
    newest_code_of,
    settings,
    start,
    wait_until,
)
from tests.support.live_sign_in import code_only
from tests.support.live_token_api import number, unused_address
from tests.support.live_users import add_user, messages_to, newest_code
from tests.support.users import another_code, code_in
from tools.lambda_functions import SIGN_IN_FUNCTIONS
from tools.local_stack import inbox
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e


def body(attacked: TimedStack, challenge: Challenge, address: str) -> str:
    """A body for the queue with `challenge` and an address of the attacker."""
    fields = {"challenge": challenge.pack(), "locale": "en", "sent_at": attacked.now()}
    return pack_body(CODE, fields, (Destination(EMAIL, address),))


def to_queue(stack: Stack, text: str) -> dict[str, str]:
    """The arguments of a SendMessage to the queue of emails."""
    # The queue drops a message with an id that it had.
    own_id = token_hex(8)
    ids = {"MessageGroupId": own_id, "MessageDeduplicationId": own_id}
    return {"QueueUrl": stack.queues["email"], "MessageBody": text} | ids


def test_the_role_of_create_gets_no_code(product: TimedStack) -> None:
    """Queue the challenge of a user with another address, with the role of `create` alone.

    With one code for all destinations, the code that arrives is accepted.
    """
    stack, role = product.stack, Role(product.stack, "create_auth_challenge")
    victim, own_address = add_user(stack), unused_address()
    sign_in = start(stack, victim, with_password=False)
    item = role.call(
        "dynamodb",
        "update_item",
        TableName=stack.table,
        Key={"pk": {"S": f"sign_in_code#{victim.sub}"}},
        UpdateExpression="SET issued = issued",
        ReturnValues="ALL_NEW",
    )["Attributes"]
    challenge = Challenge(
        purpose=SIGN_IN_CODE,
        subject=victim.sub,
        nonce=item["nonce"]["S"],
        counter=int(item["issued"]["N"]),
        expires_at=int(item["expires_at"]["N"]),
        digits=int(item["digits"]["N"]),
        issued_at=int(item["issued_at"]["N"]),
        channel="email",
    )
    role.call("sqs", "send_message", **to_queue(stack, body(product, challenge, own_address)))
    assert not sign_in.answer(newest_code(stack, own_address)).tokens
    assert sign_in.answer(newest_code_of(stack, victim)).tokens, "the challenge was open"
    key = settings(stack, "deliver")["CODE_KEY_ID"]
    with pytest.raises(PermissionError, match="AccessDenied"):
        role.call("kms", "generate_mac", KeyId=key, MacAlgorithm="HMAC_SHA_256", Message="m")


TEXT = "You won. Call +12025550100"


def test_a_sender_to_the_queue_has_no_text_sent_but_a_checked_purpose(product: TimedStack) -> None:
    """Each text was sent while `deliver` checked neither the purpose nor the nonce."""
    stack, address = product.stack, unused_address()
    right = Challenge(
        purpose=purpose_of(TOKEN, "pay 20 EUR"),
        subject="0" * 32,
        counter=1,
        nonce="0" * 32,
        expires_at=product.now() + 300,
        digits=6,
    )
    texts = [
        body(product, Challenge(**{**right._asdict(), **changes}), address)
        for changes in (
            {"purpose": f"{SIGN_IN_CODE}:{TEXT}"},
            {"purpose": TEXT},
            {"purpose": purpose_of(TOKEN, f"{TEXT}. " * 30)},
            {"purpose": purpose_of(TOKEN, "evil.example/win")},
            {"purpose": purpose_of(TOKEN, f"pay\n{TEXT}")},
            {"nonce": TEXT},
            {"expires_at": product.now() + 86_400},
            {},
        )
    ]
    sqs, before = sender_to_the_queue(stack), logged_by_deliver(stack, "not sent")
    for text in texts:
        sqs.send_message(**to_queue(stack, text))
    (message,) = messages_to(stack, address)
    wait_until(lambda: logged_by_deliver(stack, "not sent") - before >= len(texts) - 1)
    assert inbox.read(stack, address) == [message]
    assert "Purpose: pay 20 EUR" in message.text
    assert TEXT not in message.subject + message.text


def logged_by_deliver(stack: Stack, event: str) -> int:
    """The number of lines of this event in the log of `deliver`."""
    return "".join(stack.logs()["deliver"]).count(f'"{event}"')


def sender_to_the_queue(stack: Stack) -> Any:
    """A client for SQS of a principal that may only send messages to the queues."""
    iam = stack.client("iam")
    iam.create_user(UserName="sender")
    right = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [right]})
    iam.put_user_policy(UserName="sender", PolicyName="send", PolicyDocument=policy)
    key = iam.create_access_key(UserName="sender")["AccessKey"]
    return boto3.client(
        "sqs",
        endpoint_url=stack.endpoint_url,
        region_name=stack.region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_changed_phone_number_is_reported_to_the_owner(product: TimedStack, channel: str) -> None:
    """With a stolen access token, the attacker makes their own phone a way to sign in.

    Without the notice, no message goes to the owner's mailbox.
    """
    stack, own_number = product.stack, number()
    owner = add_user(stack, channel=channel)
    sign_in = start(stack, owner, with_password=False)
    stolen = sign_in.answer(newest_code_of(stack, owner)).tokens["AccessToken"]
    before = len(inbox.read(stack, owner.email))
    change_phone(stack, stolen, own_number)
    product.pass_time(60)
    way_in = code_only(stack).start(owner.email)
    assert way_in.answer(newest_code(stack, own_number)).tokens, "the attack has an effect"
    *codes, notice = messages_to(stack, owner.email, before + 1)
    assert len(codes) == before
    assert "phone number" in notice.text
    assert own_number not in notice.text
    product.pass_time(60)
    again = code_only(stack).start(owner.email)
    assert again.answer(newest_code(stack, own_number, 2)).tokens
    assert inbox.read(stack, owner.email) == [*codes, notice], "one notice for one change"


def change_phone(stack: Stack, access_token: str, to: str) -> None:
    """Change the phone number of a user, and verify it by the code that Cognito sends to it."""
    cognito, name = stack.client("cognito-idp"), "phone_number"
    changes = {name: to, "custom:otp_channel": "sms"}
    attributes = [{"Name": each, "Value": value} for each, value in changes.items()]
    cognito.update_user_attributes(AccessToken=access_token, UserAttributes=attributes)
    cognito.get_user_attribute_verification_code(AccessToken=access_token, AttributeName=name)
    code = code_in(inbox.read(stack, to, with_emulator=True)[-1])
    cognito.verify_user_attribute(AccessToken=access_token, AttributeName=name, Code=code)


def test_the_root_logger_at_debug_logs_no_secret(product: TimedStack) -> None:
    """If its level applied to all libraries, the logs would have the code and the address."""
    stack, user = product.stack, add_user(product.stack)
    before = logged_by_deliver(stack, "sent")
    sign_in = start(stack, user, with_password=False)
    code = newest_code_of(stack, user)
    tokens = sign_in.answer(another_code(code)).answer(code).tokens
    wait_until(lambda: logged_by_deliver(stack, "sent") > before)
    logs = {name: "".join(lines) for name, lines in stack.logs().items()}
    at_debug = {name for name, text in logs.items() if "the root logger is at DEBUG" in text}
    assert at_debug >= {*SIGN_IN_FUNCTIONS, "deliver"}
    secrets = {
        "code": rf"(?<![0-9a-f]){code}(?![0-9a-f])",
        "answer": rf"(?<![0-9a-f]){another_code(code)}(?![0-9a-f])",
        "address": re.escape(user.email),
        "phone number": re.escape(user.phone),
        "token": re.escape(tokens["AccessToken"]),
    }
    found = {kind for kind, pattern in secrets.items() if re.search(pattern, "".join(logs.values()))}
    assert found == set()
