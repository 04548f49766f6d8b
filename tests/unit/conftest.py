"""Unit tests touch nothing: no socket is opened here."""

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_sockets() -> object:
    disable_socket()
    yield
    enable_socket()
