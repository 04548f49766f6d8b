"""An HTTP proxy on loopback that breaks calls to AWS, by service and operation.

It throttles with the service's own error, answers with HTTP 5xx, delays, resets before and after the work,
truncates, changes bytes, and sends one byte at a time. Faults follow a random generator with a fixed seed.
"""

import json
import random
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

# The response headers with the seconds that a response is late, or takes, if the proxy does not wait itself.
DELAY_HEADER, DRIBBLE_HEADER = "X-Fault-Delay", "X-Fault-Dribble"
# The seconds between two bytes of a dribbled response.
DRIBBLE_SECONDS = 0.05
# No request or response of these services is larger.
LARGEST_BODY = 1_000_000
# The longest wait for the bytes of a request, in seconds.
PATIENCE = 10
NEVER = 1e9


@dataclass(frozen=True)
class AwsRequest:
    """One request to AWS. `service` is the name in its signature: dynamodb, kms, sqs, sns, ses …"""

    service: str
    operation: str
    method: str
    path: str
    headers: Message
    body: bytes


@dataclass(frozen=True)
class AwsAnswer:
    """One response of AWS."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Backend = Callable[[AwsRequest], AwsAnswer]


class Wire(Enum):
    """The way in which the bytes of a response reach the client."""

    WHOLE = "whole"
    RESET = "reset"
    TRUNCATED = "truncated"
    DRIBBLED = "dribbled"


def _same(body: bytes) -> bytes:
    return body


@dataclass(frozen=True)
class Fault:
    """One fault. `does_work` is True if the service does the work, `delay` is in seconds.

    `code` is the error code of AWS, with the HTTP `status`; without a code the service answers itself.
    """

    name: str
    does_work: bool = True
    code: str = ""
    status: int = 400
    delay: float = 0.0
    wire: Wire = Wire.WHOLE
    change: Callable[[bytes], bytes] = _same


def error(code: str, status: int = 400) -> Fault:
    """The service refuses with its own error, and does no work."""
    return Fault(code, does_work=False, code=code, status=status)


def late(seconds: float) -> Fault:
    """The service does the work and answers after `seconds`."""
    return Fault(f"late by {seconds} s", delay=seconds)


NO_ANSWER = Fault("no answer, no work", does_work=False, delay=NEVER)
LOST_ANSWER = Fault("work done, no answer", delay=NEVER)
RESET_BEFORE = Fault("reset before the work", does_work=False, wire=Wire.RESET)
RESET_AFTER = Fault("reset after the work", wire=Wire.RESET)
TRUNCATED = Fault("truncated answer", wire=Wire.TRUNCATED)
DRIBBLED = Fault("one byte each 0.05 s", wire=Wire.DRIBBLED)
NO_UTF8 = Fault("bytes that are no UTF-8", change=lambda _: b"\xff\xfe\x00garbage\xc3")
EMPTY_OBJECT = Fault("an empty object", change=lambda _: b"{}")
FLIPPED = Fault(
    "one byte changed", change=lambda body: body[:-3] + bytes(b ^ 1 for b in body[-3:-2]) + body[-2:]
)

# The error of each service when there are too many requests, as its API reference has it.
THROTTLED: Mapping[str, Fault] = {
    "dynamodb": error("ThrottlingException"),
    "kms": error("ThrottlingException"),
    "sqs": error("RequestThrottled", 403),
    "ses": error("TooManyRequestsException", 429),
    "sns": error("Throttled", 429),
    "cognito-idp": error("TooManyRequestsException"),
    "secretsmanager": error("ThrottlingException"),
}
SERVER_ERROR = error("InternalFailure", 500)
SERVICE_UNAVAILABLE = error("ServiceUnavailable", 503)


@dataclass
class Rule:
    """Breaks calls of an operation ("" stands for all) with `fault`.

    `skip` calls pass first, then `times` calls break (None: all), each with the probability `share`. A call
    for which `only_if` returns False does not count.
    """

    service: str
    operation: str
    fault: Fault
    share: float = 1.0
    times: int | None = None
    skip: int = 0
    only_if: Callable[[], bool] = lambda: True

    def applies(self, request: AwsRequest, chance: random.Random) -> bool:
        """Return whether this call breaks, and count it."""
        if request.service != self.service or self.operation not in ("", request.operation):
            return False
        if not self.only_if():
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times == 0 or (self.share < 1 and chance.random() >= self.share):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class FaultProxy:
    """The proxy. `waits` is False if the client's clock is virtual: then `DELAY_HEADER` has each delay."""

    backend: Backend
    waits: bool = False
    seed: int = 12
    rules: list[Rule] = field(default_factory=list)
    # Service, operation and fault ("" if there was none) of each call.
    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.stopped = threading.Event()
        # One for each service, because the user pool calls functions that call other services.
        self.locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self.url = ""

    def inject(self, service: str, operation: str, fault: Fault, **limits: Any) -> Rule:
        """Add a rule and return it. `limits` are the other fields of `Rule`."""
        rule = Rule(service, operation, fault, **limits)
        self.rules.append(rule)
        return rule

    def heal(self) -> None:
        """Remove all rules."""
        self.rules.clear()

    def respond(self, request: AwsRequest) -> tuple[AwsAnswer, Fault | None]:
        """Return the answer to one request, and its fault. A service works on one request at a time."""
        with self.locks[request.service]:
            fault = next((r.fault for r in self.rules if r.applies(request, self.chance)), None)
            self.calls.append((request.service, request.operation, fault.name if fault else ""))
            if fault is None:
                return self.backend(request), None
            if fault.code:
                return error_answer(request.service, fault), fault
            answer = self.backend(request) if fault.does_work else AwsAnswer(200, b"")
            return replace(answer, body=fault.change(answer.body)), fault


