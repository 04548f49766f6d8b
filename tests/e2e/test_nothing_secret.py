"""Logs, table, queues and responses contain no secret after right and wrong requests of all kinds."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from passcode.token_service.policy import COOLDOWN_AFTER_SUCCESS
from tests.support.live_sign_in import SignIn, code_only, password_and_code
from tests.support.live_token_api import Api, ApiResponse, number, record_of, unused_address
from tests.support.users import User, another_code, code_in
from tools.lambda_functions import SIGN_IN_FUNCTIONS
from tools.local_stack import inbox
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

GARBAGE = "this is not a delivery, and 123123 is not a code of any user"


@pytest.fixture(scope="module")
def unknown_address() -> str:
    return f"unknown-{time.time_ns()}@people.example"


@pytest.fixture
def sign_ins(
    local_stack: Stack,
    new_user: Callable[..., User],
    messages_to: Callable[..., list[Message]],
    unknown_address: str,
) -> tuple[list[User], list[SignIn]]:
    """Sign-ins that succeed, that fail, and that belong to an unknown user; and a malformed delivery."""
    ada, bob = new_user(), new_user(channel="sms")
    with_password = password_and_code(local_stack, ada)
    code = code_in(messages_to(ada.email)[-1])
    with_password.answer("999999" if code != "999999" else "999998").answer("again", action="resend")
    with_password.answer(code)
    by_sms = code_only(local_stack).start(bob.email)
    by_sms.answer(code_in(messages_to(bob.phone)[-1]))
    time.sleep(COOLDOWN_AFTER_SUCCESS)
    replayed = code_only(local_stack).start(bob.email)
    replayed.answer(code_in(messages_to(bob.phone)[0]))
    unknown = code_only(local_stack).start(unknown_address).answer("00000000")
    own = {"MessageGroupId": "garbage", "MessageDeduplicationId": "garbage"}
    local_stack.client("sqs").send_message(QueueUrl=local_stack.queues["email"], MessageBody=GARBAGE, **own)
    throttled = SignIn(local_stack, local_stack.clients["code_only"])
    _use_up_messages(local_stack, bob)
    with pytest.raises(ClientError):
        throttled.start(bob.email)
    return [ada, bob], [with_password, by_sms, replayed, unknown, throttled]


def _use_up_messages(stack: Stack, user: User) -> None:
    now = int(time.time())
    stack.client("dynamodb").update_item(
        TableName=stack.table,
        Key={"pk": {"S": f"sign_in_code#{user.sub}"}},
        UpdateExpression="SET send_tat = :debt, expires_at = :over, sent_at = :over",
        ExpressionAttributeValues={":debt": {"N": str(now + 3_000)}, ":over": {"N": str(now - 60)}},
    )


PURPOSE = "sell the house in Elm Street"


@pytest.fixture
def token_run(
    local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]
) -> tuple[list[ApiResponse], dict[str, list[str]]]:
    """Right and wrong requests to the token service: the responses, and the secret values by kind."""
    api, key, user = Api(local_stack), f"order-{time.time_ns()}", new_user()
    email, phone, wording = unused_address(), number(), {"purpose": PURPOSE, "audience": "payments"}
    responses = [
        api.post("/createToken", {field: to, **wording})
        for field, to in (("email", email), ("phone_number", phone))
    ]
    responses += [
        api.post("/createToken", {"email": unused_address()}, idempotency_key=key) for _ in range(2)
    ]
    codes = [code_for(email), code_for(phone)]
    for created, code in zip(responses[:2], codes, strict=True):
        answers = [api.verify(created, answer) for answer in (another_code(code), code)]
        api.end_repeats(record_of(created))
        answers += [api.verify(created, answer) for answer in (code, "no code")]
        shown = {"proof": answers[1].body["proof"], **wording}
        responses += [*answers, *(api.post("/introspect", shown) for _ in range(2))]
    id_token = code_only(local_stack).start(user.email).answer(code_for(user.email)).tokens["IdToken"]
    stepped = api.as_user(id_token, "/step-up", wording)
    codes.append(code_for(user.email, 2))
    answer = {"token": stepped.body["token"], "verification_code": codes[-1]}
    responses += [stepped, api.as_user(id_token, "/step-up/verify", answer)]
    responses += [
        api.post("/verifyToken", answer),
        api.post("/verifyToken", {"token": id_token, "verification_code": codes[-1]}),
    ]
    tokens = {
        response.body[name] for response in responses for name in ("token", "proof") if name in response.body
    }
    addresses = [email, phone, user.email, user.phone]
    return responses, {
        "code": codes,
        "token": [*tokens, id_token],
        "address": addresses,
        "wording": [PURPOSE, key],
    }


def everything_written(stack: Stack) -> dict[str, str]:
    """The content of the logs (with the metrics), the table and the queues, by the name of the place."""
    written = {f"log of {function}": "\n".join(lines) for function, lines in stack.logs().items()}
    written["table"] = json.dumps(stack.client("dynamodb").scan(TableName=stack.table)["Items"], default=repr)
    with urllib.request.urlopen(stack.endpoint_url + "/_ministack/sqs/messages", timeout=10) as response:
        written["queues"] = response.read().decode()
    return written


def test_sign_ins_leave_no_secret_in_logs_and_table_and_queues(
    local_stack: Stack, sign_ins: tuple[list[User], list[SignIn]], unknown_address: str
) -> None:
    users, attempts = sign_ins
    _wait_until(lambda: "not sent" in "\n".join(local_stack.logs()["deliver"]))
    written = everything_written(local_stack)
    for function in SIGN_IN_FUNCTIONS[1:]:
        assert written[f"log of {function}"], "an empty log proves nothing"
    assert "CognitoPasscode" in written["log of verify_auth_challenge"], "the logs include the metrics"
    assert users[0].sub in written["table"]
    assert GARBAGE in written["queues"], "the malformed delivery waits for its next attempt"
    codes = {code_in(m) for user in users for m in _messages(local_stack, user)}
    responses = [response for attempt in attempts for response in attempt.responses]
    secrets_given = [
        value for response in responses for value in response.get("AuthenticationResult", {}).values()
    ]
    tokens = {value for value in secrets_given if isinstance(value, str) and len(value) > 100}
    assert len(codes) >= 2
    assert len(tokens) >= 4
    for place, text in written.items():
        for code in codes:
            assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", text), f"a code is in the {place}"
        for secret in [user.password for user in users] + sorted(tokens):
            assert secret not in text, f"a password or token is in the {place}"
        for address in [unknown_address, *(a for user in users for a in (user.email, user.phone))]:
            assert address not in text or place == "queues", f"an address is in the {place}"


def test_the_token_service_leaves_no_secret_in_logs_and_table_and_queues(
    local_stack: Stack, token_run: tuple[list[ApiResponse], dict[str, list[str]]]
) -> None:
    responses, secret = token_run
    assert [len(found) for found in secret.values()] == [3, 8, 4, 2]
    assert {response.status for response in responses} == {200, 400, 409, 422}
    written = everything_written(local_stack)
    for entry in ('"issued"', '"verified"', '"refused"', '"proofs"', "CognitoPasscode"):
        assert entry in written["log of token_api"], "an empty log proves nothing"
    for kind in ("token#", "step_up#", "request#", "proof#"):
        assert kind in written["table"]
    # A queued delivery must contain its address and its purpose.
    in_transit = {("address", "queues"), ("wording", "queues")}
    for place, text in written.items():
        for code in secret["code"]:
            assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", text), f"a code is in the {place}"
        for kind in ("token", "address", "wording"):
            for each in secret[kind] if (kind, place) not in in_transit else []:
                assert each not in text, f"a {kind} is in the {place}"
        for token in secret["token"]:
            assert token.rpartition(".")[2] not in text, f"the signature of a token is in the {place}"


def test_no_response_of_the_token_service_contains_a_code_or_an_address(
    token_run: tuple[list[ApiResponse], dict[str, list[str]]],
) -> None:
    responses, secret = token_run
    for response in responses:
        shown = {name: value for name, value in response.body.items() if name not in ("token", "proof")}
        visible = json.dumps(shown) + json.dumps(response.headers)
        for code in secret["code"]:
            assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", visible)
        assert not any(address in visible for address in secret["address"])
        for token in (response.body.get(name, "") for name in ("token", "proof")):
            claims = jwt.decode(token, options={"verify_signature": False}) if token else {}
            assert not any(address in json.dumps(claims) for address in secret["address"])


def test_no_response_of_a_sign_in_contains_a_code_or_an_address(
    local_stack: Stack, sign_ins: tuple[list[User], list[SignIn]]
) -> None:
    users, attempts = sign_ins
    codes = {code_in(m) for user in users for m in _messages(local_stack, user)}
    for attempt in attempts:
        for response in attempt.responses:
            shown = json.dumps(
                {k: v for k, v in response.items() if k not in ("AuthenticationResult", "Session")}
            )
            for user in users:
                assert user.email not in shown
                assert user.phone not in shown
            assert not any(re.search(rf"\b{code}\b", shown) for code in codes)


def _messages(stack: Stack, user: User) -> list[Message]:
    return inbox.read(stack, user.email) + inbox.read(stack, user.phone)


def _wait_until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.1)
