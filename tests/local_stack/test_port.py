"""If the stack is not on the requested port, `up` says why, and how to choose a port."""

import socket

import pytest
from typer.testing import CliRunner

from tools.local_stack import process
from tools.local_stack.cli import app


def _up(port: int) -> str:
    result = CliRunner().invoke(app, ["up", "--port", str(port)])
    assert result.exit_code == 0
    return " ".join(result.stdout.split())


@pytest.mark.usefixtures("state")
def test_a_taken_port_and_a_stack_on_another_port_have_different_messages() -> None:
    choose = "To choose a port: `make down`, then `make up PORT=NUMBER`."
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        first = _up(taken)
        assert f"Another program uses port {taken}, so this stack is on another port. {choose}" in first
        again = _up(taken)
    assert f"This stack was already running on another port, and stays there. {choose}" in again
    found = process.running()
    assert found is not None
    assert "another" not in _up(found.port)