@contextmanager
def serving_faults(proxy: FaultProxy) -> Iterator[FaultProxy]:
    """Run the proxy while the block runs. Afterwards no thread and no socket of it is left."""
    with _Server(proxy) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.stopped.set()
            server.shutdown()
            thread.join(PATIENCE)


def error_answer(service: str, fault: Fault) -> AwsAnswer:
    """Return the error in the form of the service: XML from SNS, JSON from the others."""
    text = f"{fault.code} by the fault proxy"
    if service == "sns":
        kind = "Sender" if fault.status < 500 else "Receiver"
        xml = (
            '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
            f"<Type>{kind}</Type><Code>{escape(fault.code)}</Code><Message>{escape(text)}</Message>"
            "</Error><RequestId>fault</RequestId></ErrorResponse>"
        )
        return AwsAnswer(fault.status, xml.encode(), {"Content-Type": "text/xml"})
    body = json.dumps({"__type": fault.code, "message": text}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": fault.code}
    return AwsAnswer(fault.status, body, headers)


def read_request(method: str, path: str, headers: Message, body: bytes) -> AwsRequest:
    """Return the request with its service, from the signature, and its operation."""
    scope = headers.get("Authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    service = scope[3] if len(scope) > 3 else ""
    operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not operation and service == "sns":
        operation = parse_qs(body.decode()).get("Action", [""])[0]
    if not operation and path.endswith("/outbound-emails"):
        operation = "SendEmail"
    return AwsRequest(service, operation, method, path, headers, body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    # A test starts up to 32 calls at once.
    request_queue_size = 64

    def __init__(self, proxy: FaultProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.reset: set[int] = set()

    def shutdown_request(self, request: Any) -> None:
        if id(request) in self.reset:
            self.reset.discard(id(request))
            # Without a wait for unsent bytes, closing a socket sends RST. An orderly shutdown would send FIN.
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that have hung up: their time-outs are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def _respond(self) -> None:
        server = cast(_Server, self.server)
        length = min(int(self.headers.get("Content-Length", 0)), LARGEST_BODY)
        request = read_request(self.command, self.path, self.headers, self.rfile.read(length))
        answer, fault = server.proxy.respond(request)
        self.close_connection = True
        wire = fault.wire if fault else Wire.WHOLE
        if fault and server.proxy.waits:
            server.proxy.stopped.wait(fault.delay)
        if wire is Wire.RESET:
            server.reset.add(id(self.request))
            return
        self._send(answer, wire, fault.delay if fault and not server.proxy.waits else 0)

    do_GET = do_POST = do_PUT = do_DELETE = _respond  # noqa: N815 - the names of the standard library

    def _send(self, answer: AwsAnswer, wire: Wire, delay: float) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection", "server", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        waits = cast(_Server, self.server).proxy.waits
        if delay:
            self.send_header(DELAY_HEADER, str(delay))
        if wire is Wire.DRIBBLED and not waits:
            self.send_header(DRIBBLE_HEADER, str(DRIBBLE_SECONDS * len(answer.body)))
        self.end_headers()
        body = answer.body[: len(answer.body) // 2] if wire is Wire.TRUNCATED else answer.body
        if wire is not Wire.DRIBBLED or not waits:
            self.wfile.write(body)
            return
        for byte in body:
            if cast(_Server, self.server).proxy.stopped.wait(DRIBBLE_SECONDS):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
        """Print nothing."""
