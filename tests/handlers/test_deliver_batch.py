"""`deliver` and SQS: the records that return to the queue, and a bad record among good ones."""

import json
from typing import Any

import pytest

import deliver
from passcode.adapters.kms import KmsMac
from passcode.cognito_messages.message import CognitoMessage
from passcode.delivery.envelope import ChangeNotice, Delivery
from tests.support.deliver_handler import DeliverHandler, body, golden_batch, golden_event
from tests.support.events import EMAIL, NOW, PHONE, FixedClock, challenge, code_of
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
    assert deliver.process_batch(golden_event(), deliveries.append, handler.telemetry) == {
        "batchItemFailures": []
    }
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
def test_only_the_bad_record_of_a_batch_returns_to_the_queue(
    handler: DeliverHandler, output: HandlerOutput, bad: str
) -> None:
    assert handler.deliver(body(BY_EMAIL), bad, body(BY_EMAIL)) == ["1"]
    assert len(handler.ses.calls) == 2
    (line,) = (line for line in output.lines if line["level"] == "ERROR")
    assert (line["message"], line["why"]) == ("not sent", "")
    assert output.counted("errors") == [{}]
    assert "correlation_id" not in line, "the line belongs to no challenge, and not to the previous one"
    assert EMAIL not in output.text


@pytest.mark.parametrize("record", [{"messageId": "7"}, {"messageId": "7", "body": None}])
def test_a_record_without_a_body_returns_to_the_queue(
    handler: DeliverHandler, record: dict[str, Any]
) -> None:
    response = deliver.process_batch({"Records": [record]}, lambda _: None, handler.telemetry)
    assert response == {"batchItemFailures": [{"itemIdentifier": "7"}]}


@pytest.mark.parametrize("event", [{}, {"Records": []}])
def test_an_empty_batch_has_no_failures(handler: DeliverHandler, event: dict[str, Any]) -> None:
    assert deliver.process_batch(event, lambda _: None, handler.telemetry) == {"batchItemFailures": []}


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
    assert first == second
    assert code_of(challenge()) in first["Content"]["Simple"]["Body"]["Text"]["Data"]


def test_a_late_message_says_the_remaining_minutes(handler: DeliverHandler) -> None:
    handler.now = NOW + 180
    handler.deliver(body(BY_EMAIL))
    (mail,) = handler.ses.sent("send_email")
    assert "It expires in 2\u00a0minutes" in mail["Content"]["Simple"]["Body"]["Text"]["Data"]


def test_the_handler_sends_a_record_in_time_and_returns_an_expired_one(
    handler: DeliverHandler, output: HandlerOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "time", FixedClock(NOW + 299))
    monkeypatch.setattr(deliver, "_CODE_MAC", KmsMac(handler.keys, "key"))
    monkeypatch.setattr(deliver, "_DISPATCHER", handler.dispatcher)
    event = golden_batch(body(BY_EMAIL), body(BY_EMAIL, expires_at=NOW + 299))
    assert deliver.handler(event, None) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert len(handler.ses.calls) == 1
    assert output.counted("sent") == [{"channel": "email"}]
