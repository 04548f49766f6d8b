"""The fixture that keeps tests off the network. The conftest.py of a folder imports it."""

import pytest


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """A call without a stub fails instead of opening a socket."""
