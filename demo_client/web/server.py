"""The page's web server: loopback only, and gone with its process. Nothing that it does is kept."""

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
# Each open page costs a thread and some calls a second.
_MOST_STREAMS: Final = 8
_GONE: Final = "The local AWS does not answer. Start it with `make demo`."


class PageServer(ThreadingHTTPServer):
    """Serves the demo page of `stack_data` on `port` (0: any that is free)."""

    daemon_threads = True

    def __init__(self, port: int, stack_data: StackData) -> None:
        self.stack_data = stack_data
        self.nonce = secrets.token_urlsafe(24)
        self.policy = responses.page_policy(stack_data.facts()["endpoint"])
        self.streams = threading.BoundedSemaphore(_MOST_STREAMS)
        self.closing = threading.Event()
        super().__init__((HOST, port), _Handler)

    @property
    def port(self) -> int:
        return self.server_port

    def server_bind(self) -> None:
        # The parent class looks the host's name up here, and a page on loopback should ask nobody.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def server_close(self) -> None:
        self.closing.set()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    # Whoever connects and says nothing is let go.
    timeout = 10

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if why := request_checks.rejection(path, self._headers(), self.server.port):
            self._send(responses.plain_text(403, why))
        elif path == "/events":
            self._stream()
        else:
            self._answer(lambda: responses.get(self.server.stack_data, path, self.server.nonce))

    def do_POST(self) -> None:
        headers, path = self._headers(), urlsplit(self.path).path
        why = request_checks.rejection(path, headers, self.server.port) or request_checks.post_rejection(
            headers, self.server.nonce
        )
        if why:
            self._send(responses.plain_text(403, why))
            return
        body = self.rfile.read(int(headers["Content-Length"]))
        self._answer(lambda: responses.post(self.server.stack_data, path, body))

    def _answer(self, answer: Callable[[], Response]) -> None:
        try:
            found = answer()
        except STACK_UNAVAILABLE:
            found = responses.plain_text(503, _GONE)
        self._send(found)

    def _send(self, answer: Response) -> None:
        self._start(answer.status, answer.content_type, answer.policy)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _stream(self) -> None:
        if not self.server.streams.acquire(blocking=False):
            self._send(responses.plain_text(503, "Too many of these pages are open. Close some."))
            return
        try:
            stream = events.events(self.server.stack_data, self._since(), self.server.closing.wait)
            self._answer_stream(stream)
        finally:
            self.server.streams.release()

    def _answer_stream(self, stream: Iterator[bytes]) -> None:
        try:
            first = next(stream)
        except STACK_UNAVAILABLE:
            self._send(responses.plain_text(503, _GONE))
            return
        self._start(200, "text/event-stream")
        self.end_headers()
        # The page was closed, or the stack is gone: a browser that is there still asks again.
        with suppress(*STACK_UNAVAILABLE):
            for event in chain([first], stream):
                self.wfile.write(event)

    def _since(self) -> int:
        asked = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
        since = self.headers.get("Last-Event-ID") or asked
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
        # A header that comes twice is two opinions, and none is taken.
        return {name: self.headers[name] for name in _READ if len(self.headers.get_all(name, [])) == 1}

    def log_message(self, *_: object) -> None:
        """Nothing is logged: a request line may hold the code of a hosted sign-in."""


_READ: Final = (
    "Host",
    "Origin",
    "Sec-Fetch-Site",
    request_checks.NONCE_HEADER,
    "Content-Type",
    "Content-Length",
)
