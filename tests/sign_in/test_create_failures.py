"""`create` when something fails: throttles, foreign metadata, and a store or a queue that is unavailable."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

import create_auth_challenge
from passcode.adapters.record_table import RecordTable
from passcode.adapters.sqs import SqsQueue, SqsQueues
from passcode.adapters.telemetry import TriggerError
from passcode.delivery.envelope import Delivery
from passcode.delivery.notices import Notices
from passcode.sign_in.create import SignInCreator
from passcode.token_service.policy import Policy, day_of
from passcode.token_service.refusal import UNAVAILABLE_TEXT, RefusalTag, Refused, parse_tag
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import EMAIL, NOW, PHONE, SIGN_IN_KEY, attributes, challenge, code_of, entry, golden
from tests.support.handlers import HandlerOutput
from tests.support.memory_stores import MemoryStore
from tests.support.sign_in_handlers import LIMITS, Flow, SignInHandlers

PACKED = challenge().pack()
# All strings that would identify the user, and the texts of botocore.
PRIVATE = (EMAIL, "ada", PHONE, "123456", "ClientError", "An error occurred", "Traceback")

Create = Callable[..., dict[str, Any]]


@pytest.fixture
def clients() -> dict[str, RecordingClient]:
    return {"dynamodb": RecordingClient({"update_item": {"Attributes": {}}}), "sqs": RecordingClient()}


@pytest.fixture
def create(clients: dict[str, RecordingClient], monkeypatch: pytest.MonkeyPatch) -> Create:
    """The handler with its real adapters. Only the AWS clients are replaced."""

    def call(event: dict[str, Any]) -> dict[str, Any]:
        table = RecordTable(clients["dynamodb"], "passcode-table", Policy())
        put = SqsQueues(SqsQueue(clients["sqs"], "email"), SqsQueue(clients["sqs"], "phone")).put
        notices = Notices(put, create_auth_challenge._TELEMETRY)
        sign_in = SignInCreator(table, put, notices, Policy(), LIMITS)
        monkeypatch.setattr(create_auth_challenge, "_SIGN_IN", sign_in)
        response: dict[str, Any] = create_auth_challenge.handler(event, None)
        return response

    return call


def test_the_handler_makes_one_write_and_one_message(
    create: Create, clients: dict[str, RecordingClient]
) -> None:
    create(golden("create_first"))
    assert [name for name, _ in clients["dynamodb"].calls] == ["update_item"]
    (message,) = clients["sqs"].sent("send_message")
    body = message.pop("MessageBody")
    own_id = Delivery.unpack(body).id
    assert message == {"QueueUrl": "email", "MessageGroupId": own_id, "MessageDeduplicationId": own_id}
    assert set(json.loads(body)) == {"v", "kind", "challenge", "to", "locale", "sent_at"}


@pytest.mark.parametrize("down", ["dynamodb", "sqs"])
@pytest.mark.parametrize(
    "error",
    [
        refused_by_aws("InternalServerError"),
        refused_by_aws("ProvisionedThroughputExceededException"),
        refused_by_aws("AccessDeniedException"),
        EndpointConnectionError(endpoint_url=f"https://{EMAIL}"),
        ReadTimeoutError(endpoint_url=f"https://{EMAIL}"),
        RuntimeError(f"{EMAIL} 123456"),
    ],
)
def test_a_failed_dependency_becomes_the_unavailable_text(
    create: Create, clients: dict[str, RecordingClient], output: HandlerOutput, down: str, error: Exception
) -> None:
    clients[down] = RecordingClient(update_item=error, send_message=error)
    with pytest.raises(TriggerError) as shown:
        create(golden("create_first"))
    assert str(shown.value) == UNAVAILABLE_TEXT
    assert shown.value.__suppress_context__
    assert output.counted("errors") == [{}]
    (line,) = (line for line in output.lines if line["level"] == "ERROR")
    assert line["message"] == "failed"
    assert not [word for word in PRIVATE if word in output.text]
    assert clients["sqs"].calls == [] or down == "sqs"


FOREIGN = [
    None,
    7,
    ["0"],
    "",
    "0",
    f"answers=0;resends=0;resend_at={NOW};challenge={PACKED}",
    f"v=1;resends=0;resend_at={NOW};challenge={PACKED}",
    f"v=1;answers=0;resend_at={NOW};challenge={PACKED}",
    f"v=1;answers=0;resends=0;resend_at=soon;challenge={PACKED}",
    f"v=1;answers=0;resends=0;resend_at=-1;challenge={PACKED}",
    f"v=1;answers={'9' * 500};resends=0;resend_at={NOW};challenge={PACKED}",
    f"v=1;answers=0;resends=0;resend_at={NOW};challenge=not json",
    f"v=1;answers=0;resends=0;resend_at={NOW};challenge=[1,2,3]",
    f"v=1;answers=0;resends=0;resend_at={NOW};challenge={{}}",
    *(
        f"v=1;answers=0;resends=0;resend_at={NOW};challenge={PACKED.replace(right, wrong)}"
        for right, wrong in (
            ('"decoy":0', '"decoy":2'),
            ('"decoy":0', '"decoy":false'),
            ('"counter":1', '"counter":true'),
            ('"digits":8', '"digits":"8"'),
        )
    ),
    f"v=1;answers=0;resends=0;resend_at={NOW};challenge={'[' * 900}",
    f"v=1;answers=0;resends=0;resend_at={NOW};challenge=" + '"' + "x" * 2**20 + '"',
    *(
        f"v=1;answers=0;resends=0;resend_at={NOW};challenge={PACKED.replace(name, 'other')}"
        for name in ('"v"', '"subject"', '"nonce"', '"counter"', '"expires_at"', '"digits"', '"purpose"')
    ),
]


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("metadata", [{}, {"action": "resend"}])
def test_foreign_metadata_writes_and_sends_nothing(
    create: Create, clients: dict[str, RecordingClient], foreign: object, metadata: dict[str, str]
) -> None:
    session = [entry("CUSTOM_CHALLENGE", False, foreign)]
    with pytest.raises(TriggerError, match=r"\[passcode:unavailable\]$"):
        create(golden("create_first", session=session, clientMetadata=metadata))
    assert clients["dynamodb"].calls == clients["sqs"].calls == []


@pytest.mark.parametrize("broken", [{"session": 7}, {"userName": ["ada"], "session": 7.5}])
def test_a_malformed_event_becomes_the_unavailable_text(
    create: Create, output: HandlerOutput, broken: dict[str, object]
) -> None:
    with pytest.raises(TriggerError, match=r"\[passcode:unavailable\]$"):
        create(golden("create_first", **broken))
    assert [line["error"] for line in output.lines] == ["TypeError"]
    assert not [word for word in PRIVATE if word in output.text]


def test_the_quota_refusal_names_the_wait() -> None:
    handlers = SignInHandlers()
    for _ in range(5):
        handlers.create(golden("create_first"))
        handlers.now += 31
    # The burst is five, and a message is free each 600 s. The open code was sent to another address.
    with pytest.raises(Refused) as refused:
        handlers.create(golden("create_first", userAttributes=attributes(email="new@people.example")))
    assert parse_tag(str(refused.value)) == RefusalTag("quota", 600 - 5 * 31)


def test_an_open_challenge_is_rejoined_when_the_quota_is_used_up() -> None:
    handlers = SignInHandlers(policy=Policy(send_burst=1), store=MemoryStore(Policy(send_burst=1)))
    handlers.create(golden("create_first"))
    handlers.now += 60
    shown = handlers.create(golden("create_first"))["publicChallengeParameters"]
    # The code lives until the next message is allowed.
    assert (shown["status"], shown["resendIn"], shown["expiresIn"]) == ("WAITING", "540", "540")
    assert len(handlers.queued) == 1


def test_after_an_accepted_code_the_cooldown_is_five_seconds() -> None:
    flow = Flow(SignInHandlers())
    flow.start()
    assert flow.answer(code_of(flow.challenge)) == "tokens"
    with pytest.raises(Refused) as refused:
        Flow(flow.handlers).start()
    assert parse_tag(str(refused.value)) == RefusalTag("cooldown", 5)
    flow.handlers.now += 5
    assert Flow(flow.handlers).start() == "CUSTOM_CHALLENGE"
    assert len(flow.handlers.queued) == 2


def test_a_user_who_has_signed_in_very_often_on_one_day_waits_for_the_next_day() -> None:
    handlers = SignInHandlers()
    handlers.create(golden("create_first"))
    record = handlers.store.records[SIGN_IN_KEY]
    used_up = record._replace(
        spent=1, spent_at=NOW, accepted={("email", day_of(NOW)): 100, ("sms", day_of(NOW)): 20}
    )
    handlers.store.records[SIGN_IN_KEY] = used_up
    handlers.now += 31
    with pytest.raises(Refused) as refused:
        handlers.create(golden("create_first"))
    assert parse_tag(str(refused.value)) == RefusalTag("quota", 86_400 - 31)


def test_at_the_cap_of_one_channel_the_code_goes_to_the_other() -> None:
    handlers = SignInHandlers()
    handlers.create(golden("create_first"))
    record = handlers.store.records[SIGN_IN_KEY]
    used_up = record._replace(spent=1, spent_at=NOW, accepted={("email", day_of(NOW)): 100})
    handlers.store.records[SIGN_IN_KEY] = used_up
    handlers.now += 31
    assert handlers.create(golden("create_first"))["publicChallengeParameters"]["status"] == "SENT"
    assert handlers.store.records[SIGN_IN_KEY].channel == "sms"


def test_a_throttle_reaches_the_caller_with_its_text_and_is_counted(
    create: Create, clients: dict[str, RecordingClient], output: HandlerOutput
) -> None:
    used_up = {"issued": 5, "spent": 0, "expires_at": NOW, "sent_at": NOW, "send_tat": 2**40, "failures": 0}
    error = refused_by_aws("ConditionalCheckFailedException")
    error.response["Item"] = {k: {"N": str(v)} for k, v in used_up.items()}  # type: ignore[typeddict-unknown-key]
    clients["dynamodb"] = RecordingClient(update_item=error)
    with pytest.raises(
        TriggerError,
        match=r"^Too many codes were requested. Try again in [0-9]+ hours. \[passcode:quota:[0-9]+\]$",
    ):
        create(golden("create_first"))
    assert output.counted("throttled") == [{"reason": "quota"}]
    assert clients["sqs"].calls == []
