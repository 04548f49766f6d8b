"""The Lambda handlers, imported with their environment set, as in Lambda, and without a network."""

import io
import json
from dataclasses import dataclass, field

import pytest

from tests.support.events import ENVIRONMENT
from tests.support.live_handlers import own_session

# The handlers read their environment and make their clients at import. The environment is set only for that
# moment, so that no other test of the same process gets these credentials.
with own_session(ENVIRONMENT):
    import create_auth_challenge
    import custom_sender
    import define_auth_challenge  # noqa: F401 - reads its environment now
    import deliver
    import delivery_events
    import pre_token_generation
    import verify_auth_challenge
    from delivery_events import process_batch as process_events
    from passcode.adapters.telemetry import PowertoolsTelemetry, make_telemetry

__all__ = ["HANDLERS", "TELEMETRY", "HandlerOutput", "output", "process_events"]

HANDLERS = (
    create_auth_challenge,
    verify_auth_challenge,
    deliver,
    delivery_events,
    custom_sender,
    pre_token_generation,
)
TELEMETRY = make_telemetry("handler under test", "CognitoPasscode")


@dataclass
class HandlerOutput:
    """The output of the handlers: their log, and the metrics on standard output."""

    telemetry: PowertoolsTelemetry
    capsys: pytest.CaptureFixture[str]
    log: io.StringIO = field(default_factory=io.StringIO)
    printed: str = ""

    @property
    def text(self) -> str:
        """Everything, as one string."""
        self.printed += self.capsys.readouterr().out
        return self.log.getvalue() + self.printed

    @property
    def lines(self) -> list[dict[str, str]]:
        """The log, line by line."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def metrics(self) -> list[dict[str, str]]:
        """Each metric as its name and its dimensions."""
        found = [json.loads(line) for line in self.text.splitlines() if '"_aws"' in line]
        return [_metric(line) for line in found]

    def counted(self, name: str) -> list[dict[str, str]]:
        """The dimensions of each metric called `name`."""
        return [{k: v for k, v in m.items() if k != "name"} for m in self.metrics if m["name"] == name]


def _metric(line: dict[str, object]) -> dict[str, str]:
    described = json.loads(json.dumps(line["_aws"]))["CloudWatchMetrics"][0]
    dimensions = {k: str(line[k]) for k in described["Dimensions"][0] if k != "service"}
    return {"name": described["Metrics"][0]["Name"]} | dimensions


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> HandlerOutput:
    """The output of all handlers, and of `output.telemetry`, for tests that compose a handler."""
    output = HandlerOutput(TELEMETRY, capsys)
    for telemetry in (TELEMETRY, *(handler._TELEMETRY for handler in HANDLERS)):
        monkeypatch.setattr(telemetry.log.registered_handler, "stream", output.log)
    return output
