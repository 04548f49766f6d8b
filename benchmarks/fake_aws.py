"""A fake AWS that responds at once, in this process or on a loopback port, and counts the requests.

In process, the real clients build requests and read responses, but send nothing. A benchmark then measures
the function alone. On the loopback port, the clients also open connections with TLS, send and receive.
"""

import base64
import contextlib
import hashlib
import hmac
import io
import json
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import trustme

from benchmarks.imports import TRIGGERS
from tools.artefacts import aws_models

_KEY = b"the key of the benchmark, 32 bytes"
_TARGET = "X-Amz-Target"


def mac(message: bytes) -> bytes:
    """Return the MAC of a message, as this fake's KMS computes it."""
    return hmac.digest(_KEY, message, hashlib.sha256)


@dataclass
class FakeAws:
    """The items of the table, the bodies of the queued messages, and each request: operation and bytes."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    queued: list[str] = field(default_factory=list)
    requests: list[tuple[str, int]] = field(default_factory=list)

    def respond(self, target: str, body: bytes) -> bytes:
        """Return the body of the response to one request. An empty `target` is an email through SES."""
        operation = target.rpartition(".")[2] or "SendEmail"
        return json.dumps(self._response(operation, json.loads(body))).encode()

    def _response(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "GenerateMac":
            return {"Mac": base64.b64encode(mac(base64.b64decode(request["Message"]))).decode()}
        if operation == "Sign":
            return {"Signature": base64.b64encode(bytes(256)).decode()}
        if operation == "Encrypt":
            return {"CiphertextBlob": request["Plaintext"]}
        if operation == "Decrypt":
            return {"Plaintext": request["CiphertextBlob"]}
        if operation == "UpdateItem":
            values = {name[1:]: value for name, value in request.get("ExpressionAttributeValues", {}).items()}
            self.items[request["Key"]["pk"]["S"]] = values | {"expires_at": values.get("expires", {})}
            return {"Attributes": {"issued": {"N": "1"}} | values}
        if operation == "GetItem":
            item = self.items.get(request["Key"]["pk"]["S"])
            return {"Item": item} if item else {}
        if operation == "SendMessage":
            self.queued.append(request["MessageBody"])
        return {"MessageId": "1"}


@contextlib.contextmanager
def in_process() -> Iterator[FakeAws]:
    """Inside the block, no client of this process sends a request: the fake answers it."""
    aws = FakeAws()

    def send(_session: object, request: Any) -> Any:
        from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - a process may have no client

        target = request.headers.get(_TARGET, b"")
        name = target.decode() if isinstance(target, bytes) else target
        raw: Any = io.BytesIO(aws.respond(name, request.body))
        raw.stream = lambda **_: iter([raw.read()])
        no_headers: Any = {}
        return AWSResponse(request.url, 200, no_headers, raw)

    with patch("botocore.httpsession.URLLib3Session.send", send):
        yield aws


@dataclass(frozen=True)
class Loopback:
    """A fake AWS with TLS on a loopback port, and the settings of processes that call it.

    `short` has the settings of the functions, and `full` those of other programs. They name the short list of
    certificate authorities or botocore's list. Each list also has the authority of the fake. So reading it
    takes as much time as with AWS.
    """

    aws: FakeAws
    url: str
    short: dict[str, str]
    full: dict[str, str]


@contextlib.contextmanager
def on_loopback() -> Iterator[Loopback]:
    """Serve the fake on a free loopback port."""
    aws = FakeAws()

    class _AwsHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Otherwise the second segment of a response would wait 40 ms for an acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body, target = self.rfile.read(length), self.headers.get(_TARGET, "")
            size = len(self.requestline) + 2 + _size(self.headers) + length
            aws.requests.append((target.rpartition(".")[2] or "SendEmail", size))
            response = aws.respond(target, body)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(response)))
            self.end_headers()
            self.wfile.write(response)
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _AwsHandler)
    server.daemon_threads = True
    # The thread of the connection makes the handshake, so a slow client does not block the others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = f"https://127.0.0.1:{server.server_port}"
            lists = {
                "short": TRIGGERS / aws_models.MODELS / aws_models.AUTHORITIES,
                "full": aws_models.botocore_data().parent / "cacert.pem",
            }
            settings = {}
            for name, known in lists.items():
                file = Path(folder) / f"{name}.pem"
                file.write_bytes(known.read_bytes() + b"\n" + authority.cert_pem.bytes())
                settings[name] = {"AWS_ENDPOINT_URL": url, "AWS_CA_BUNDLE": str(file)}
            yield Loopback(aws, url, **settings)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _size(headers: Message) -> int:
    """Return the bytes of the header section of a request."""
    return sum(len(name) + len(value) + 4 for name, value in headers.items()) + 2
