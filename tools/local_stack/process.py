"""The emulator as a separate process: start it, find it, and stop it with all its workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tools.local_stack import environment, locks
from tools.local_stack.environment import ROOT, make_state_dir, state_dir
from tools.local_stack.errors import StackError

HOST = "127.0.0.1"
READY_SECONDS = 60.0
STOP_SECONDS = 10.0
REAP_SECONDS = 5.0
# A busy emulator is slow to respond. `up` replaces an emulator that does not respond, with all its users.
RESPONSE_SECONDS = 10.0

# The response to a readiness check has the emulator's process id, because on a taken port another program
# responds.
PID_HEADER = "X-Emulator-Pid"

# This process must wait for its children, or they stay zombies until it ends.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Emulator:
    """A process that runs the local AWS. It is the leader of its process group."""

    pid: int
    port: int

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def is_ready(self) -> bool:
        """Return whether this process, and no other program on its port, reports ready within 10 seconds."""
        connection = HTTPConnection(HOST, self.port, timeout=RESPONSE_SECONDS)
        try:
            connection.request("GET", "/_ministack/ready")
            response = connection.getresponse()
            return response.status == 200 and response.getheader(PID_HEADER) == str(self.pid)
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def log_path() -> Path:
    """Return the log of the emulator."""
    return state_dir() / "emulator.log"


def lock_path() -> Path:
    """Return the file that the emulator keeps locked while it runs."""
    return state_dir() / "emulator.lock"


def running() -> Emulator | None:
    """Return the emulator of this state directory, or None. It may still be starting, or hang."""
    content = locks.read_holder(lock_path())
    return Emulator(**json.loads(content)) if content else None


def start(port: int) -> Emulator:
    """Start the emulator on `port`, or on a free port if `port` is 0 or taken. Raises `StackError`."""
    make_state_dir()
    emulator = _start_child(port if port and _is_free(port) else free_port())
    # The child binds the port seconds after this check. Another program may take it in between.
    if not _is_alive(emulator) and not _is_free(emulator.port):
        stop(emulator)
        emulator = _start_child(free_port())
    if not emulator.is_ready():
        stop(emulator)
        raise StackError(f"The local AWS did not start: {_last_log_line()} Read its log: {log_path()}.")
    return emulator


def _start_child(port: int) -> Emulator:
    before = set(_children)
    try:
        # Ctrl-C interrupts the main thread only, so a child of another thread is always registered.
        with ThreadPoolExecutor(1) as executor:
            # The thread starts here. An interrupt at its start could lose it together with its child.
            executor.submit(int).result()
            child = executor.submit(_spawn, port).result()
        emulator = Emulator(child.pid, port)
        _wait_until(lambda: emulator.is_ready() or child.poll() is not None, READY_SECONDS)
    except KeyboardInterrupt:
        # No other process can find the emulator before it holds its lock.
        for pid in _children.keys() - before:
            stop(Emulator(pid, port), timeout=0.5)
        raise
    return emulator


def _spawn(port: int) -> subprocess.Popen[bytes]:
    with log_path().open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tools.local_stack.emulator"],
            cwd=ROOT,
            env=environment.for_emulator(port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    return child


def stop(emulator: Emulator, timeout: float = STOP_SECONDS) -> None:
    """Stop the emulator and the workers in its process group; after `timeout` seconds with SIGKILL."""
    _signal(emulator.pid, signal.SIGTERM)
    _wait_until(lambda: not _is_alive(emulator), timeout)
    _signal(emulator.pid, signal.SIGKILL)
    if child := _children.pop(emulator.pid, None):
        child.wait()
    # The workers now belong to another parent, and stay in the group until it has waited for them.
    _wait_until(lambda: not _signal(emulator.pid, 0), REAP_SECONDS)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _is_alive(emulator: Emulator) -> bool:
    if child := _children.get(emulator.pid):
        return child.poll() is None
    return running() == emulator


def _signal(group: int, number: int) -> bool:
    """Send a signal to a process group (0 sends none). Returns whether the group exists."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _last_log_line() -> str:
    lines = log_path().read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty.")
