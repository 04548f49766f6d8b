"""The emulator as a process of its own: start it, find it again, end it with all its workers."""

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
READY_WITHIN = 60.0
STOPPED_WITHIN = 10.0
REAPED_WITHIN = 5.0

# With this the emulator signs that it is ready: at a taken port, somebody else's answers in its stead.
PID_HEADER = "X-Emulator-Pid"

# A child that was started here must be waited for here, or it stays a zombie until this process ends.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Emulator:
    """A process that runs the local AWS; it leads a process group of its own."""

    pid: int
    port: int

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def is_ready(self) -> bool:
        """Whether it, and not another on its port, answers within 2 seconds that it is up."""
        connection = HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/ready")
            answer = connection.getresponse()
            return answer.status == 200 and answer.getheader(PID_HEADER) == str(self.pid)
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def log_path() -> Path:
    """The file that holds what the emulator said about itself."""
    return state_dir() / "emulator.log"


def lock_path() -> Path:
    """The file that the emulator holds locked while it lives."""
    return state_dir() / "emulator.lock"


def running() -> Emulator | None:
    """The emulator of this state directory, if its process lives (it may still be starting, or hang)."""
    content = locks.holder(lock_path())
    return Emulator(**json.loads(content)) if content else None


def start(port: int) -> Emulator:
    """Start the emulator on `port`, or on a free port if that is 0 or taken. Raises `StackError`."""
    make_state_dir()
    emulator = _start_child(port if port and _is_free(port) else free_port())
    # The child binds seconds after the look, and whoever took the port meanwhile keeps it.
    if not _is_alive(emulator) and not _is_free(emulator.port):
        stop(emulator)
        emulator = _start_child(free_port())
    if not emulator.is_ready():
        stop(emulator)
        raise StackError(f"The local AWS did not start: {_last_log_line()} Its log is {log_path()}.")
    return emulator


def _start_child(port: int) -> Emulator:
    # Only the main thread hears Ctrl-C: a child that is born in another one is never lost on the way.
    with ThreadPoolExecutor(1) as aside:
        birth = aside.submit(_spawn, port)
        try:
            child = birth.result()
            emulator = Emulator(child.pid, port)
            _wait_until(lambda: emulator.is_ready() or child.poll() is not None, READY_WITHIN)
        except KeyboardInterrupt:
            # Until it holds its lock, nobody else can find it.
            stop(Emulator(birth.result().pid, port), timeout=0.5)
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


def stop(emulator: Emulator, timeout: float = STOPPED_WITHIN) -> None:
    """End the emulator and the workers in its process group, by force once `timeout` (seconds) is over."""
    _signal(emulator.pid, signal.SIGTERM)
    _wait_until(lambda: not _is_alive(emulator), timeout)
    _signal(emulator.pid, signal.SIGKILL)
    if child := _children.pop(emulator.pid, None):
        child.wait()
    # The workers are somebody else's children by now, and stay in the group until that somebody has noticed.
    _wait_until(lambda: not _signal(emulator.pid, 0), REAPED_WITHIN)


def free_port() -> int:
    """A port that nothing listens on now."""
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
    """Signal a group (0 only asks); whether there is one."""
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
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing.")
