"""The metrics of the dashboard and of the alarms of template.yaml, and its saved queries."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

from tools.local_stack.deploy import STACK_NAME

ROOT = Path(__file__).parents[2]
RESOURCES: dict[str, Any] = load(str(ROOT / "template.yaml"))["Resources"]
# A query of Metrics Insights, as the expression of an alarm.
_SELECT = re.compile(
    r"SELECT SUM\((\w+)\) FROM SCHEMA\(\"([\w/]+)\", ([\w, ]+)\) WHERE UserPool = '\$\{Pool\}'"
)
_SEARCH = re.compile(r"^SEARCH\('\{\"([^\"]+)\",([a-z,]+)\} MetricName=\"(\w+)\"', '\w+', \d+\)$")


@dataclass(frozen=True)
class Metric:
    """A metric of a widget or an alarm. A value of None is any value, because a search finds all of them."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str | None], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the names of the dimensions."""
        return tuple(key for key, _ in self.dimensions)


@dataclass(frozen=True)
class Formula:
    """An expression of metric math and the ids that it may use; `where` names the widget or alarm."""

    where: str
    expression: str
    ids: frozenset[str]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of a type, by logical id."""
    return {name: found["Properties"] for name, found in RESOURCES.items() if found["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")
QUERIES = of_type("AWS::Logs::QueryDefinition")


def rendered(value: Any) -> str:
    """Return a string of the template, with the stack's name and with other references as their names.

    Every condition holds.
    """
    text = value
    if not isinstance(value, str):
        text = value.get("Fn::Sub") or value.get("Ref") or ".".join(value["Fn::GetAtt"])
    if isinstance(text, list):
        text, filled = text
        for name, choice in filled.items():
            text = text.replace(f"${{{name}}}", rendered(choice["Fn::If"][1]))
    return re.sub(r"\$\{([\w:.]+)\}", r"\1", str(text).replace("${AWS::StackName}", STACK_NAME))


def widgets() -> list[dict[str, Any]]:
    """Return the widgets of the dashboard."""
    found: list[dict[str, Any]] = json.loads(
        rendered(of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"])
    )["widgets"]
    return found


def dashboard_metrics() -> Iterator[Metric]:
    """Yield the metrics of the dashboard."""
    for line in _lines():
        if not isinstance(line[0], dict):
            namespace, name, *rest = [part for part in line if isinstance(part, str)]
            yield Metric(namespace, name, tuple(zip(rest[::2], rest[1::2], strict=True)))
        elif line[0]["expression"].startswith("SEARCH"):
            found = _SEARCH.match(line[0]["expression"])
            assert found, f"unknown form of a search: {line[0]['expression']}"
            yield Metric(found[1], found[3], tuple((key, None) for key in found[2].split(",")))


def _lines() -> Iterator[list[Any]]:
    for widget in widgets():
        yield from widget["properties"].get("metrics", [])


def alarm_metrics(names: Collection[str] = tuple(ALARMS)) -> Iterator[Metric]:
    """Yield the metrics of the alarms with these names, including those in expressions."""
    for alarm in (ALARMS[name] for name in names):
        entries = alarm.get("Metrics", [])
        for query in (entry["Expression"]["Fn::Sub"][0] for entry in entries if _is_query(entry)):
            found = _SELECT.fullmatch(query)
            assert found, f"unknown form of a query: {query}"
            yield Metric(found[2], found[1], tuple((key, None) for key in found[3].split(", ")))
        stats = [entry["MetricStat"]["Metric"] for entry in entries if "MetricStat" in entry]
        for stat in stats if entries else [alarm]:
            dimensions = tuple((d["Name"], rendered(d["Value"])) for d in stat.get("Dimensions", []))
            yield Metric(rendered(stat["Namespace"]), stat["MetricName"], dimensions)


def _is_query(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("Expression"), dict)


def formulas() -> Iterator[Formula]:
    """Yield the expressions that are neither searches, queries nor bands of usual values."""
    for widget in widgets():
        lines = widget["properties"].get("metrics", [])
        ids = frozenset(
            part["id"] for line in lines for part in line if isinstance(part, dict) and "id" in part
        )
        for line in lines:
            if isinstance(line[0], dict) and not line[0]["expression"].startswith("SEARCH"):
                yield Formula(widget["properties"]["title"], line[0]["expression"], ids)
    for name, alarm in ALARMS.items():
        entries = alarm.get("Metrics", [])
        ids = frozenset(entry["Id"] for entry in entries if "MetricStat" in entry)
        expressions = [e["Expression"] for e in entries if "Expression" in e and not _is_query(e)]
        yield from (Formula(name, text, ids) for text in expressions if not text.startswith("ANOMALY_"))
