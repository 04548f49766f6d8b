"""After a run with everything in it, read all that the system wrote and look for what must not be there."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from tests.support.live_sign_in import Conversation, code_only, password_and_code
from tests.support.live_token_api import Answer, Api, number
from tests.support.live_token_api import nobody as somebody
from tests.support.users import User, another_code, code_in
from tools.lambda_functions import SIGN_IN_FUNCTIONS
from tools.local_stack import inbox
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

GARBAGE = "this is not a delivery, and 123123 is no code of anybody"


@pytest.fixture(scope="module")
def nobody() -> str:
    return f"nobody-{time.time_ns()}@people.example"


@pytest.fixture
def conversations(
    local_stack: Stack,
    new_user: Callable[..., User],
    messages_to: Callable[..., list[Message]],
    nobody: str,
) -> tuple[list[User], list[Conversation]]:
    """Sign-ins that go well, that go wrong, that nobody is behind; and a delivery that cannot be read."""
    ada, bob = new_user(), new_user(channel="sms")
    with_password = password_and_code(local_stack, ada)
    code = code_in(messages_to(ada.email)[-1])
    with_password.answer("999999" if code != "999999" else "999998").answer("again", action="resend")
    with_password.answer(code)
    by_sms = code_only(local_stack).start(bob.email)
    by_sms.answer(code_in(messages_to(bob.phone)[-1]))
    replayed = code_only(local_stack).start(bob.email)
    replayed.answer(code_in(messages_to(bob.phone)[0]))
    unknown = code_only(local_stack).start(nobody).answer("000000")
    local_stack.client("sqs").send_message(QueueUrl=local_stack.queue_url, MessageBody=GARBAGE)
    throttled = Conversation(local_stack, local_stack.clients["code_only"])
    _owe(local_stack, bob)
    with pytest.raises(ClientError):
        throttled.start(bob.email)
    return [ada, bob], [with_password, by_sms, replayed, unknown, throttled]


def _owe(stack: Stack, user: User) -> None:
    stack.client("dynamodb").update_item(
        TableName=stack.table,
        Key={"pk": {"S": f"sign_in#{user.sub}"}},
        UpdateExpression="SET failures = :many, failed_at = :now",
        ExpressionAttributeValues={":many": {"N": "50"}, ":now": {"N": str(int(time.time()))}},
    )


PURPOSE = "sell the house in Elm Street"


@pytest.fixture
def token_run(
    local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]
) -> tuple[list[Answer], dict[str, list[str]]]:
    """The token service well used and ill used: its answers, and what must stand nowhere, by kind."""
    api, key, user = Api(local_stack), f"order-{time.time_ns()}", new_user()
    email, phone, wording = somebody(), number(), {"purpose": PURPOSE, "audience": "payments"}
    said = [
        api.post("/createToken", {field: to, **wording})
        for field, to in (("email", email), ("phone_number", phone))
    ]
    said += [api.post("/createToken", {"email": somebody()}, idempotency_key=key) for _ in range(2)]
    codes = [code_for(email), code_for(phone)]
    for created, code in zip(said[:2], codes, strict=True):
        answers = [api.verify(created, answer) for answer in (another_code(code), code, code, "no code")]
        shown = {"proof": answers[1].body["proof"], **wording}
        said += [*answers, *(api.post("/introspect", shown) for _ in range(2))]
    id_token = code_only(local_stack).start(user.email).answer(code_for(user.email)).tokens["IdToken"]
    stepped = api.as_user(id_token, "/step-up", wording)
    codes.append(code_for(user.email, 2))
    answer = {"token": stepped.body["token"], "verification_code": codes[-1]}
    said += [stepped, api.as_user(id_token, "/step-up/verify", answer)]
    said += [
        api.post("/verifyToken", answer),
        api.post("/verifyToken", {"token": id_token, "verification_code": codes[-1]}),
    ]
    tokens = {answer.body[name] for answer in said for name in ("token", "proof") if name in answer.body}
    addresses = [email, phone, user.email, user.phone]
    return said, {
        "code": codes,
        "token": [*tokens, id_token],
        "address": addresses,
        "wording": [PURPOSE, key],
    }


def everything_written(stack: Stack) -> dict[str, str]:
    """All that the system wrote, by where it stands: logs (the metrics among them), table, queues."""
    written = {f"log of {door}": "\n".join(lines) for door, lines in stack.logs().items()}
    written["table"] = json.dumps(stack.client("dynamodb").scan(TableName=stack.table)["Items"], default=repr)
    with urllib.request.urlopen(stack.endpoint_url + "/_ministack/sqs/messages", timeout=10) as answer:
        written["queues"] = answer.read().decode()
    return written


def test_the_run_left_nothing_secret_behind(
    local_stack: Stack, conversations: tuple[list[User], list[Conversation]], nobody: str
) -> None:
    users, said = conversations
    _until(lambda: "not sent" in "\n".join(local_stack.logs()["deliver"]))
    written = everything_written(local_stack)
    for door in SIGN_IN_FUNCTIONS[1:]:
        assert written[f"log of {door}"], "a log that was not read proves nothing"
    assert "CognitoPasscode" in written["log of verify_auth_challenge"], "the metrics are among the logs"
    assert users[0].sub in written["table"]
    assert GARBAGE in written["queues"], "the delivery that cannot be read waits for its next try"
    codes = {code_in(m) for user in users for m in _messages(local_stack, user)}
    answers = [answer for conversation in said for answer in conversation.said]
    given = [value for answer in answers for value in answer.get("AuthenticationResult", {}).values()]
    tokens = {value for value in given if isinstance(value, str) and len(value) > 100}
    assert len(codes) >= 2
    assert len(tokens) >= 4
    for place, text in written.items():
        for code in codes:
            assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", text), f"a code stands in the {place}"
        for secret in [user.password for user in users] + sorted(tokens):
            assert secret not in text, f"a password or token stands in the {place}"
        for address in [nobody, *(a for user in users for a in (user.email, user.phone))]:
            assert address not in text or place == "queues", f"an address stands in the {place}"


def test_the_token_service_left_nothing_secret_behind(
    local_stack: Stack, token_run: tuple[list[Answer], dict[str, list[str]]]
) -> None:
    said, secret = token_run
    assert [len(found) for found in secret.values()] == [3, 8, 4, 2]
    assert {answer.status for answer in said} == {200, 400, 409, 422}
    written = everything_written(local_stack)
    for told in ('"issued"', '"verified"', '"refused"', '"proofs"', "CognitoPasscode"):
        assert told in written["log of token_api"], "a log that was not read proves nothing"
    for kind in ("token#", "step_up#", "request#", "proof#"):
        assert kind in written["table"]
    # A message on its way has to hold its address and its wording.
    in_transit = {("address", "queues"), ("wording", "queues")}
    for place, text in written.items():
        for code in secret["code"]:
            assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", text), f"a code stands in the {place}"
        for kind in ("token", "address", "wording"):
            for each in secret[kind] if (kind, place) not in in_transit else []:
                assert each not in text, f"a {kind} stands in the {place}"
        for token in secret["token"]:
            assert token.rpartition(".")[2] not in text, f"the signature of a token stands in the {place}"


def test_no_answer_of_the_token_service_says_more_than_it_should(
    token_run: tuple[list[Answer], dict[str, list[str]]],
) -> None:
    said, secret = token_run
    for answer in said:
        shown = {name: value for name, value in answer.body.items() if name not in ("token", "proof")}
        heard = json.dumps(shown) + json.dumps(answer.headers)
        for code in secret["code"]:
            assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", heard)
        assert not any(address in heard for address in secret["address"])
        for token in (answer.body.get(name, "") for name in ("token", "proof")):
            claims = jwt.decode(token, options={"verify_signature": False}) if token else {}
            assert not any(address in json.dumps(claims) for address in secret["address"])


def test_no_answer_to_the_app_says_more_than_it_should(
    local_stack: Stack, conversations: tuple[list[User], list[Conversation]]
) -> None:
    users, said = conversations
    codes = {code_in(m) for user in users for m in _messages(local_stack, user)}
    for conversation in said:
        for answer in conversation.said:
            shown = json.dumps(
                {k: v for k, v in answer.items() if k not in ("AuthenticationResult", "Session")}
            )
            for user in users:
                assert user.email not in shown
                assert user.phone not in shown
            assert not any(re.search(rf"\b{code}\b", shown) for code in codes)


def _messages(stack: Stack, user: User) -> list[Message]:
    return inbox.read(stack, user.email) + inbox.read(stack, user.phone)


def _until(condition: Callable[[], Any], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.1)
