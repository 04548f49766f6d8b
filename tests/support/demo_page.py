"""The server of the demo page with a fake stack, and requests to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, TypeVar

from demo_client.demo_users import DemoUser
from demo_client.web.invocations import Invocation
from demo_client.web.server import PageServer
from demo_client.web.stack_data import StackData
from tests.support.loopback_server import serving
from tools.local_stack.errors import StackError
from tools.local_stack.inbox import Message

T = TypeVar("T")

ENDPOINT = "http://127.0.0.1:4566"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EMAIL = Message("email", "ada@people.example", "Your code", "It is 123456.", "<p>It is 123456.</p>", NOW)
SMS = Message("sms", "+12065550100", "", "123456 is your code.", "", NOW)


@dataclass
class FakeStackData:
    """A fake stack with the messages and invocations of a test. With `gone` every call raises."""

    sent: list[Message] = field(default_factory=list)
    done: list[Invocation] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    gone: bool = False
    hosted: dict[str, str] | None = None
    channel_order: tuple[str, ...] = ("email", "sms")

    def messages(self) -> list[Message]:
        return self._checked(list(self.sent))

    def invocations(self, since: int) -> list[Invocation]:
        return self._checked([each for each in self.done if each.ended_at >= since])

    def facts(self) -> dict[str, Any]:
        return self._checked(
            {"endpoint": ENDPOINT, "userPoolId": "us-east-1_Pool", "clients": {}, "hosted": self.hosted}
        )

    def channels(self) -> list[str]:
        return self._checked(list(self.channel_order))

    def make_user(self, channel: str) -> DemoUser:
        self.made.append(channel)
        return self._checked(DemoUser("ada@people.example", "+12065550100", "made up"))

    def _checked(self, value: T) -> T:
        if self.gone:
            raise StackError("No local stack is running.")
        return value


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@contextmanager
def served(stack_data: StackData) -> Iterator[PageServer]:
    """The page of `stack_data` on a free port; closed at the end of the block."""
    with serving(PageServer(0, stack_data)) as server:
        yield server


def ask(server: PageServer, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
    """Send one raw request: the path is not normalised, and `Host` can be any value.

    In the names of `headers`, _ means -.
    """
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        all_headers = {"Host": f"localhost:{server.port}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in all_headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()
