"""The limits of AWS calls: the deadline of an invocation, repeated attempts, and the meaning of an error."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest

from passcode.adapters import botocore_clients
from passcode.adapters.botocore_clients import CallLimits, client, unavailable, with_deadline, write_if
from passcode.token_service.refusal import Unavailable
from tests.support.live_handlers import own_session

# The answer of the server to one attempt.
Answer = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's answers, and from then on with the last one."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        answer = server.answers[min(server.requests, len(server.answers) - 1)]
        server.requests += 1
        self.close_connection = True
        answer(self)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def gives(status: int, body: bytes, length: int | None = None) -> Answer:
    """Return an answer. `length` is the wrong length of the body that its header has."""

    def answer(handler: _Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/x-amz-json-1.0")
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def error(code: str, status: int = 400) -> Answer:
    """Return an error answer of AWS."""
    return gives(status, json.dumps({"__type": code, "message": "no"}).encode())


def resets(handler: _Handler) -> None:
    """Close the connection without an answer."""
    handler.connection.close()


def dribbles(handler: _Handler) -> None:
    """Send a header byte by byte until the client closes the connection."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while not handler.server.is_over.wait(0.02):  # type: ignore[attr-defined]
        handler.wfile.write(b".")
        handler.wfile.flush()


TAKEN = gives(200, b'{"Attributes": {}}')
THROTTLED = error("ThrottlingException")
FAILED = error("InternalServerError", 500)
NOT_UTF8 = gives(200, b"\xff\xfe")
NO_JSON = gives(200, b"<html>")
CUT = gives(200, b'{"Attributes": {', length=400)


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """The client of a slow answer closes its connection."""


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A server for the clients of this module, with one session for them all: its models load once."""
    server: Any = _Server(("127.0.0.1", 0), _Handler)
    place = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with server, own_session(place), pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore_clients, "_PAUSE", (0, 0.01))
        yield server


@pytest.fixture
def aws(server: Any, socket_enabled: None) -> Iterator[Any]:
    """The server, which counts its requests. A test sets its answers."""
    server.answers, server.requests, server.is_over = [TAKEN], 0, Event()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.is_over.set()
    server.shutdown()
    thread.join(10)


def write(table: Any) -> tuple[bool, Any]:
    return write_if(table.update_item, TableName="table", Key={"pk": {"S": "key"}})


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """Make a call in an invocation that has `seconds`, of a function that has a minute."""
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
    return with_deadline(lambda _event, _context: call(), seconds)({}, context)


@pytest.mark.parametrize("first", [THROTTLED, FAILED, resets, NOT_UTF8, NO_JSON, CUT])
def test_an_attempt_without_a_result_is_repeated(aws: Any, first: Answer) -> None:
    aws.answers = [first, first, first, TAKEN]
    assert write(client("dynamodb", attempts=4))[0]
    assert aws.requests == 4


@pytest.mark.parametrize("answer", [THROTTLED, FAILED, resets, NOT_UTF8, NO_JSON, CUT])
@pytest.mark.parametrize("attempts", [1, 3])
def test_a_call_makes_no_more_attempts_than_allowed(aws: Any, answer: Answer, attempts: int) -> None:
    aws.answers = [answer]
    with pytest.raises(Unavailable):
        write(client("dynamodb", attempts=attempts))
    assert aws.requests == attempts


def test_a_refusal_is_not_repeated(aws: Any) -> None:
    aws.answers = [error("ConditionalCheckFailedException")]
    assert write(client("dynamodb", attempts=4)) == (False, {})
    aws.answers = [error("AccessDeniedException")]
    with pytest.raises(Unavailable):
        write(client("dynamodb", attempts=4))
    assert aws.requests == 2


@pytest.mark.parametrize(
    ("answers", "nothing"),
    [
        ([THROTTLED], True),
        ([error("ProvisionedThroughputExceededException")], True),
        ([error("AccessDeniedException")], True),
        ([FAILED], False),
        ([resets], False),
        ([CUT], False),
        # The first attempt may have done the work.
        ([resets, THROTTLED], False),
        ([FAILED, error("AccessDeniedException")], False),
    ],
)
def test_an_error_says_if_nothing_was_done(aws: Any, answers: list[Answer], nothing: bool) -> None:
    aws.answers = answers
    with pytest.raises(Unavailable) as failed:
        write(client("dynamodb", attempts=2))
    assert failed.value.nothing_was_done is nothing


def test_without_a_connection_nothing_was_done(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Unavailable) as failed:
        write(client("dynamodb", attempts=2))
    assert failed.value.nothing_was_done


@pytest.mark.parametrize(("first", "attempts"), [(THROTTLED, 2), (resets, 1), (FAILED, 1)])
def test_an_operation_that_must_run_once_is_repeated_only_if_nothing_was_done(
    aws: Any, first: Answer, attempts: int
) -> None:
    aws.answers = [first, gives(200, b"{}")]
    pool = client("cognito-idp", attempts=5, once=("AdminRespondToAuthChallenge",))
    answer: dict[str, Any] = {"UserPoolId": "pool", "ClientId": "id", "ChallengeName": "CUSTOM_CHALLENGE"}
    try:
        with unavailable("the pool"):
            pool.admin_respond_to_auth_challenge(**answer)
    except Unavailable:
        assert attempts == 1
    assert aws.requests == attempts


@pytest.mark.parametrize("attempts", [1, 4])
def test_a_response_that_never_ends_is_cut_at_the_deadline(aws: Any, attempts: int) -> None:
    aws.answers = [dribbles]
    with pytest.raises(Unavailable):
        within(0.4, lambda: write(client("dynamodb", attempts=attempts)))


def test_a_response_that_never_ends_leaves_time_for_another_attempt(aws: Any) -> None:
    aws.answers = [dribbles, TAKEN]
    table = client("dynamodb", attempts=4, read_timeout=1)
    assert within(60, lambda: write(table))[0]
    # On a busy machine, the second attempt may take too long as well.
    assert aws.requests >= 2


def test_after_the_deadline_nothing_is_sent(aws: Any) -> None:
    with pytest.raises(Unavailable) as failed:
        within(0, lambda: write(client("dynamodb", attempts=4)))
    assert failed.value.nothing_was_done
    assert aws.requests == 0


def test_the_deadline_ends_with_its_invocation(aws: Any) -> None:
    table = client("dynamodb", attempts=1)
    with pytest.raises(Unavailable):
        within(0, lambda: write(table))
    assert write(table)[0]


@pytest.mark.parametrize(
    ("milliseconds", "most", "seconds"), [(5_000, 4.5, 4.5), (3_000, 4.5, 2.7), (25_000, float("inf"), 24.7)]
)
def test_an_invocation_ends_before_lambda_and_before_cognito(
    milliseconds: int, most: float, seconds: float
) -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)
    assert botocore_clients.seconds_for(context, most) == pytest.approx(seconds)


def test_a_slow_response_is_accepted_while_its_invocation_has_time() -> None:
    limits = CallLimits(attempts=4, read_timeout=2.5)
    left = botocore_clients.COGNITO_SECONDS
    # One after the other: the MAC, the write, and the two counters of SMS.
    for _ in range(4):
        assert limits.patience("UpdateItem", left) > 0.8
        left -= 0.8


def test_an_attempt_of_a_call_without_repeats_may_take_all_that_is_left() -> None:
    assert CallLimits(1, 15).patience("SendMessage", 4) == 4
    assert CallLimits(5, 15, ("Send",)).patience("Send", 4) == 4
    assert CallLimits(5, 15, ("Send",)).patience("Get", 4) == 2


@pytest.mark.parametrize("error", [KeyError("Mac"), TypeError(), UnicodeDecodeError("utf-8", b"", 0, 1, "")])
def test_a_response_without_its_values_is_an_unavailable_service(error: Exception) -> None:
    with pytest.raises(Unavailable) as failed, unavailable("the key"):
        raise error
    assert str(failed.value) == f"the key gave an unreadable answer: {type(error).__name__}"
