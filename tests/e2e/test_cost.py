"""The cost of a sign-in and of a token: the AWS calls of the handlers, counted as botocore sends them."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.support.api_gateway_events import event_of
from tests.support.events import entry
from tests.support.live_handlers import LiveHandlers, event, live_handler, live_handlers
from tests.support.live_token_api import Api, number, unused_address
from tests.support.users import code_in
from tools.local_stack import inbox
from tools.local_stack.stack import Stack


class Calls(Counter[str]):
    """Counts the operations of the watched clients. Keeps the messages to the queue and the writes."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[str] = []
        self.writes: list[dict[str, Any]] = []

    def watch(self, client: Any) -> None:
        def seen(model: Any, params: dict[str, Any], **_: Any) -> None:
            self[f"{client.meta.service_model.service_name}.{model.name}"] += 1
            if model.name == "SendMessage":
                self.bodies.append(json.loads(params["body"])["MessageBody"])
            if model.name == "UpdateItem":
                self.writes.append(json.loads(params["body"]))

        client.meta.events.register("before-call", seen)


@pytest.fixture
def counted(local_stack: Stack) -> tuple[LiveHandlers, Calls]:
    handlers, calls = live_handlers(local_stack), Calls()
    emails = handlers.deliver._DISPATCHER.gateways["ses"]
    # The first email of a container reads the count of the day. The next 24 do not.
    emails.budget.is_used_up(int(time.time()), is_open_class=False)
    for client in (
        handlers.create._TABLE,
        handlers.create._SQS,
        handlers.verify._TABLE,
        handlers.verify._CODE_MAC.client,
        handlers.deliver._CODE_MAC.client,
        emails.gateway.client,
        handlers.deliver._DISPATCHER.gateways["sns"].gateway.client,
        handlers.deliver._DISPATCHER.gateways["sns"].counters.client,
    ):
        calls.watch(client)
    return handlers, calls


PROVEN = [entry(name, True) for name in ("SRP_A", "PASSWORD_VERIFIER")]


def sign_in(
    handlers: LiveHandlers, calls: Calls, stack: Stack, channel: str, *, with_password: bool = False
) -> None:
    """Run one sign-in with the handlers of create, deliver and verify."""
    sub = str(uuid.uuid4())
    create_event = event("CreateAuthChallenge", sub, session=PROVEN if with_password else [])
    create_event["request"]["userAttributes"]["custom:otp_channel"] = channel
    handlers.create.handler(create_event, None)
    to = create_event["request"]["userAttributes"]["email" if channel == "email" else "phone_number"]
    before = len(inbox.read(stack, to))
    batch = {"Records": [{"messageId": "1", "body": body} for body in calls.bodies]}
    assert handlers.deliver.handler(batch, None) == {"batchItemFailures": []}
    message = inbox.read(stack, to)[before]
    answered = event(
        "VerifyAuthChallengeResponse",
        sub,
        privateChallengeParameters=create_event["response"]["privateChallengeParameters"],
        challengeAnswer=code_in(message),
    )
    assert handlers.verify.handler(answered, None)["response"] == {"answerCorrect": True}


def test_a_sign_in_by_email_costs_two_writes_and_one_message(
    local_stack: Stack, counted: tuple[LiveHandlers, Calls]
) -> None:
    handlers, calls = counted
    # The deployed functions read the same queue, so the message may be delivered twice here.
    sign_in(handlers, calls, local_stack, "email")
    assert calls == {
        "dynamodb.UpdateItem": 2,
        "kms.GenerateMac": 2,
        "sqs.SendMessage": 1,
        "sesv2.SendEmail": 1,
    }


@pytest.mark.parametrize("with_password", [False, True])
def test_a_first_sign_in_by_sms_adds_four_writes_for_the_number_and_the_day(
    local_stack: Stack, counted: tuple[LiveHandlers, Calls], with_password: bool
) -> None:
    """After a password, one read of both is added."""
    handlers, calls = counted
    sign_in(handlers, calls, local_stack, "sms", with_password=with_password)
    assert calls == ({"dynamodb.BatchGetItem": 1} if with_password else {}) | {
        "dynamodb.UpdateItem": 6,
        "kms.GenerateMac": 2,
        "sqs.SendMessage": 1,
        "sns.Publish": 1,
    }
    kinds = [w["Key"]["pk"]["S"].partition("#")[0] for w in calls.writes]
    assert (kinds.count("sms_to"), kinds.count("sms_day")) == (2, 2)


