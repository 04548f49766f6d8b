"""`deliver` and SQS: the records that return to the queue, and a bad record among good ones."""

import json
from typing import Any

import pytest

import deliver
from passcode.adapters.kms import KmsMac
from passcode.cognito_messages.message import CognitoMessage, read_message
from passcode.delivery.dispatcher import ATTEMPT_SECONDS
from passcode.delivery.envelope import ChangeNotice, Delivery
from tests.support.deliver_handler import COGNITO_QUEUE, DeliverHandler, body, golden_batch, golden_event
from tests.support.events import EMAIL, NOW, PHONE, FixedClock, challenge, code_of, golden
from tests.support.handlers import HandlerOutput

BY_EMAIL = ("email", EMAIL)
GOOD = json.loads(body(("email", EMAIL)))
GARBAGE = [
    "",
    "not json",
    "null",
    "[]",
    "{}",
    "7",
    '"' + "x" * 2**18 + '"',
    json.dumps(GOOD | {"later": "x" * 2**16}),
    *(
        json.dumps(GOOD | changes)
        for changes in (
            {"v": 2},
            {"v": "1"},
            {"v": None},
            {"kind": "letter"},
            {"to": None},
            {"to": [{"channel": "pigeon", "address": EMAIL}]},
            {"to": [{"channel": "email"}]},
            {"to": [EMAIL]},
            {"challenge": "[]"},
            {"challenge": None},
            {"challenge": GOOD["challenge"].replace("nonce", "other")},
            {"challenge": GOOD["challenge"].replace('"digits":8,', "")},
            {"challenge": GOOD["challenge"].replace('"decoy":0', '"decoy":2')},
            {"to": [{"channel": "email", "address": EMAIL.upper()}]},
            {"kind": "cognito"},
        )
    ),
    *(
        json.dumps({k: v for k, v in GOOD.items() if k != missing})
        for missing in ("v", "kind", "to", "challenge")
    ),
]


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


def test_deliver_reads_the_golden_event(handler: DeliverHandler) -> None:
    deliveries: list[Delivery | ChangeNotice | CognitoMessage] = []
    response = deliver.process_batch(
        golden_event(),
        lambda message, _: deliveries.append(message),
        handler.queues,
        handler.telemetry,
        COGNITO_QUEUE,
    )
    assert response == {"batchItemFailures": []}
    (delivery,) = deliveries
    assert isinstance(delivery, Delivery)
    assert delivery.challenge == challenge()
    assert [d.value for d in delivery.destinations] == [EMAIL, PHONE]


def test_a_delivery_is_unchanged_after_the_queue() -> None:
    packed = body(BY_EMAIL, ("sms", PHONE))
    assert json.loads(Delivery.unpack(packed).pack()) == json.loads(packed)


def test_the_repr_of_a_delivery_contains_no_address() -> None:
    shown = repr(Delivery.unpack(body(BY_EMAIL, ("sms", PHONE))))
    assert EMAIL not in shown
    assert PHONE not in shown


@pytest.mark.parametrize("bad", GARBAGE, ids=lambda bad: bad[:24])
def test_a_bad_record_is_a_dead_letter_and_the_others_of_its_batch_are_sent(
    handler: DeliverHandler, output: HandlerOutput, bad: str
) -> None:
    assert handler.deliver(body(BY_EMAIL), bad, body(BY_EMAIL)) == []
    assert len(handler.ses.calls) == 2
    assert handler.dead_letters == [bad]
    (line,) = (line for line in output.lines if line["message"] != "sent")
    assert (line["message"], line["why"]) == ("not sent", "the body is not from this stack")
    assert output.counted("errors") == [{}]
    assert "correlation_id" not in line, "the line belongs to no challenge, and not to the previous one"
    assert EMAIL not in output.text


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        (f"arn:aws:sqs:eu-central-1:123456789012:{COGNITO_QUEUE}", 1),
        ("arn:aws:sqs:eu-central-1:123456789012:email.fifo", 0),
        ("arn:aws:sqs:eu-central-1:123456789012:", 0),
        ("", 0),
    ],
)
def test_a_message_of_cognito_is_sent_from_its_own_queue_only(
    handler: DeliverHandler, output: HandlerOutput, source: str, sent: int
) -> None:
    """Its policy lets only `custom_sender` write there, because the message has the address for the code."""
    message = read_message(golden("custom_email_forgot_password"), handler.now)
    event = golden_batch(message.pack())
    event["Records"][0]["eventSourceARN"] = source
    response = deliver.process_batch(event, handler._one, handler.queues, handler.telemetry, COGNITO_QUEUE)
    assert response == {"batchItemFailures": []}
    assert len(handler.ses.calls) == sent
    assert handler.dead_letters == [message.pack()] * (1 - sent)
    assert output.counted("errors") == [{}] * (1 - sent)


