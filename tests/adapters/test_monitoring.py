"""The metrics of a function with each value of the parameter Monitoring."""

import io
import json

import pytest
from aws_lambda_powertools.logging import Logger

from passcode.adapters.environment import ESSENTIAL, FULL, MONITORING, OFF
from passcode.adapters.telemetry import PowertoolsTelemetry
from passcode.token_service.refusal import Refusal
from tests.support.template import TEMPLATE


def telemetry(monitoring: str, log: io.StringIO | None = None) -> PowertoolsTelemetry:
    logger = Logger(service=f"monitoring {monitoring} {id(log)}", stream=log or io.StringIO())
    return PowertoolsTelemetry("deliver", logger, "CognitoPasscode/test", monitoring)


def emitted(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, ...]]:
    """Each metric as its name and the values of its dimensions after `service`."""
    found = []
    for text in capsys.readouterr().out.splitlines():
        line = json.loads(text)
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        name = directive["Metrics"][0]["Name"]
        for keys in directive["Dimensions"]:
            assert "service" in keys
            found.append((name, *(line[key] for key in keys if key != "service")))
    return sorted(found)


def everything(of: PowertoolsTelemetry) -> None:
    of.sent("sms", "US")
    of.not_deliverable("sms", "budget", "US")
    of.not_deliverable("email", "rejected")
    of.refused(Refusal.WRONG)
    of.count("refused", reason="client")
    of.issued("email")
    of.seconds("seconds_to_verify", 5, channel="email")
    of.failed("failed", ValueError())


def test_the_parameter_has_these_values() -> None:
    parameter = TEMPLATE["Parameters"]["Monitoring"]
    assert tuple(parameter["AllowedValues"]) == MONITORING
    assert parameter["Default"] == ESSENTIAL


def test_full_monitoring_has_every_total(capsys: pytest.CaptureFixture[str]) -> None:
    everything(telemetry(FULL))
    found = emitted(capsys)
    assert [each for each in found if each[0] == "send_failed"] == [
        ("send_failed",),
        ("send_failed",),
        ("send_failed", "email"),
        ("send_failed", "email", "rejected"),
        ("send_failed", "sms"),
        ("send_failed", "sms", "budget"),
        ("send_failed", "sms", "budget", "US"),
    ]
    assert ("seconds_to_verify", "email") in found


def test_essential_monitoring_has_the_metrics_of_its_alarms_only(capsys: pytest.CaptureFixture[str]) -> None:
    everything(telemetry(ESSENTIAL))
    assert emitted(capsys) == [
        ("errors",),
        ("refused", "client"),
        ("send_failed", "sms", "budget"),
        ("sent",),
    ]


def test_without_monitoring_there_is_no_metric_and_the_same_log(capsys: pytest.CaptureFixture[str]) -> None:
    logs = {}
    for monitoring in MONITORING:
        log = io.StringIO()
        everything(telemetry(monitoring, log))
        logs[monitoring] = [json.loads(line)["message"] for line in log.getvalue().splitlines()]
        found = emitted(capsys)
        assert (found == []) == (monitoring == OFF)
    assert logs[FULL] == logs[ESSENTIAL] == logs[OFF]
    assert "failed" in logs[OFF]
