"""`deliver` and SQS: what comes back to the queue, and what a bad record does to the others."""

import json
from typing import Any

import pytest

import deliver
from passcode.adapters.kms import KmsMac
from passcode.cognito_messages.message import CognitoMessage
from passcode.delivery.envelope import Delivery
from tests.support.deliver_world import Desk, body, golden_batch, golden_event
from tests.support.events import EMAIL, NOW, PHONE, Clock, challenge, code_of
from tests.support.handlers import Heard

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
            {"kind": "cognito"},
        )
    ),
    *(
        json.dumps({k: v for k, v in GOOD.items() if k != missing})
        for missing in ("v", "kind", "to", "challenge")
    ),
]


@pytest.fixture
def desk(heard: Heard) -> Desk:
    return Desk(heard.telemetry)


def test_the_golden_event_is_read(desk: Desk) -> None:
    deliveries: list[Delivery | CognitoMessage] = []
    assert deliver.process_batch(golden_event(), deliveries.append, desk.telemetry) == {
        "batchItemFailures": []
    }
    (delivery,) = deliveries
    assert isinstance(delivery, Delivery)
    assert delivery.challenge == challenge()
    assert [d.value for d in delivery.destinations] == [EMAIL, PHONE]


def test_a_delivery_comes_out_of_the_queue_as_it_went_in() -> None:
    packed = body(BY_EMAIL, ("sms", PHONE))
    assert json.loads(Delivery.unpack(packed).pack()) == json.loads(packed)


def test_a_delivery_shows_no_address_when_it_is_printed() -> None:
    shown = repr(Delivery.unpack(body(BY_EMAIL, ("sms", PHONE))))
    assert EMAIL not in shown
    assert PHONE not in shown


@pytest.mark.parametrize("bad", GARBAGE, ids=lambda bad: bad[:24])
def test_a_bad_record_among_others_comes_back_alone(desk: Desk, heard: Heard, bad: str) -> None:
    assert desk.deliver(body(BY_EMAIL), bad, body(BY_EMAIL)) == ["1"]
    assert len(desk.ses.calls) == 2
    (line,) = (line for line in heard.lines if line["level"] == "ERROR")
    assert (line["message"], line["why"]) == ("not sent", "")
    assert heard.counted("errors") == [{}]
    assert "correlation_id" not in line, "it belongs to no challenge, least of all to the one before"
    assert EMAIL not in heard.text


@pytest.mark.parametrize("record", [{"messageId": "7"}, {"messageId": "7", "body": None}])
def test_a_record_without_a_body_comes_back(desk: Desk, record: dict[str, Any]) -> None:
    answer = deliver.process_batch({"Records": [record]}, lambda _: None, desk.telemetry)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}


@pytest.mark.parametrize("event", [{}, {"Records": []}])
def test_an_empty_batch_is_no_work(desk: Desk, event: dict[str, Any]) -> None:
    assert deliver.process_batch(event, lambda _: None, desk.telemetry) == {"batchItemFailures": []}


def test_each_line_of_the_log_belongs_to_its_own_challenge(desk: Desk, heard: Heard) -> None:
    nonces = ["a" * 32, "b" * 32]
    desk.deliver(*(body(BY_EMAIL, nonce=nonce) for nonce in nonces))
    assert [line["correlation_id"] for line in heard.lines] == nonces


def test_the_same_record_twice_is_the_same_code(desk: Desk) -> None:
    # SQS delivers at least once; a second message must not make the first one's code a wrong one.
    for _ in range(2):
        desk.deliver(body(BY_EMAIL))
    first, second = desk.ses.sent("send_email")
    assert first == second
    assert code_of(challenge()) in first["Content"]["Simple"]["Body"]["Text"]["Data"]


def test_a_repeat_with_less_life_left_does_not_promise_the_whole(desk: Desk) -> None:
    desk.now = NOW + 180
    desk.deliver(body(BY_EMAIL))
    (mail,) = desk.ses.sent("send_email")
    assert "It expires in 2\u00a0minutes" in mail["Content"]["Simple"]["Body"]["Text"]["Data"]


def test_the_door_itself_sends_what_is_in_time_and_names_what_is_not(
    desk: Desk, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "time", Clock(NOW + 299))
    monkeypatch.setattr(deliver, "_CODE_MAC", KmsMac(desk.keys, "key"))
    monkeypatch.setattr(deliver, "_DISPATCHER", desk.dispatcher)
    event = golden_batch(body(BY_EMAIL), body(BY_EMAIL, expires_at=NOW + 299))
    assert deliver.handler(event, None) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert len(desk.ses.calls) == 1
    assert heard.counted("sent") == [{"channel": "email"}]
