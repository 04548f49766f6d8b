"""The gateway to the operator's function: the event, and the result of each answer and each error."""

import json
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from passcode.adapters import botocore_clients
from passcode.adapters.botocore_clients import OutOfTimeError
from passcode.adapters.function_gateway import FunctionGateway
from passcode.channels.channel import Channel, MailBrand, MessageContent
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS, TextMessage
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown
from passcode.texts.catalogue import message_texts
from passcode.token_service.challenge import Code
from tests.support import events
from tests.support.aws_stubs import RecordingClient, client, modelled, payload
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import NOW, PHONE
from tests.support.handlers import HandlerOutput
from tests.support.live_handlers import own_session

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:gateway"
CODE = "654321"
NO_REASON = "no valid reason"
# The errors of Lambda after which the function may have run, and those that a repeat does not change. All
# others mean that it did not run, and that it may later.
MAY_HAVE_RUN = {"ServiceException", "EFSIOException"}
FINAL = {
    "ResourceNotFoundException",
    "RequestTooLargeException",
    "SerializedRequestEntityTooLargeException",
}


def outgoing(to: str = PHONE, message: object = None) -> Outgoing[Any]:
    """The message of these tests."""
    return Outgoing(
        to,
        message or TextMessage(f"{CODE} is your code"),
        NOW,
        is_open_class=True,
        expires_at=NOW + 300,
        delivery_id="nonce-1767225600",
        language="de",
    )


def answered(answer: object, **response: Any) -> SendResult:
    """The result of a message for which the function gives this answer."""
    invoker = RecordingClient({"invoke": {"StatusCode": 200, "Payload": payload(answer)} | response})
    return FunctionGateway(invoker, ARN, SMS, "Example").send(outgoing())


def failed(error: Exception) -> SendResult:
    """The result of a message whose invocation fails."""
    return FunctionGateway(RecordingClient(invoke=error), ARN, SMS, "Example").send(outgoing())


def test_the_function_gets_the_documented_event() -> None:
    with Stubber(client("lambda")) as stub:
        stub.add_response(
            "invoke",
            {"StatusCode": 200, "Payload": payload({"result": "TAKEN"})},
            {
                "FunctionName": ARN,
                "InvocationType": "RequestResponse",
                "Payload": json.dumps(
                    {
                        "version": 1,
                        "delivery_id": "nonce-1767225600-sms",
                        "channel": "sms",
                        "to": PHONE,
                        "message": {"text": f"{CODE} is your code"},
                        "app": "Example",
                        "locale": "de",
                        "expires_at": NOW + 300,
                    }
                ).encode(),
            },
        )
        assert FunctionGateway(client("lambda"), ARN, SMS, "Example").send(outgoing()) == Taken()
        stub.assert_no_pending_responses()


PARTS = {"email": {"subject", "text", "html", "logo"}, "sms": {"text"}, "voice": {"ssml", "language"}}


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=str)
def test_the_event_has_these_parts_of_each_channels_message(channel: Channel) -> None:
    content = MessageContent(
        message_texts("en", "sign_in_code"), Code(CODE), "Example", minutes=5, mail=MailBrand(logo=b"\x89PNG")
    )
    (call,) = sent_by(channel, channel.render(content))
    message = json.loads(call["Payload"])["message"]
    assert set(message) == PARTS[channel.name]
    said = message.get("text") or re.sub(r"<[^>]*>", "", message["ssml"])
    assert CODE in said
    assert message.get("logo") in (None, b64encode(b"\x89PNG").decode())


def sent_by(channel: Channel, message: object) -> list[dict[str, Any]]:
    """The calls for one message on a channel."""
    invoker = RecordingClient()
    FunctionGateway(invoker, ARN, channel, "Example").send(outgoing(channel.example, message))
    return invoker.sent("invoke")


