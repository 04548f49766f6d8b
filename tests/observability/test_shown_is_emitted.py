"""The functions emit every metric of the dashboard and the alarms, and the dashboard shows every metric."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.observability import shown
from tests.observability.run import Run, wait_until
from tests.observability.shown import Metric
from tools.lambda_functions import FUNCTIONS
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

# The metrics and dimensions that the guides of the services list.
OF_AWS = {
    "AWS/Lambda": ({"Invocations", "Errors", "Throttles", "Duration"}, ("FunctionName",)),
    "AWS/ApiGateway": ({"Count", "4XXError", "5XXError", "Latency"}, ("ApiName", "Stage")),
    "AWS/SQS": ({"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}, ("QueueName",)),
    "AWS/DynamoDB": ({"ConsumedWriteCapacityUnits"}, ("TableName",)),
    "AWS/SNS": ({"SMSMonthToDateSpentUSD"}, ()),
    "AWS/Cognito": ({"SignInThrottles"}, ("UserPool", "UserPoolClient")),
    "AWS/SMSVoice": ({"TextMessageMonthlySpend", "VoiceMessageMonthlySpend"}, ()),
    "AWS/SES": ({"Reputation.BounceRate", "Reputation.ComplaintRate"}, ()),
}
BY_PARAMETER = ("pre_token_generation", "custom_sender")
ABSENT = ("MonitorsClaims", "MonitorsClaimsFully", "MonitorsCustomSenders", "MonitorsCustomSendersFully")
# Every message of the run finds a channel at once, no gateway is stopped, the queue takes each, and no
# unknown name is tried five times. tests/contract, tests/handlers, tests/token_service and tests/sign_in test
# these metrics.
NOT_IN_THE_RUN = {"gateway_stopped", "undelivered", "superseded", "refunded", "decoy_rate_used_up"}
# The last metrics of `deliver` and of the failures.
LAST = [
    ("decoys", "deliver"),
    ("send_failed", "country"),
    ("send_failed", "budget"),
    ("email_budget_low", "deliver"),
]
LAST += [("failed_after_sending", "email"), ("unknown_events", "delivery_events")]
LAST += [("errors", name) for name in FUNCTIONS if name not in BY_PARAMETER]


@dataclass(frozen=True)
class RunOutput:
    """The metrics and the log lines of one run."""

    metrics: frozenset[Metric]
    lines: list[dict[str, Any]]


def metrics_of(line: dict[str, Any]) -> Iterator[Metric]:
    """Yield the metrics of a log line in the embedded metric format."""
    for described in line["_aws"]["CloudWatchMetrics"]:
        for keys in described["Dimensions"]:
            for metric in described["Metrics"]:
                dimensions = tuple((key, line[key]) for key in keys)
                yield Metric(described["Namespace"], metric["Name"], dimensions)


@pytest.fixture(scope="module")
def run_output(local_stack: Stack) -> RunOutput:
    began = time.time() * 1000
    Run(local_stack).everything()

    def emitted() -> RunOutput | None:
        lines = [json.loads(text) for log in local_stack.logs().values() for text in log if text[:1] == "{"]
        embedded = [line for line in lines if "_aws" in line and line["_aws"]["Timestamp"] >= began]
        metrics = frozenset(metric for line in embedded for metric in metrics_of(line))
        values = {(m.name, str(value)) for m in metrics for _, value in m.dimensions}
        return (
            RunOutput(metrics, [line for line in lines if "message" in line]) if set(LAST) <= values else None
        )

    found: RunOutput = wait_until(emitted)
    return found


def own(metrics: Iterator[Metric]) -> set[Metric]:
    return {metric for metric in metrics if metric.namespace not in OF_AWS}


def matches(metric: Metric, emitted: Metric) -> bool:
    if (metric.namespace, metric.name, metric.keys) != (emitted.namespace, emitted.name, emitted.keys):
        return False
    pairs = zip(metric.dimensions, emitted.dimensions, strict=True)
    return all(wanted in (None, found) for (_, wanted), (_, found) in pairs)


@pytest.mark.parametrize("source", [shown.dashboard_metrics, shown.alarm_metrics])
def test_every_metric_of_the_dashboard_and_alarms_is_emitted(run_output: RunOutput, source: Any) -> None:
    watched = own(source())
    # These functions are optional. tests/handlers and tests/cognito_messages test these metrics.
    elsewhere = {("service", name) for name in BY_PARAMETER}
    watched = {m for m in watched if not elsewhere & set(m.dimensions) and m.name not in NOT_IN_THE_RUN}
    # The stack of the run makes no calls. tests/delivery tests these metrics.
    watched = {m for m in watched if ("channel", "voice") not in m.dimensions}
    assert len(watched) > 5
    assert {m for m in watched if not any(matches(m, e) for e in run_output.metrics)} == set()


def test_every_emitted_metric_is_on_the_dashboard(run_output: RunOutput) -> None:
    on_it = own(shown.dashboard_metrics())
    assert {e for e in run_output.metrics if not any(matches(m, e) for m in on_it)} == set()


def test_metrics_of_aws_have_the_names_and_dimensions_of_aws(local_stack: Stack) -> None:
    found = [m for m in (*shown.dashboard_metrics(), *shown.alarm_metrics()) if m.namespace in OF_AWS]
    assert {m.namespace for m in found} == set(OF_AWS)
    for metric in found:
        names, keys = OF_AWS[metric.namespace]
        assert metric.name in names
        assert metric.keys == keys
    functions = {m.dimensions[0][1] for m in shown.dashboard_metrics() if m.namespace == "AWS/Lambda"}
    there = {f"passcode-{name.replace('_', '-')}" for name in BY_PARAMETER}
    assert functions == {*local_stack.functions.values(), *there}


def test_the_deployed_dashboard_shows_the_alarms(local_stack: Stack) -> None:
    cloudwatch = local_stack.client("cloudwatch")
    (entry,) = cloudwatch.list_dashboards()["DashboardEntries"]
    body = cloudwatch.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"]
    assert "${" not in body
    alarms = next(w for w in json.loads(body)["widgets"] if w["type"] == "alarm")["properties"]["alarms"]
    names = {arn.rpartition(":")[2].split("-")[1] for arn in alarms}
    # Alarms of optional functions.
    by_parameter = {n for n in shown.ALARMS if shown.RESOURCES[n].get("Condition") in ABSENT}
    assert names == set(shown.ALARMS) - by_parameter


@pytest.mark.parametrize("name", list(shown.QUERIES))
def test_a_saved_query_uses_the_keys_of_the_logs(run_output: RunOutput, name: str) -> None:
    query = shown.QUERIES[name]["QueryString"]
    keys = {key for line in run_output.lines for key in line}
    first, *_ = query.splitlines()
    fields = [*re.findall(r"filter (\w+)", query), *re.findall(r"count_distinct\((\w+)\)", query)]
    fields += re.findall(r"[\w@]+", first.removeprefix("fields")) if first.startswith("fields") else []
    assert {field for field in fields if field[0] != "@"} <= keys
    logged = {line["message"] for line in run_output.lines}
    for messages in re.findall(r"message in \[(.*)\]", query):
        assert set(json.loads(f"[{messages}]")) - NOT_IN_THE_RUN <= logged
