"""The emulator of the local stack is killed: its commands say so, and `up` starts another one."""

import os
import signal
import subprocess
import sys

import pytest

from tests.faults.conftest import Record
from tests.support.template import ROOT
from tools.local_stack import process, stack


def command(name: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the local stack."""
    return subprocess.run(
        [sys.executable, "-m", "tools.local_stack", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.whole
@pytest.mark.usefixtures("state")
def test_the_emulator_is_killed(record: Record) -> None:
    """`status` and `inbox` say in a sentence that nothing runs, and `up` starts a new emulator."""
    first = stack.up(port=0)
    running = process.running()
    assert running
    os.killpg(running.pid, signal.SIGKILL)
    for name in ("status", "inbox"):
        found = command(name)
        said = found.stdout + found.stderr
        assert found.returncode != 0
        assert "Traceback" not in said
        assert "make up" in said
        record("emulator", f"`{name}` afterwards", said.strip().splitlines()[0])
    second = stack.up(port=0)
    assert second.user_pool_id != first.user_pool_id or process.running() != running
    record("emulator", "`up` afterwards", "starts a new emulator")


@pytest.mark.whole
@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("text", ["{", '{"endpoint_url": "http://127.0.0.1:1"}'], ids=["torn", "older"])
def test_the_file_of_the_stack_is_damaged(record: Record, text: str) -> None:
    """`status` says in a sentence that the file is damaged."""
    stack.up(port=0)
    stack.stack_file().write_text(text)
    found = command("status")
    said = found.stdout + found.stderr
    assert "Traceback" not in said
    assert "make up" in said
    record("emulator", f"`status` with the stack file {text!r}", "one sentence")
