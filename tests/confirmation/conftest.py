"""One clock, one API, and everything that is said anywhere."""

from collections.abc import Callable

import pytest

from passcode.confirmation import routes
from tests.support.token_api_world import Api, ApiOutput, Time


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, socket_disabled: None) -> Time:
    """The only clock. Nothing is reached over the network either."""
    standing = Time()
    monkeypatch.setattr(routes, "time", standing)
    return standing


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def output(api: Api, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return ApiOutput(api, capsys)
