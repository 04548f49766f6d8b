"""Ctrl-C during `make demo`. A real process gets a real SIGINT."""

import pytest

from demo_client.web import process as page
from tests.support.interrupt import run_and_interrupt
from tools.local_stack import process, stack

DEMO = ("demo_client", "demo", "--port", str(process.free_port()))


@pytest.mark.usefixtures("state")
def test_during_the_scenarios_the_message_names_the_running_stack() -> None:
    code, output = run_and_interrupt(DEMO, stack.stack_file().exists)
    assert (code, output) == (130, "Interrupted. The local AWS is still running: `make down` stops it.")
    assert stack.load().user_pool_id
    assert page.running() is None


@pytest.mark.usefixtures("state")
def test_before_the_scenarios_nothing_is_left_running() -> None:
    code, output = run_and_interrupt(DEMO, lambda: process.running() is not None)
    assert (code, output) == (130, "Interrupted before the local AWS was up. Nothing is left running.")
    assert process.running() is None
