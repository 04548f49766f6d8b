"""One clock, one API, and everything that is said anywhere."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.doors.kit import NOW
from tests.token_http.api import Api
from token_http import routes


@dataclass
class Time:
    """The `time` of the endpoints: it goes on when a test says so."""

    now: int = NOW

    def time(self) -> float:
        return float(self.now)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, socket_disabled: None) -> Time:
    """The only clock. Nothing is reached over the network either."""
    standing = Time()
    monkeypatch.setattr(routes, "time", standing)
    return standing


@pytest.fixture
def api() -> Api:
    return Api()


@dataclass
class Said:
    """Everything that was logged and measured."""

    api: Api
    capsys: pytest.CaptureFixture[str]
    printed: str = ""

    def __call__(self) -> str:
        self.printed += "".join(self.capsys.readouterr())
        return self.api.log.getvalue() + self.printed

    def metrics(self) -> list[tuple[str, str]]:
        """Each metric's name and its last dimension's value, or nothing where it has but the service."""
        found = [json.loads(line) for line in self().splitlines() if '"_aws"' in line]
        return [_metric(line) for line in found]


def _metric(line: dict[str, object]) -> tuple[str, str]:
    described = json.loads(json.dumps(line["_aws"]))["CloudWatchMetrics"][0]
    last = [name for name in described["Dimensions"][0] if name != "service"]
    return described["Metrics"][0]["Name"], str(line[last[-1]]) if last else ""


@pytest.fixture
def said(api: Api, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return Said(api, capsys)