def test_a_message_that_does_not_expire_has_null() -> None:
    invoker = RecordingClient()
    notice = Outgoing(PHONE, TextMessage("changed"), NOW, is_open_class=True)
    FunctionGateway(invoker, ARN, SMS, "Example").send(notice)
    (call,) = invoker.sent("invoke")
    assert json.loads(call["Payload"])["expires_at"] is None


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"result": "TAKEN"}, Taken()),
        ({"result": "TAKEN", "final": True, "reason": "ignored"}, Taken()),
        (
            {"result": "NOT_TAKEN", "final": True, "reason": "twilio_21610"},
            NotTaken("gateway_refused", final=True, detail="twilio_21610"),
        ),
        ({"result": "NOT_TAKEN", "final": True}, NotTaken("gateway_refused", final=True, detail=NO_REASON)),
        (
            {"result": "NOT_TAKEN", "final": False, "reason": "busy"},
            NotTaken("the function answered NOT_TAKEN with busy", final=False),
        ),
        # Only `true` is final: a message must not be lost because of a typing error.
        (
            {"result": "NOT_TAKEN", "final": "false", "reason": "busy"},
            NotTaken("the function answered NOT_TAKEN with busy", final=False),
        ),
        ({"result": "NOT_TAKEN"}, NotTaken(f"the function answered NOT_TAKEN with {NO_REASON}", final=False)),
        ({"result": "UNKNOWN", "reason": "timeout"}, Unknown("the function answered UNKNOWN with timeout")),
    ],
)
def test_each_answer_has_its_result(answer: object, result: SendResult) -> None:
    assert answered(answer) == result


@pytest.mark.parametrize(
    "answer",
    [
        {"result": "taken"},
        {"result": ["TAKEN"]},
        {"result": None},
        {},
        [],
        "TAKEN",
        None,
        b"",
        b"TAKEN",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=lambda answer: repr(answer)[:20],
)
def test_an_answer_in_another_form_is_unknown(answer: object) -> None:
    assert answered(answer) == Unknown("the function gave no valid answer")


@pytest.mark.parametrize("kind", ["Handled", "Unhandled"])
@pytest.mark.parametrize("taken", [{}, {"result": "TAKEN"}])
def test_after_an_error_of_the_function_the_result_is_unknown(kind: str, taken: dict[str, str]) -> None:
    """The function may have called its provider before the error."""
    answer = taken | {"errorType": "Sandbox.Timedout", "errorMessage": f"{PHONE} {CODE}"}
    result = answered(answer, FunctionError=kind)
    assert result == Unknown("the function failed with Sandbox.Timedout")


@pytest.mark.parametrize("code", sorted(modelled("lambda", "Invoke") | {"AccessDeniedException"}))
def test_each_error_of_lambdas_model_has_its_result(code: str) -> None:
    shapes = client("lambda").meta.service_model.operation_model("Invoke").error_shapes
    of_shape = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in shapes}
    status = of_shape.get(code, 403)
    with Stubber(client("lambda")) as stub:
        stub.add_client_error("invoke", code, f"{PHONE} {CODE}", http_status_code=status)
        result = FunctionGateway(client("lambda"), ARN, SMS, "Example").send(outgoing())
    reason = f"Lambda answered {code}"
    if code in FINAL:
        is_account_wide = code == "ResourceNotFoundException"
        assert result == NotTaken(code, final=True, is_account_wide=is_account_wide)
    else:
        assert result == (Unknown(reason) if code in MAY_HAVE_RUN else NotTaken(reason, final=False))


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (
            EndpointConnectionError(endpoint_url=PHONE),
            NotTaken("Lambda failed with EndpointConnectionError", final=False),
        ),
        (
            ConnectTimeoutError(endpoint_url=PHONE),
            NotTaken("Lambda failed with ConnectTimeoutError", final=False),
        ),
        (OutOfTimeError(), NotTaken("Lambda failed with OutOfTimeError", final=False)),
        (ReadTimeoutError(endpoint_url=PHONE), Unknown("Lambda failed with ReadTimeoutError")),
        (TimeoutError(), Unknown("Lambda failed with TimeoutError")),
        (ValueError(CODE), Unknown("Lambda failed with ValueError")),
    ],
)
def test_each_failure_of_the_call_has_its_result(error: Exception, result: SendResult) -> None:
    assert failed(error) == result


def test_a_response_without_a_payload_is_unknown() -> None:
    invoker = RecordingClient({"invoke": {"StatusCode": 202}})
    result = FunctionGateway(invoker, ARN, SMS, "Example").send(outgoing())
    assert result == Unknown("Lambda failed with KeyError")


