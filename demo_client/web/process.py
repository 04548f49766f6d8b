"""The server of the demo page as a separate process. It ends with the local stack that it shows."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.local_stack import locks
from tools.local_stack.deploy import DEFAULTS
from tools.local_stack.environment import ROOT, make_state_dir, state_dir
from tools.local_stack.errors import StackError
from tools.local_stack.process import free_port

DEFAULT_PORT: Final = 4580
_READY_WITHIN: Final = 15.0

# The variables that a Python process needs. The user's own AWS configuration is not passed on.
_PASSED_VARIABLES: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

# This process must wait for its children, or they stay zombies until it ends.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Page:
    """A process that serves the demo page."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        # Cognito allows http in a callback URL for the host localhost only.
        return f"http://localhost:{self.port}/"


def lock_path() -> Path:
    """Return the file that the page's process keeps locked while it runs."""
    return state_dir() / "page.lock"


def log_path() -> Path:
    """Return the log of the page's process."""
    return state_dir() / "page.log"


def running() -> Page | None:
    """Return the page of this state directory, or None if none is served."""
    content = locks.read_holder(lock_path())
    return Page(**json.loads(content)) if content else None


def planned_port() -> int:
    """Return the port of the running page, else its default port, or a free port if that is taken."""
    if page := running():
        return page.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            return free_port()
    return DEFAULT_PORT


def parameters(port: int, current: Mapping[str, str] = DEFAULTS) -> dict[str, str]:
    """Return the parameters of a stack that must change for a page on `port`.

    These are the URLs to which hosted sign-in may redirect. `current` has the parameters of the stack.
    """
    url = Page(0, port).url
    urls = {name: current.get(name, "") for name in ("HostedCallbackUrls", "HostedLogoutUrls")}
    return {
        name: ",".join(filter(None, (present, url)))
        for name, present in urls.items()
        if url not in present.split(",")
    }


def start(port: int = DEFAULT_PORT) -> Page:
    """Return the running page, or a new one on `port` if that is free. Raises `StackError`."""
    make_state_dir()
    if page := running():
        return page
    with log_path().open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - this Python, and a number
            [sys.executable, "-m", "demo_client.web", str(port)],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.append(child)
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and child.poll() is None:
        if page := running():
            return page
        time.sleep(0.05)
    if page := running():
        # Another process has started it.
        return page
    child.kill()
    child.wait()
    raise StackError(f"The demo page could not be started. Read its log: {log_path()}.")


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    return passed | {"PASSCODE_LOCAL_DIR": str(state_dir())}
