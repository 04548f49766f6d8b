"""The page's server as a process of its own. It ends with the local stack that it shows."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
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

# What a Python process needs to run at all; nothing of the person's own AWS set-up.
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

# A child that was started here is waited for here, or it stays a zombie until this process ends.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Page:
    """A process that serves the page."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        # Cognito takes http for no other name than this one as the place to come back to.
        return f"http://localhost:{self.port}/"


def lock_path() -> Path:
    """The file that the page's process holds locked while it lives."""
    return state_dir() / "page.lock"


def log_path() -> Path:
    """The file that holds what went wrong in the page's process."""
    return state_dir() / "page.log"


def running() -> Page | None:
    """The page of this state directory, if one is served."""
    content = locks.holder(lock_path())
    return Page(**json.loads(content)) if content else None


def port_to_be() -> int:
    """Where the page is, or will be if it is started now: its usual port, or a free one if that is taken."""
    if page := running():
        return page.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            return free_port()
    return DEFAULT_PORT


def parameters(port: int) -> dict[str, str]:
    """What the stack must know of a page on `port`: where the hosted sign-in may send people back to."""
    url = Page(0, port).url
    known = {name: DEFAULTS[name] for name in ("HostedCallbackUrls", "HostedLogoutUrls")}
    return {name: f"{urls},{url}" for name, urls in known.items() if url not in urls.split(",")}


def start(port: int = DEFAULT_PORT) -> Page:
    """The page that is served, or a new one on `port` if that is free. Raises `StackError`."""
    make_state_dir()
    if page := running():
        return page
    with log_path().open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - this very Python, and a number
            [sys.executable, "-m", "demo_client.web", str(port)],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.append(child)
    give_up_at = time.monotonic() + _READY_WITHIN
    while time.monotonic() < give_up_at and child.poll() is None:
        if page := running():
            return page
        time.sleep(0.05)
    if page := running():
        # Somebody else's start was quicker.
        return page
    child.kill()
    child.wait()
    raise StackError(f"The demo page could not be served. Its log is {log_path()}.")


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"PASSCODE_LOCAL_DIR": str(state_dir())}