@pytest.mark.parametrize(
    "reason", ["busy", "twilio_21610", "smtp-550", "Sandbox.Timedout", "a" * 40, "0", "12345"]
)
def test_a_short_reason_is_kept(reason: str) -> None:
    assert answered({"result": "UNKNOWN", "reason": reason}) == Unknown(
        f"the function answered UNKNOWN with {reason}"
    )


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "a" * 41,
        CODE,
        f"code_{CODE}",
        "6-5-4-3-2-1",
        PHONE,
        "ada@people.example",
        "two words",
        "line\nbreak",
        "line\n",
        "\N{ARABIC-INDIC DIGIT SIX}",
        21610,
        ["busy"],
        {"code": CODE},
        None,
    ],
)
@pytest.mark.parametrize("result", ["NOT_TAKEN", "UNKNOWN"])
@pytest.mark.parametrize("final", [True, False])
def test_another_reason_is_not_logged(reason: object, result: str, final: bool) -> None:
    found = answered({"result": result, "final": final, "reason": reason})
    assert isinstance(found, NotTaken | Unknown)
    logged = found.detail if isinstance(found, NotTaken) and found.final else found.reason
    assert logged.endswith(NO_REASON)


@given(st.text(max_size=60), st.sampled_from(["NOT_TAKEN", "UNKNOWN"]), st.booleans())
def test_no_reason_brings_a_code_or_a_line_break_into_the_log(reason: str, result: str, final: bool) -> None:
    found = answered({"result": result, "final": final, "reason": reason + CODE})
    assert CODE not in repr(found)
    text = repr(answered({"result": result, "final": final, "reason": reason}))
    assert text.isascii()
    assert text.isprintable()


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8)) | st.binary(max_size=40))
def test_no_other_answer_counts_as_taken(answer: object) -> None:
    assert answered(answer) == Unknown("the function gave no valid answer")


# --- within deliver ----------------------------------------------------------------------------------


def handler_for(output: HandlerOutput, answer: object, channel: Channel = SMS) -> DeliverHandler:
    """`deliver` with the function as the gateway of a channel. The function always gives this answer."""
    invoker = RecordingClient({"invoke": lambda _call: {"Payload": payload(answer)}})
    gateway = FunctionGateway(invoker, ARN, channel, "Example")
    return DeliverHandler(output.telemetry, more_gateways={f"function_{channel.name}": gateway})


BY_SMS, BY_EMAIL = ("sms", PHONE), ("email", events.EMAIL)


def calls_of(handler: DeliverHandler) -> list[dict[str, Any]]:
    """The events of the function."""
    (gateway,) = handler.more_gateways.values()
    return [json.loads(call["Payload"]) for call in gateway.client.sent("invoke")]  # type: ignore[attr-defined]


def test_the_function_gets_the_code_in_the_users_language(output: HandlerOutput) -> None:
    handler = handler_for(output, {"result": "TAKEN"})
    challenge = events.challenge()
    assert handler.deliver(body(BY_SMS, channel="sms", locale="de-AT")) == []
    (event,) = calls_of(handler)
    assert events.code_of(challenge, "sms") in event["message"]["text"]
    assert (event["locale"], event["expires_at"]) == ("de", challenge.expires_at)
    assert event["delivery_id"].startswith(f"{challenge.nonce}-")
    assert handler.sns.calls == []
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]
    assert len(handler.table.sent("update_item")) == 2, "the SMS counts for the number and the day"


def test_a_repeat_has_the_same_delivery_id(output: HandlerOutput) -> None:
    handler = handler_for(output, {"result": "NOT_TAKEN", "reason": "busy"})
    handler.deliver(body(BY_SMS, channel="sms"))
    handler.deliver(body(BY_SMS, channel="sms"))
    found = calls_of(handler)
    assert len(found) == 6, "three attempts each"
    assert len({event["delivery_id"] for event in found}) == 1


def test_the_function_gets_no_message_for_a_country_that_is_not_allowed(output: HandlerOutput) -> None:
    handler = handler_for(output, {"result": "TAKEN"})
    assert handler.deliver(body(("sms", "+4915112345678"), BY_EMAIL, channel="sms")) == []
    assert calls_of(handler) == []
    assert len(handler.ses.calls) == 1


