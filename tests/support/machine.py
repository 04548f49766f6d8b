"""Programs that a test needs on this machine."""

import os

import pytest


def missing(tool: str) -> None:
    """Skip the test because `tool` is missing. In CI, where every tool is installed, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is missing, and CI must have it")
    pytest.skip(f"{tool} is missing")
