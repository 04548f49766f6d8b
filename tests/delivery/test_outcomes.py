"""Each outcome of a gateway: attempts, the next destination, the queue, the dead letters, and the circuit."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from passcode.channels.channel import Channel, Destination, MessageContent
from passcode.channels.sms import SMS
from passcode.channels.voice import VOICE
from passcode.delivery.dispatcher import Circuit, Dispatcher, Receive, Undeliverable
from passcode.delivery.gateway import NotTaken, SendResult, Unknown
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.deliver_handler import DeliverHandler, body, refusing
from tests.support.events import EMAIL, NOW, PHONE, challenge
from tests.support.handlers import HandlerOutput
from tests.support.recording_gateway import RecordingGateway

BY_EMAIL, BY_SMS = ("email", EMAIL), ("sms", PHONE)
THROTTLED = refused_by_aws("ThrottlingException", status=400)
TIMED_OUT = ReadTimeoutError(endpoint_url=EMAIL)
FINAL = {"email": refused_by_aws("MessageRejected"), "sms": refused_by_aws("OptedOut")}
NOT_TAKEN = [
    THROTTLED,
    refused_by_aws("TooManyRequestsException", status=429),
    refused_by_aws("ServiceUnavailable", status=503),
    refused_by_aws("AccessDeniedException", status=403),
    refused_by_aws("LimitExceededException", status=400),
    EndpointConnectionError(endpoint_url=EMAIL),
]
UNKNOWN = [
    TIMED_OUT,
    refused_by_aws("InternalError", status=500),
    UnicodeDecodeError("utf-8", b"x", 0, 1, ""),
]
ALL = [*NOT_TAKEN, *UNKNOWN]
OPERATIONS = {"email": "send_email", "sms": "publish"}


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


def failing(channel: str, error: Exception, times: int = 10**6) -> RecordingClient:
    """The client of a gateway that fails so often with `error`, and then takes messages."""
    left = [error] * min(times, 1000)

    def respond(_call: dict[str, Any]) -> dict[str, str]:
        if left:
            raise left.pop()
        return {"MessageId": "1"}

    return RecordingClient({OPERATIONS[channel]: respond})


def fail(handler: DeliverHandler, channel: str, error: Exception, times: int = 10**6) -> None:
    """Let the gateway of a channel fail."""
    setattr(handler, {"email": "ses", "sms": "sns"}[channel], failing(channel, error, times))


def named(error: Exception) -> str:
    """The name of a case."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("error", NOT_TAKEN, ids=named)
def test_what_a_gateway_did_not_take_is_tried_three_times(
    handler: DeliverHandler, channel: str, error: Exception
) -> None:
    fail(handler, channel, error, times=2)
    to, other = (BY_EMAIL, BY_SMS) if channel == "email" else (BY_SMS, BY_EMAIL)
    assert handler.deliver(body(to, other, channel=channel)) == []
    calls = {"email": handler.ses.calls, "sms": handler.sns.calls}
    assert {name: len(found) for name, found in calls.items()} == {"email": 0, "sms": 0} | {channel: 3}
    assert handler.waits == [0.2, 0.6]


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("error", ALL, ids=named)
def test_while_a_channel_is_down_the_code_goes_to_the_other_one(
    handler: DeliverHandler, output: HandlerOutput, channel: str, error: Exception
) -> None:
    fail(handler, channel, error)
    to, other = (BY_EMAIL, BY_SMS) if channel == "email" else (BY_SMS, BY_EMAIL)
    assert handler.deliver(body(to, other, channel=channel)) == []
    assert [line["channel"] for line in output.counted("sent")] == [other[0]]
    calls = {"email": handler.ses.calls, "sms": handler.sns.calls}
    assert {name: len(found) for name, found in calls.items()} == {
        channel: 3 if error in NOT_TAKEN else 1,
        other[0]: 1,
    }
    assert handler.dead_letters == []
    reason = "unavailable" if error in NOT_TAKEN else "unknown"
    assert output.counted("send_failed") == [{"channel": channel, "reason": reason}]


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_final_answer_is_not_tried_again(handler: DeliverHandler, channel: str) -> None:
    fail(handler, channel, FINAL[channel])
    to, other = (BY_EMAIL, BY_SMS) if channel == "email" else (BY_SMS, BY_EMAIL)
    assert handler.deliver(body(to, other, channel=channel)) == []
    assert len(handler.ses.calls) == len(handler.sns.calls) == 1
    assert handler.waits == []


