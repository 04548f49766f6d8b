"""The clock, the API in memory, and its log and metrics."""

from collections.abc import Callable

import pytest

from passcode.confirmation import routes
from tests.support.token_api_in_memory import Api, ApiOutput, FakeClock


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, socket_disabled: None) -> FakeClock:
    """The clock of the endpoints. Tests cannot open a socket."""
    clock = FakeClock()
    monkeypatch.setattr(routes, "time", clock)
    return clock


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def output(api: Api, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return ApiOutput(api, capsys)
