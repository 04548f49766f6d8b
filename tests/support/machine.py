"""Tests that need programs of this machine."""

import os

import pytest


def skip_because_missing(tool: str) -> None:
    """Skip the test because `tool` is missing. In CI, where every tool is installed, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is missing, and CI must have it")
    pytest.skip(f"{tool} is missing")
