"""Invocations of the Lambda functions, read from their logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# The last line of an invocation, from Lambda. The lines before it in the stream belong to the invocation.
_REPORT = re.compile(r"REPORT RequestId: (?P<id>[\w-]+)\s+Duration: (?P<ms>[\d.]+) ms")

# The fields of a log line that the page shows. A new field in the logs does not appear by itself.
_SHOWN_FIELDS: Final = (
    "message",
    "level",
    "channel",
    "reason",
    "country",
    "seconds",
    "error",
    "why",
    "where",
)
_CHALLENGE_ID_LENGTH: Final = 6


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation of `function`.

    `ended_at` is in ms since 1970. Each metric is {name, value, unit, by}; `by` are its dimensions.
    """

    id: str
    function: str
    ended_at: int
    duration_ms: int
    lines: tuple[Mapping[str, Any], ...]
    metrics: tuple[Mapping[str, Any], ...]


def read(function: str, events: Iterable[Mapping[str, Any]]) -> list[Invocation]:
    """Return the finished invocations in the log events of one function, ordered by their end."""
    invocations: list[Invocation] = []
    lines_by_stream: dict[str, list[str]] = {}
    for event in events:
        lines = lines_by_stream.setdefault(event["logStreamName"], [])
        if report := _REPORT.match(event["message"]):
            invocations.append(_invocation(function, report, event["timestamp"], lines))
            lines.clear()
        else:
            lines.append(event["message"])
    return sorted(invocations, key=lambda invocation: invocation.ended_at)


def _invocation(function: str, report: re.Match[str], ended_at: int, lines: Iterable[str]) -> Invocation:
    documents = [document for line in lines if (document := _document(line))]
    return Invocation(
        id=report["id"],
        function=function,
        ended_at=ended_at,
        duration_ms=round(float(report["ms"])),
        lines=tuple(_line(document) for document in documents if "message" in document),
        metrics=tuple(metric for document in documents for metric in _metrics(document)),
    )


def _document(line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _line(document: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: document[name] for name in _SHOWN_FIELDS if document.get(name)}
    if challenge := document.get("correlation_id"):
        # The first characters are the same at create, deliver and verify, so the page can show the relation.
        shown["challenge"] = str(challenge)[:_CHALLENGE_ID_LENGTH]
    return shown


def _metrics(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics of a line in the embedded metric format, each with its longest set of dimensions."""
    metrics = []
    for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
        names: list[str] = max(directive["Dimensions"], key=len, default=[])
        by = {name: document[name] for name in names if name != "service"}
        for metric in directive["Metrics"]:
            value = document[metric["Name"]]
            total = sum(value) if isinstance(value, list) else value
            metrics.append({"name": metric["Name"], "value": total, "unit": metric["Unit"], "by": by})
    return metrics
