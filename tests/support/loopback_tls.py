"""Loopback servers with TLS for the examples of gateways: a part of Twilio's API, and an SMTP server."""

import json
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs

import trustme


def write_certificate(folder: Path) -> Path:
    """Write a certificate for `localhost`, its key and its authority into one file. Returns the file."""
    authority = trustme.CA()
    chain = authority.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
    file = folder / "localhost.pem"
    file.write_bytes(chain + authority.cert_pem.bytes())
    return file


class _Server(socketserver.ThreadingMixIn):
    """Answers with `answers`, one after the other, and from then on with the last one."""

    daemon_threads = True
    answers: list[Any]

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def handle_error(self, *_: object) -> None:
        """A client that does not wait closes its connection."""


class TwilioServer(_Server, ThreadingHTTPServer):
    """`forms` has the fields of each request. An answer is a status and a body, or None for none."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.requests: list[tuple[str, str]] = []
        self.answers = [(201, {"sid": "SM1", "status": "accepted"})]
        self.is_over = Event()
        super().__init__(("127.0.0.1", 0), _Twilio)


class _Twilio(BaseHTTPRequestHandler):
    server: TwilioServer

    def do_POST(self) -> None:
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.forms.append({name: values[0] for name, values in fields.items()})
        self.server.requests.append((self.path, self.headers["Authorization"]))
        answer = self.server.next_answer()
        if answer is None:
            self.server.is_over.wait(30)
            return
        status, found = answer
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class SmtpServer(_Server, socketserver.TCPServer):
    """`mails` has the recipient and the bytes of each accepted email.

    `answers` has the responses of one connection by command, such as {"RCPT": "550 no"}. The command DATA is
    the end of the email. The response None closes the connection.
    """

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.commands: list[str] = []
        self.answers = [{}]
        super().__init__(("127.0.0.1", 0), _Smtp)


class _Smtp(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        answers = self.server.next_answer()
        self._say("220 localhost")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            self.server.commands.append(line)
            command = line.partition(" ")[0].upper()
            if command == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
            if command == "DATA":
                self._say("354 go on")
                mail = self._content()
            response = answers.get(command, _SMTP.get(command, "250 ok"))
            if response is None:
                return
            if command == "DATA" and response.startswith("250"):
                self.server.mails.append((recipient, mail))
            self._say(response)

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, response: str) -> None:
        self.wfile.write(f"{response}\r\n".encode())


_SMTP = {"EHLO": "250-localhost\r\n250 AUTH PLAIN", "AUTH": "235 ok"}


@contextmanager
def serving_tls(server: Any, certificate: Path) -> Iterator[Any]:
    """Run `server` with TLS while the block runs, and close it afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The handshake belongs to the thread of the connection, so that a client without TLS stops no other.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with server:
        thread.start()
        try:
            yield server
        finally:
            getattr(server, "is_over", Event()).set()
            server.shutdown()
            thread.join(10)
