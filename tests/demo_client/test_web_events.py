"""The page gets each event of the stack once, and in order."""

import json
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from demo_client.web.events import events
from demo_client.web.invocations import Invocation
from demo_client.web.server import PageServer
from tests.support.demo_page import EMAIL, SMS, FakeStackData, ask, served

INVOCATION = Invocation("r-1", "deliver", 100, 12, (), ())


def collect(stack: FakeStackData, *meanwhile: Callable[[], object], since: int = 0) -> list[tuple[str, Any]]:
    """(kind, id) of all events, while one of `meanwhile` happens in each pause."""
    left = list(meanwhile)

    def wait(seconds: float) -> bool:
        if not left:
            return True
        left.pop(0)()
        return False

    return [_read(event) for event in events(stack, since, wait) if event.startswith(b"event")]


def _read(event: bytes) -> tuple[str, Any]:
    fields = dict(line.split(": ", 1) for line in event.decode().strip().split("\n"))
    data = json.loads(fields["data"])
    return fields["event"], data.get("to") or data["id"]


def nothing() -> None:
    """A pause without an event."""


def test_each_message_and_each_invocation_is_sent_once() -> None:
    stack = FakeStackData(sent=[EMAIL], done=[INVOCATION])
    later = replace(INVOCATION, id="r-2", ended_at=200)
    sent_events = collect(
        stack, nothing, lambda: stack.sent.append(SMS), lambda: stack.done.append(later), nothing
    )
    assert sent_events == [
        ("message", EMAIL.to),
        ("invocation", "r-1"),
        ("message", SMS.to),
        ("invocation", "r-2"),
    ]


def test_an_invocation_of_the_same_millisecond_is_not_missed() -> None:
    stack = FakeStackData(done=[INVOCATION])
    assert collect(stack, lambda: stack.done.append(replace(INVOCATION, id="r-2"))) == [
        ("invocation", "r-1"),
        ("invocation", "r-2"),
    ]


def test_old_invocations_are_omitted_and_old_messages_are_few() -> None:
    stack = FakeStackData(sent=[replace(SMS, text=f"message {n}") for n in range(30)], done=[INVOCATION])
    assert [kind for kind, _ in collect(stack, since=101)] == ["message"] * 5


def test_text_cannot_inject_an_event() -> None:
    stack = FakeStackData(sent=[replace(SMS, text="a\n\nevent: invocation\ndata: {}\n\n")])
    assert collect(stack) == [("message", SMS.to)]


def opened(page: PageServer, path: str = "/events", **headers: str) -> tuple[HTTPConnection, HTTPResponse]:
    connection = HTTPConnection("localhost", page.port, timeout=60)
    connection.request("GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()})
    return connection, connection.getresponse()


def test_after_an_interruption_the_stream_continues_after_the_last_id() -> None:
    with served(FakeStackData(done=[INVOCATION, replace(INVOCATION, id="r-2", ended_at=200)])) as page:
        connection, response = opened(page, Last_Event_ID="150")
        assert response.headers["Content-Type"] == "text/event-stream"
        assert [response.readline() for _ in range(4)] == [
            b"retry: 1000\n",
            b"\n",
            b"event: invocation\n",
            b"id: 200\n",
        ]
        connection.close()


def test_a_page_can_request_earlier_invocations() -> None:
    with served(FakeStackData(done=[INVOCATION, replace(INVOCATION, id="r-2", ended_at=200)])) as page:
        connection, response = opened(page, "/events?since=150")
        assert [response.readline() for _ in range(4)][-1] == b"id: 200\n"
        connection.close()


def test_too_many_pages_are_refused() -> None:
    with served(FakeStackData()) as page:
        streams = [opened(page) for _ in range(8)]
        assert {response.status for _, response in streams} == {200}
        assert ask(page, "GET", "/events").status == 503
        for connection, response in streams:
            response.close()
            connection.close()