@pytest.mark.parametrize("error", UNKNOWN, ids=named)
def test_an_sms_that_may_have_been_sent_is_not_repeated(
    handler: DeliverHandler, output: HandlerOutput, error: Exception
) -> None:
    fail(handler, "sms", error)
    assert handler.deliver(body(BY_SMS, channel="sms")) == []
    assert len(handler.sns.calls) == 1
    assert handler.dead_letters == [body(BY_SMS, channel="sms")]
    assert output.counted("undelivered") == [{}]


def test_an_sms_that_may_have_been_sent_is_not_repeated_when_email_fails_too(handler: DeliverHandler) -> None:
    fail(handler, "sms", TIMED_OUT)
    fail(handler, "email", THROTTLED)
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert len(handler.sns.calls) == 1
    assert len(handler.dead_letters) == 1


def test_an_email_without_an_answer_goes_back_to_the_queue(handler: DeliverHandler) -> None:
    fail(handler, "email", TIMED_OUT)
    assert handler.deliver(body(BY_EMAIL)) == ["0"]
    assert len(handler.ses.calls) == 1
    assert handler.dead_letters == []


def test_an_email_without_an_answer_is_retried_if_no_sms_is_possible(handler: DeliverHandler) -> None:
    fail(handler, "email", TIMED_OUT)
    fail(handler, "sms", FINAL["sms"])
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == ["0"]


@pytest.mark.parametrize(("receives", "delay"), [(1, 5), (2, 10), (3, 20), (4, 20), (39, 20)])
def test_a_message_is_received_again_after_seconds(
    handler: DeliverHandler, receives: int, delay: int
) -> None:
    fail(handler, "email", THROTTLED)
    handler.receives = receives
    assert handler.deliver(body(BY_EMAIL)) == ["0"]
    (call,) = handler.sqs.sent("change_message_visibility")
    assert call["VisibilityTimeout"] == delay
    assert call["QueueUrl"].endswith("/passcode-deliveries")
    assert call["ReceiptHandle"].startswith("AQEB")


