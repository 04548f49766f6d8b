"""The web server of the demo page. It listens on loopback only and stores nothing."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from socketserver import TCPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from demo_client.web import events, request_checks, responses
from demo_client.web.responses import Response
from demo_client.web.stack_data import STACK_UNAVAILABLE, StackData

HOST: Final = "127.0.0.1"
# Each open page needs a thread and a few requests per second.
_MAX_STREAMS: Final = 8
_GONE: Final = "The local AWS does not respond. Start it with `make demo`."


class PageServer(ThreadingHTTPServer):
    """Serves the demo page of `stack_data` on `port` (0: any free port)."""

    daemon_threads = True

    def __init__(self, port: int, stack_data: StackData) -> None:
        self.stack_data = stack_data
        self.nonce = secrets.token_urlsafe(24)
        self.policy = responses.page_policy(stack_data.facts()["endpoint"])
        self.streams = threading.BoundedSemaphore(_MAX_STREAMS)
        self.closing = threading.Event()
        super().__init__((HOST, port), _Handler)

    @property
    def port(self) -> int:
        return self.server_port

    def server_bind(self) -> None:
        # The parent class would look up the host's name in DNS here.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def server_close(self) -> None:
        self.closing.set()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    # Seconds until an idle connection is closed.
    timeout = 10

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if reason := request_checks.rejection(path, self._headers(), self.server.port):
            self._send(responses.plain_text(403, reason))
        elif path == "/events":
            self._stream()
        else:
            self._respond(lambda: responses.get(self.server.stack_data, path, self.server.nonce))

    def do_POST(self) -> None:
        headers, path = self._headers(), urlsplit(self.path).path
        reason = request_checks.rejection(path, headers, self.server.port)
        reason = reason or request_checks.post_rejection(headers, self.server.nonce)
        if reason:
            self._send(responses.plain_text(403, reason))
            return
        body = self.rfile.read(int(headers["Content-Length"]))
        self._respond(lambda: responses.post(self.server.stack_data, path, body))

    def _respond(self, make_response: Callable[[], Response]) -> None:
        try:
            response = make_response()
        except STACK_UNAVAILABLE:
            response = responses.plain_text(503, _GONE)
        self._send(response)

    def _send(self, response: Response) -> None:
        self._start(response.status, response.content_type, response.policy)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def _stream(self) -> None:
        if not self.server.streams.acquire(blocking=False):
            self._send(responses.plain_text(503, "Too many demo pages are open. Close some of them."))
            return
        try:
            stream = events.events(self.server.stack_data, self._since(), self.server.closing.wait)
            self._send_stream(stream)
        finally:
            self.server.streams.release()

    def _send_stream(self, stream: Iterator[bytes]) -> None:
        try:
            first = next(stream)
        except STACK_UNAVAILABLE:
            self._send(responses.plain_text(503, _GONE))
            return
        self._start(200, "text/event-stream")
        self.end_headers()
        # The page was closed, or the stack has ended. A browser that is still open connects again.
        with suppress(*STACK_UNAVAILABLE):
            for event in chain([first], stream):
                self.wfile.write(event)

    def _since(self) -> int:
        parameter = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
        since = self.headers.get("Last-Event-ID") or parameter
        return int(since) if since.isdecimal() and len(since) < 15 else int(time.time() * 1000)

    def _start(self, status: int, content_type: str, policy: str = "") -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Security-Policy", policy or self.server.policy)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")

    def _headers(self) -> dict[str, str]:
        # A header that is sent twice is ignored, because two readers could pick different values.
        return {
            name: self.headers[name] for name in _USED_HEADERS if len(self.headers.get_all(name, [])) == 1
        }

    def log_message(self, *_: object) -> None:
        """Log nothing: a request line may contain the authorization code of a hosted sign-in."""


_USED_HEADERS: Final = (
    "Host",
    "Origin",
    "Sec-Fetch-Site",
    request_checks.NONCE_HEADER,
    "Content-Type",
    "Content-Length",
)
