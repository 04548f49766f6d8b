"""The process of the demo page: one for each stack, and it ends with the stack."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pytest

from demo_client.web import process
from demo_client.web.process import Page
from tests.support.demo_page import ENDPOINT
from tools.local_stack import locks
from tools.local_stack.errors import StackError
from tools.local_stack.process import free_port, lock_path

FACTS = {
    "endpoint_url": ENDPOINT,
    "region": "us-east-1",
    "user_pool_id": "us-east-1_Pool",
    "clients": {},
    "table": "",
    "queues": {},
    "functions": {},
    "outputs": {},
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A stack that counts as running while this file is open, because the emulator's lock is held."""
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    (tmp_path / "stack.json").write_text(json.dumps(FACTS))
    with locks.hold(lock_path(), '{"pid": 1, "port": 4566}') as lock:
        yield lock
    for child in process._children:
        child.wait(60)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.02)


def responds(page: Page) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", page.port), timeout=10):
        return True
    return False


def test_it_is_started_once_and_ends_with_the_stack(stack: TextIO) -> None:
    page = process.start(free_port())
    assert responds(page)
    assert process.start() == page
    stack.close()
    wait_until(lambda: process.running() is None)
    wait_until(lambda: not responds(page))


def test_a_taken_port_is_not_used(stack: TextIO) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        page = process.start(port)
    assert page.port != port
    assert page.url == f"http://localhost:{page.port}/"


def test_without_a_stack_the_page_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    with pytest.raises(StackError, match=r"page\.log"):
        process.start(free_port())
    assert "make up" in process.log_path().read_text()


@pytest.mark.parametrize(
    ("current", "needed"),
    [
        ("http://localhost:4599/", None),
        ("https://app.example/,http://localhost:4599/", None),
        ("https://app.example/", "https://app.example/,http://localhost:4599/"),
        ("http://localhost:45990/", "http://localhost:45990/,http://localhost:4599/"),
        ("", "http://localhost:4599/"),
    ],
)
def test_the_page_is_added_to_the_urls_of_the_stack(current: str, needed: str | None) -> None:
    names = ("HostedCallbackUrls", "HostedLogoutUrls")
    parameters = {"CooldownSeconds": "5"} | dict.fromkeys(names, current)
    assert process.parameters(4599, parameters) == (dict.fromkeys(names, needed) if needed else {})
