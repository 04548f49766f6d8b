"""A phone call counts as an SMS: the same counters, countries and outcomes."""

import re

import pytest

from passcode.channels.voice import VOICE
from passcode.delivery.gateway import NotTaken, SendResult, Unknown
from tests.support.deliver_handler import DeliverHandler, body, refusing
from tests.support.events import EMAIL, PHONE, challenge, code_of
from tests.support.handlers import HandlerOutput
from tests.support.recording_gateway import RecordingGateway

CODE = code_of(challenge(), "voice")
BY_CALL, BY_SMS, BY_EMAIL = ("voice", PHONE), ("sms", PHONE), ("email", EMAIL)


@pytest.fixture
def telephone() -> RecordingGateway:
    return RecordingGateway(VOICE)


@pytest.fixture
def handler(output: HandlerOutput, telephone: RecordingGateway) -> DeliverHandler:
    return DeliverHandler(output.telemetry, more_gateways={"telephone": telephone})


def counted(handler: DeliverHandler) -> list[str]:
    """The keys of the counters that were written."""
    return [call["Key"]["pk"]["S"] for call in handler.table.sent("update_item")]


def test_a_call_reads_the_code_of_an_sms(
    handler: DeliverHandler, telephone: RecordingGateway, output: HandlerOutput
) -> None:
    assert handler.deliver(body(BY_CALL, channel="voice")) == []
    (outgoing,) = telephone.sent
    assert outgoing.to == PHONE
    assert re.sub("<.*?>", "", outgoing.message.ssml).count(CODE) == 2
    assert code_of(challenge(), "sms") == CODE
    assert output.counted("sent") == [{"channel": "voice", "country": "US"}]
    assert CODE not in output.log
    assert PHONE not in output.log


def test_a_call_writes_the_counters_of_an_sms(output: HandlerOutput, telephone: RecordingGateway) -> None:
    written = []
    for to in (BY_CALL, BY_SMS):
        handler = DeliverHandler(output.telemetry, more_gateways={"telephone": telephone})
        assert handler.deliver(body(to, channel=to[0])) == []
        written.append(handler.table.sent("update_item"))
    assert written[0] == written[1]
    assert len(written[0]) == 2


def test_without_a_gateway_for_calls_the_code_goes_by_email(output: HandlerOutput) -> None:
    handler = DeliverHandler(output.telemetry)
    assert handler.deliver(body(BY_CALL, BY_EMAIL, channel="voice")) == []
    assert len(handler.ses.sent("send_email")) == 1
    assert output.counted("gateway_stopped") == [{"channel": "voice"}]
    assert output.counted("send_failed") == [{"channel": "voice", "reason": "no_gateway"}]


@pytest.mark.parametrize("refused", ["sms_to#", "sms_day#"])
def test_no_call_is_made_when_a_limit_of_sms_is_reached(
    handler: DeliverHandler, telephone: RecordingGateway, output: HandlerOutput, refused: str
) -> None:
    handler.table = refusing(refused)
    assert handler.deliver(body(BY_CALL, BY_EMAIL, channel="voice")) == []
    reason = {"sms_to#": "number_limit", "sms_day#": "budget"}[refused]
    assert output.counted("send_failed") == [{"channel": "voice", "reason": reason, "country": "US"}]
    assert telephone.sent == []
    assert len(handler.ses.calls) == 1


def test_no_call_goes_to_a_country_that_gets_no_sms(
    handler: DeliverHandler, telephone: RecordingGateway
) -> None:
    assert handler.deliver(body(("voice", "+4915112345678"), BY_EMAIL, channel="voice")) == []
    assert (telephone.sent, counted(handler)) == ([], [])


@pytest.mark.parametrize(
    ("result", "attempts"),
    [(NotTaken("opted_out", final=True), 1), (NotTaken("later", final=False), 3), (Unknown("no answer"), 1)],
    ids=["never", "later", "unknown"],
)
def test_a_call_that_is_not_made_is_replaced_by_an_email(
    handler: DeliverHandler, telephone: RecordingGateway, result: SendResult, attempts: int
) -> None:
    telephone.result = result
    assert handler.deliver(body(BY_CALL, BY_EMAIL, channel="voice")) == []
    assert (len(telephone.sent), len(handler.ses.calls)) == (attempts, 1)


def test_a_call_that_may_have_been_made_is_not_repeated(
    handler: DeliverHandler, telephone: RecordingGateway
) -> None:
    telephone.result = Unknown("no answer")
    message = body(BY_CALL, channel="voice")
    assert handler.deliver(message) == []
    assert handler.dead_letters == [message]


@pytest.mark.parametrize(
    ("locale", "language", "text"),
    [
        ("he", "en", "This is Example."),
        ("he,fr-CA", "fr", "Ici Example."),
        ("de-AT", "de", "Hier ist Example."),
    ],
)
def test_the_call_is_in_a_language_that_has_a_voice(
    handler: DeliverHandler, telephone: RecordingGateway, locale: str, language: str, text: str
) -> None:
    assert handler.deliver(body(BY_CALL, channel="voice", locale=locale)) == []
    (outgoing,) = telephone.sent
    assert outgoing.message.language == language
    assert text in outgoing.message.ssml