def test_a_message_is_a_dead_letter_before_sqs_deletes_it(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    fail(handler, "email", THROTTLED)
    handler.receives = 40
    assert handler.deliver(body(BY_EMAIL)) == []
    assert handler.dead_letters == [body(BY_EMAIL)]
    assert output.counted("undelivered") == [{}]


@pytest.mark.parametrize("operation", ["change_message_visibility", "send_message"])
def test_without_the_queue_the_message_returns_after_the_visibility_time_out(
    handler: DeliverHandler, operation: str
) -> None:
    fail(handler, "email", THROTTLED if operation == "change_message_visibility" else FINAL["email"])
    throttled: Any = {operation: refused_by_aws("RequestThrottled", status=400)}
    handler.sqs = RecordingClient(**throttled)
    assert handler.deliver(body(BY_EMAIL), body(BY_EMAIL)) == ["0", "1"]


def test_a_dead_letter_of_a_fifo_queue_keeps_its_ids(handler: DeliverHandler) -> None:
    attributes = {"MessageGroupId": "a-1", "MessageDeduplicationId": "a-2", "SequenceNumber": "3"}
    handler.queues.move_to_dead_letters({"body": "{}", "attributes": attributes})
    (call,) = handler.sqs.sent("send_message")
    assert call["QueueUrl"].endswith("/passcode-dead-letters")
    assert {name: call[name] for name in call if name != "QueueUrl"} == {
        "MessageBody": "{}",
        "MessageGroupId": "a-1",
        "MessageDeduplicationId": "a-2",
    }


@pytest.mark.parametrize("arn", ["", "arn:aws:sqs:eu-central-1:123456789012:another"])
def test_a_message_of_an_unknown_queue_is_not_delayed(handler: DeliverHandler, arn: str) -> None:
    with pytest.raises(Unavailable):
        handler.queues.delay({"eventSourceARN": arn, "receiptHandle": "x"}, 5)
    assert handler.sqs.calls == []


# Limits count what was taken.


def test_an_sms_that_was_not_taken_is_given_back_at_each_attempt(handler: DeliverHandler) -> None:
    fail(handler, "sms", THROTTLED)
    handler.deliver(body(BY_SMS, channel="sms"))
    values = [call["ExpressionAttributeValues"] for call in handler.table.sent("update_item")]
    assert len(values) == 12
    assert sum(":back" in each for each in values) == 3


def test_an_sms_without_an_answer_stays_counted(handler: DeliverHandler) -> None:
    fail(handler, "sms", TIMED_OUT)
    handler.deliver(body(BY_SMS, channel="sms"))
    assert len(handler.table.sent("update_item")) == 2


def test_a_failed_counter_is_not_a_failure_of_the_gateway(handler: DeliverHandler) -> None:
    handler.table = RecordingClient(update_item=refused_by_aws("ThrottlingException", status=400))
    for _ in range(3):
        assert handler.deliver(body(BY_SMS, channel="sms")) == ["0"]
    assert not handler.circuits["sns"].is_open(handler.now)


# A retry after the cooldown.


def record(sent_at: int) -> RecordingClient:
    """A table whose record has its newest message at `sent_at`."""
    return RecordingClient({"get_item": {"Item": {"sent_at": {"N": str(sent_at)}}}})


def test_the_first_receive_reads_nothing(handler: DeliverHandler) -> None:
    handler.delivery_table, handler.now = record(NOW + 40), NOW + 60
    assert handler.deliver(body(BY_EMAIL)) == []
    assert handler.delivery_table.calls == []
    assert len(handler.ses.calls) == 1


@pytest.mark.parametrize(
    ("now", "newest", "is_sent", "reads"),
    [(29, 29, True, 0), (30, 0, True, 1), (30, 30, False, 1), (299, 31, False, 1)],
)
def test_a_retry_after_the_cooldown_is_dropped_if_a_newer_message_was_sent(
    handler: DeliverHandler, output: HandlerOutput, now: int, newest: int, is_sent: bool, reads: int
) -> None:
    handler.delivery_table, handler.receives, handler.now = record(NOW + newest), 2, NOW + now
    assert handler.deliver(body(BY_EMAIL)) == []
    assert len(handler.ses.calls) == int(is_sent)
    assert output.counted("superseded") == ([] if is_sent else [{}])
    assert handler.dead_letters == []
    calls = handler.delivery_table.sent("get_item")
    assert [call["Key"]["pk"]["S"] for call in calls] == [f"sign_in_code#{challenge().subject}"] * reads
    assert not any(call.get("ConsistentRead") for call in calls)


def test_a_retry_without_a_record_is_sent(handler: DeliverHandler) -> None:
    handler.receives, handler.now = 2, NOW + 60
    assert handler.deliver(body(BY_EMAIL)) == []
    assert len(handler.ses.calls) == 1


def test_a_retry_waits_while_the_record_cannot_be_read(handler: DeliverHandler) -> None:
    handler.delivery_table = RecordingClient(get_item=refused_by_aws("ThrottlingException", status=400))
    handler.receives, handler.now = 2, NOW + 60
    assert handler.deliver(body(BY_EMAIL)) == ["0"]
    assert handler.ses.calls == []


# The circuit of a gateway.


def test_after_two_failures_in_a_row_the_other_destination_comes_first(handler: DeliverHandler) -> None:
    fail(handler, "email", TIMED_OUT)
    for _ in range(5):
        assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert len(handler.ses.calls) == 2
    assert len(handler.sns.calls) == 5
    handler.now += 30
    fail(handler, "email", TIMED_OUT, times=0)
    for _ in range(2):
        handler.deliver(body(BY_EMAIL, BY_SMS))
    assert len(handler.ses.calls) == 2, "the probe and the next one"


def test_a_failed_probe_opens_the_circuit_again(handler: DeliverHandler) -> None:
    fail(handler, "email", TIMED_OUT)
    for later in (0, 1, 2, 31, 32, 60, 61):
        handler.now = NOW + later
        handler.deliver(body(BY_EMAIL, BY_SMS))
    # At 0, 1, 31 and 61.
    assert len(handler.ses.calls) == 4


def test_two_failures_with_a_success_between_them_open_nothing(handler: DeliverHandler) -> None:
    for error in (TIMED_OUT, None, TIMED_OUT):
        fail(handler, "email", error or TIMED_OUT, times=1 if error else 0)
        handler.deliver(body(BY_EMAIL, BY_SMS))
    assert not handler.circuits["ses"].is_open(handler.now)


def test_with_an_open_circuit_a_user_without_another_destination_does_not_wait_for_the_probe(
    handler: DeliverHandler,
) -> None:
    fail(handler, "email", TIMED_OUT, times=2)
    assert [handler.deliver(body(BY_EMAIL)) for _ in range(3)] == [["0"], ["0"], []]


def test_a_destination_with_an_open_circuit_is_tried_after_the_others(handler: DeliverHandler) -> None:
    handler.circuits["ses"] = Circuit(failures=2, probe_at=NOW + 30)
    handler.table = refusing("sms_day#")
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == []
    assert (len(handler.ses.calls), len(handler.sns.calls)) == (1, 0)


def test_an_sms_in_place_of_email_stays_a_fallback_while_the_circuit_of_email_is_open(
    handler: DeliverHandler,
) -> None:
    """While email fails, codes by SMS must not use up the half of established numbers."""
    handler.circuits["ses"] = Circuit(failures=2, probe_at=NOW + 30)
    handler.table = RecordingClient({"update_item": {"Attributes": {"first_answered": {"N": "1"}}}})
    handler.deliver(body(BY_EMAIL, BY_SMS, purpose="sign_in_password"))
    of_day = handler.table.sent("update_item")[1]
    assert "half" in of_day["ExpressionAttributeNames"].values()


@pytest.mark.parametrize("final", [True, False])
def test_only_a_failure_that_is_not_of_one_message_opens_the_circuit(
    handler: DeliverHandler, final: bool
) -> None:
    fail(handler, "email", FINAL["email"] if final else THROTTLED)
    for _ in range(2):
        handler.deliver(body(BY_EMAIL, BY_SMS))
    assert handler.circuits["ses"].is_open(handler.now) is not final


# The time of the invocation.


def test_an_attempt_that_could_be_cut_off_is_not_started(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.seconds_left = 11.9
    assert handler.deliver(body(BY_EMAIL, BY_SMS)) == ["0"]
    assert handler.ses.calls == handler.sns.calls == []
    assert handler.delays == [5]
    assert not handler.circuits["ses"].is_open(handler.now)


def test_a_wait_between_attempts_counts(handler: DeliverHandler) -> None:
    fail(handler, "email", THROTTLED)
    handler.seconds_left = 12.3
    assert handler.deliver(body(BY_EMAIL)) == ["0"]
    assert len(handler.ses.calls) == 2


# Without a handler: two channels to one number.


@pytest.mark.parametrize(
    ("result", "number", "is_called"),
    [
        (Unknown("no answer"), PHONE, False),
        (Unknown("no answer"), "+12025550148", True),
        (NotTaken("opted out", final=True), PHONE, True),
    ],
)
def test_a_number_with_an_sms_that_may_have_been_sent_gets_no_call(
    output: HandlerOutput, result: SendResult, number: str, is_called: bool
) -> None:
    gateways = {"sms": RecordingGateway(SMS, result), "voice": RecordingGateway(VOICE)}
    dispatcher = Dispatcher(gateways, "Example", "app.example", lambda _: None)
    to = [Destination(SMS, PHONE), Destination(VOICE, number)]

    def send() -> Channel:
        return dispatcher.send(
            to,
            lambda _: MessageContent({"sms": "text", "lang": "en", "dir": "ltr"}, None, "Example"),
            Receive(NOW, 1, lambda: 20.0),
            output.telemetry,
            is_open_class=False,
        )

    if is_called:
        assert send() is VOICE
    else:
        with pytest.raises(Undeliverable):
            send()
    assert [outgoing.to for outgoing in gateways["voice"].sent] == ([number] if is_called else [])