def test_the_function_gets_no_email_over_the_cap_of_the_day(output: HandlerOutput) -> None:
    handler = handler_for(output, {"result": "TAKEN"}, EMAIL)
    handler.emails, handler.emails_per_day = (100, 100), 100
    handler.__post_init__()
    handler.deliver(body(BY_EMAIL), body(BY_EMAIL))
    assert calls_of(handler) == []
    assert output.counted("send_failed")[-1] == {"channel": "email", "reason": "budget"}


@pytest.mark.parametrize(
    ("answer", "attempts", "reason", "why"),
    [
        ({"result": "NOT_TAKEN", "final": True, "reason": "21610"}, 1, "gateway_refused", "21610"),
        (
            {"result": "NOT_TAKEN", "final": False, "reason": "busy"},
            3,
            "unavailable",
            "the function answered NOT_TAKEN with busy",
        ),
        (
            {"result": "UNKNOWN", "reason": "timeout"},
            1,
            "unknown",
            "the function answered UNKNOWN with timeout",
        ),
    ],
    ids=["final", "not final", "unknown"],
)
def test_a_message_that_the_function_does_not_take_goes_to_the_next_destination(
    output: HandlerOutput, answer: dict[str, Any], attempts: int, reason: str, why: str
) -> None:
    handler = handler_for(output, answer)
    assert handler.deliver(body(BY_SMS, BY_EMAIL, channel="sms")) == []
    assert (len(calls_of(handler)), len(handler.ses.calls)) == (attempts, 1)
    (counted,) = output.counted("send_failed")
    assert counted["reason"] == reason, "the reason of the function is no dimension of a metric"
    (line,) = [line for line in output.lines if line["message"] == "not deliverable"]
    assert line["why"] == why


def test_no_code_and_no_address_of_an_answer_is_logged(output: HandlerOutput) -> None:
    code = events.code_of(events.challenge(), "sms")
    for result in ("NOT_TAKEN", "UNKNOWN", code):
        for final in (True, False):
            answer = {"result": result, "final": final, "reason": f"{code}", "to": PHONE}
            handler_for(output, answer).deliver(body(BY_SMS, channel="sms"))
    assert "not deliverable" in output.text
    assert code not in output.text
    assert PHONE not in output.text


# --- the client of deliver ---------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """The client of a slow answer closes its connection."""


class _Lambda(BaseHTTPRequestHandler):
    """Answers each invocation with the bytes of the server, slowly if it `is_slow`."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(server.content)))
        self.end_headers()
        size = 1 if server.is_slow else len(server.content)
        for start in range(0, len(server.content), size):
            self.wfile.write(server.content[start : start + size])
            self.wfile.flush()
            if server.is_slow and server.is_over.wait(0.1):
                return

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server(socket_enabled: None) -> Iterator[Any]:
    """A Lambda service on loopback that answers TAKEN."""
    server: Any = _Server(("127.0.0.1", 0), _Lambda)
    server.content, server.is_slow, server.paths = b'{"result": "TAKEN"}', False, []
    server.is_over = threading.Event()
    place = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with server, own_session(place):
        thread.start()
        yield server
        server.is_over.set()
        server.shutdown()
        thread.join(10)


def gateway(seconds: float = 5) -> FunctionGateway:
    """The gateway with the client of `deliver`, which waits for `seconds`."""
    return FunctionGateway(
        botocore_clients.client("lambda", attempts=1, read_timeout=seconds), ARN, SMS, "Example"
    )


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (b'{"result": "TAKEN"}', Taken()),
        (b'"TAKEN"', Unknown("the function gave no valid answer")),
        (b"null", Unknown("the function gave no valid answer")),
    ],
)
def test_the_client_of_deliver_reads_the_answer(server: Any, content: bytes, result: SendResult) -> None:
    server.content = content
    assert gateway().send(outgoing()) == result
    assert len(server.paths) == 1, "one attempt for each call"


def test_the_wait_for_the_answer_includes_its_body(server: Any) -> None:
    """The time-out of a socket is for each byte. Such an answer must not take all the time of `deliver`."""
    server.is_slow = True
    assert gateway(seconds=0.5).send(outgoing()) == Unknown("Lambda failed with ReadTimeoutError")
    assert len(server.paths) == 1