@pytest.mark.parametrize("record", [{"messageId": "7"}, {"messageId": "7", "body": None}])
def test_a_record_without_a_body_returns_to_the_queue(
    handler: DeliverHandler, record: dict[str, Any]
) -> None:
    response = deliver.process_batch(
        {"Records": [record]}, lambda *_: None, handler.queues, handler.telemetry, COGNITO_QUEUE
    )
    assert response == {"batchItemFailures": [{"itemIdentifier": "7"}]}


@pytest.mark.parametrize("event", [{}, {"Records": []}])
def test_an_empty_batch_has_no_failures(handler: DeliverHandler, event: dict[str, Any]) -> None:
    assert deliver.process_batch(
        event, lambda *_: None, handler.queues, handler.telemetry, COGNITO_QUEUE
    ) == {"batchItemFailures": []}


def test_each_log_line_has_the_correlation_id_of_its_challenge(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    nonces = ["a" * 32, "b" * 32]
    handler.deliver(*(body(BY_EMAIL, nonce=nonce) for nonce in nonces))
    assert [line["correlation_id"] for line in output.lines] == nonces


def test_a_repeated_record_sends_the_same_code(handler: DeliverHandler) -> None:
    # SQS delivers at least once. A second message must not invalidate the code of the first one.
    for _ in range(2):
        handler.deliver(body(BY_EMAIL))
    first, second = handler.ses.sent("send_email")
    ids = [mail["Content"]["Simple"].pop("Headers")[-1]["Value"] for mail in (first, second)]
    assert len(set(ids)) == 2, "Gmail would show the two messages as one"
    assert first == second
    assert code_of(challenge()) in first["Content"]["Simple"]["Body"]["Text"]["Data"]


def test_a_late_message_says_the_remaining_minutes(handler: DeliverHandler) -> None:
    handler.now = NOW + 180
    handler.deliver(body(BY_EMAIL))
    (mail,) = handler.ses.sent("send_email")
    assert "It expires in 2\u00a0minutes" in mail["Content"]["Simple"]["Body"]["Text"]["Data"]


def test_the_handler_sends_a_record_in_time_and_an_expired_one_is_a_dead_letter(
    handler: DeliverHandler, output: HandlerOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "time", FixedClock(NOW + 299))
    monkeypatch.setattr(deliver, "_CODE_MAC", KmsMac(handler.keys, "key"))
    monkeypatch.setattr(deliver, "_DISPATCHER", handler.dispatcher)
    monkeypatch.setattr(deliver, "_QUEUES", handler.queues)
    expired = body(BY_EMAIL, expires_at=NOW + 299)
    assert deliver.handler(golden_batch(body(BY_EMAIL), expired), None) == {"batchItemFailures": []}
    assert len(handler.ses.calls) == 1
    assert handler.dead_letters == [expired]
    assert output.counted("sent") == [{"channel": "email"}]


class Context:
    """Lambda's context with so many milliseconds until the time-out."""

    def __init__(self, left: int) -> None:
        self.get_remaining_time_in_millis = lambda: left


@pytest.mark.parametrize(("left", "is_sent"), [(20_000, True), (12_300, True), (12_299, False)])
def test_the_handler_starts_no_attempt_that_the_time_out_could_cut_off(
    handler: DeliverHandler, monkeypatch: pytest.MonkeyPatch, left: int, is_sent: bool
) -> None:
    """If Lambda stopped the function during a send, a retry would send the message again."""
    monkeypatch.setattr(deliver, "time", FixedClock(NOW + 1))
    monkeypatch.setattr(deliver, "_CODE_MAC", KmsMac(handler.keys, "key"))
    monkeypatch.setattr(deliver, "_DISPATCHER", handler.dispatcher)
    monkeypatch.setattr(deliver, "_QUEUES", handler.queues)
    response = deliver.handler(golden_batch(body(BY_EMAIL)), Context(left))
    assert response == {"batchItemFailures": [] if is_sent else [{"itemIdentifier": "0"}]}
    assert len(handler.ses.calls) == int(is_sent)


def test_the_attempts_of_an_invocation_fit_into_its_time() -> None:
    """An attempt is two writes of a limit, each repeated once, the gateway, and the report to the queue."""

    def wait(client: Any) -> float:
        return float(client.meta.config.read_timeout)

    queue = wait(deliver._QUEUES.client)
    gateway = wait(deliver.GATEWAYS["ses"].client)  # type: ignore[attr-defined]
    assert gateway == wait(deliver.GATEWAYS["sns"].client) == 6.5  # type: ignore[attr-defined]
    # Half a second is for the pauses between attempts.
    assert gateway + 2 * 2 * wait(deliver._TABLE) + queue + 0.5 <= ATTEMPT_SECONDS
    time_out = 20
    assert time_out - gateway >= ATTEMPT_SECONDS, "after one gateway, there is time for the next"