def test_each_write_costs_one_unit(local_stack: Stack, counted: tuple[LiveHandlers, Calls]) -> None:
    """AWS bills a write by the size of the item: one unit for each started KiB."""
    handlers, calls = counted
    sign_in(handlers, calls, local_stack, "email")
    for write in calls.writes:
        item = local_stack.client("dynamodb").get_item(TableName=local_stack.table, Key=write["Key"])["Item"]
        assert len(json.dumps(item)) < 1024


def test_a_malformed_answer_costs_no_call(local_stack: Stack, counted: tuple[LiveHandlers, Calls]) -> None:
    handlers, calls = counted
    sub = str(uuid.uuid4())
    created = handlers.create.handler(event("CreateAuthChallenge", sub, session=[]), None)
    calls.clear()
    entry = {
        "challengeName": "CUSTOM_CHALLENGE",
        "challengeResult": False,
        "challengeMetadata": created["response"]["challengeMetadata"],
    }
    private = created["response"]["privateChallengeParameters"]
    for answer, metadata in (("not a code", {}), ("again", {"action": "resend"})):
        verify_event = event(
            "VerifyAuthChallengeResponse",
            sub,
            privateChallengeParameters=private,
            challengeAnswer=answer,
            clientMetadata=metadata,
        )
        assert handlers.verify.handler(verify_event, None)["response"] == {"answerCorrect": False}
    again = handlers.create.handler(event("CreateAuthChallenge", sub, session=[entry]), None)
    assert again["response"]["publicChallengeParameters"]["status"] == "WRONG"
    assert calls == {}


@pytest.fixture
def token_api(local_stack: Stack) -> tuple[ModuleType, Calls]:
    module, calls = live_handler(local_stack, "token_api")[0], Calls()
    for client in (module._KMS, module._DYNAMODB, module._SQS):
        calls.watch(client)
    return module, calls


def ask(module: ModuleType, path: str, body: dict[str, str]) -> dict[str, Any]:
    """Send one request to the handler. Returns the body of its response, whose status must be 200."""
    response = module.handler(event_of("POST", path, body), None)
    assert response["statusCode"] == 200, response["body"]
    content: dict[str, Any] = json.loads(response["body"])
    return content


@pytest.mark.parametrize(
    ("field", "to", "counters"), [("email", unused_address, 0), ("phone_number", number, 2)]
)
def test_creating_a_token_costs_one_write_and_verifying_it_another(
    field: str,
    to: Callable[[], str],
    counters: int,
    local_stack: Stack,
    token_api: tuple[ModuleType, Calls],
    code_for: Callable[..., str],
) -> None:
    module, calls = token_api
    address = to()
    before = len(Api(local_stack).messages(address))
    token = ask(module, "/createToken", {field: address, "purpose": "pay 20 EUR"})["token"]
    assert calls == {"dynamodb.UpdateItem": 1, "kms.GenerateMac": 1, "sqs.SendMessage": 1}
    code = code_for(address, before + 1)
    calls.clear()
    proof = ask(module, "/verifyToken", {"token": token, "verification_code": code})["proof"]
    # An answered SMS changes the counters of its number and of the day. No record is read.
    writes = {"dynamodb.UpdateItem": 1 + counters}
    assert calls == writes | {"kms.GenerateMac": 2, "kms.Sign": 1}
    calls.clear()
    assert ask(module, "/introspect", {"proof": proof})["active"] is True
    assert calls == {"dynamodb.UpdateItem": 1, "kms.Verify": 1}
    for write in calls.writes:
        item = local_stack.client("dynamodb").get_item(TableName=local_stack.table, Key=write["Key"])["Item"]
        assert len(json.dumps(item)) < 1024, "a write costs one unit"


def test_a_refused_request_costs_no_call(token_api: tuple[ModuleType, Calls]) -> None:
    module, calls = token_api
    for path, body in (
        ("/createToken", {"email": "no address"}),
        ("/createToken", {}),
        ("/verifyToken", {"verification_code": "123456"}),
        ("/verifyToken", {"token": "a.b.c", "verification_code": "123456"}),
        ("/introspect", {"proof": "a.b.c"}),
    ):
        module.handler(event_of("POST", path, body), None)
    assert calls == {}
