"""Send Ctrl-C (SIGINT) to a command of the project at a given moment, as a shell does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from tools.local_stack.environment import ROOT

_TIMEOUT = 60.0


def run_and_interrupt(arguments: tuple[str, ...], moment: Callable[[], bool]) -> tuple[int, str]:
    """Run `python -m` with `arguments` and send SIGINT when `moment()` is true. Returns exit code, stderr."""
    # A background process of a shell ignores SIGINT, and its child processes would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=os.environ | {"COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        _wait(lambda: moment() or child.poll() is not None)
        assert child.poll() is None, "the command ended before the interrupt"
        child.send_signal(signal.SIGINT)
        _, output = child.communicate(timeout=_TIMEOUT)
    finally:
        child.kill()
        child.wait()
    return child.returncode, " ".join(output.split())


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.01)
