"""The fixture that keeps tests off the network: conftest.py of a folder imports it."""

import pytest


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Everything that is not replaced by a stub fails instead of opening a socket."""
