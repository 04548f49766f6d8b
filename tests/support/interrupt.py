"""Ctrl-C as a shell gives it: SIGINT to one of the project's commands, at a moment of the test's choice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from tools.local_stack.environment import ROOT

_PATIENCE = 60.0


def interrupted(words: tuple[str, ...], moment: Callable[[], bool]) -> tuple[int, str]:
    """Runs `python -m words`, sends SIGINT once `moment()` holds. Exit code, and stderr on one line."""
    # A test run in the background of a shell ignores SIGINT, and what it starts would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", *words],
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
        assert child.poll() is None, "it ended before it could be interrupted"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=_PATIENCE)
    finally:
        child.kill()
        child.wait()
    return child.returncode, " ".join(said.split())


def _wait(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at, "the moment never came"
        time.sleep(0.01)
