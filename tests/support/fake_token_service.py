"""A fake token service on loopback that returns the responses of a test. It checks signatures itself."""

import hashlib
import hmac
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.loopback_server import serving

KEY_ID, SECRET = "AKIDEXAMPLE", "an example secret"
REGION = "eu-west-1"
PROBLEM = "urn:cognito-passcode:problem:"

CREATED = {
    "token": "created.token.here",
    "expires_in": 300,
    "channel": "email",
    "destination": "a***@e***",
    "status": "SENT",
    "resend_in": 30,
    "subject": "the-subject",
}
PROOF = {
    "verified": True,
    "proof": "signed.proof.here",
    "expires_in": 300,
    "channel": "email",
    "subject": "the-subject",
}


@dataclass(frozen=True)
class FakeResponse:
    """If `body` is bytes, it is sent unchanged. With `hang` there is no response."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False


@dataclass(frozen=True)
class ReceivedRequest:
    """A received request. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> Any:
        return json.loads(self.body)

    @property
    def is_signed(self) -> bool:
        """Whether it has the SigV4 signature of KEY_ID for this request, body included."""
        shape = r"AWS4-HMAC-SHA256 Credential=(.+?)/(.+), ?SignedHeaders=(.+), ?Signature=([0-9a-f]{64})"
        found = re.fullmatch(shape, self.headers.get("authorization", ""))
        if not found:
            return False
        key_id, scope, names, signature = found.groups()
        lines = [self.method, self.path, ""]
        lines += [f"{name}:{self.headers[name].strip()}" for name in names.split(";")]
        lines += ["", names, hashlib.sha256(self.body).hexdigest()]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, digest])
        key = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        day = self.headers["x-amz-date"][:8]
        right = hmac.digest(key, text.encode(), "sha256").hex()
        return (key_id, scope, right) == (
            KEY_ID,
            f"{day}/{REGION}/execute-api/aws4_request",
            signature,
        )


class FakeTokenApi(ThreadingHTTPServer):
    """Returns the answers in turn, and records the requests."""

    daemon_threads = True

    def __init__(self, *responses: FakeResponse) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(responses)
        self.sent: list[ReceivedRequest] = []

    def handle_error(self, *_: object) -> None:
        """Print nothing: in many tests the client closes the connection."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def serve(*responses: FakeResponse) -> Iterator[FakeTokenApi]:
    """Run the fake server while the block runs."""
    with serving(FakeTokenApi(*responses)) as server:
        yield server


def problem(name: str, status: int, detail: str = "A sentence.", **more: Any) -> FakeResponse:
    document = {"type": PROBLEM + name, "title": "A title", "status": status, "detail": detail} | more
    return FakeResponse(document, status, {"Content-Type": "application/problem+json"})


class _Handler(BaseHTTPRequestHandler):
    server: FakeTokenApi
    timeout = 20

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        names = {name.lower(): value for name, value in self.headers.items()}
        self.server.sent.append(ReceivedRequest(self.command, self.path, names, body))
        response = self.server.answers.pop(0)
        if response.hang:
            # Ends when the client gives up and closes its side.
            self.connection.recv(1, socket.MSG_PEEK)
            return
        payload = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args: object) -> None:
        """Log nothing: the requests are in `sent`."""
