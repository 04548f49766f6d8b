"""Programs that a test needs on this machine."""

import os

import pytest


def missing(what: str) -> None:
    """Skip the test because `what` is missing. In CI, where every tool is installed, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")
