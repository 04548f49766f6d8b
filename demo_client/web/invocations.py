"""What the functions did, read from their logs: one invocation is one call of one function."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# Lambda's own last line of a call. What comes before it in the same log stream belongs to the call.
_REPORT = re.compile(r"REPORT RequestId: (?P<id>[\w-]+)\s+Duration: (?P<ms>[\d.]+) ms")

# What a line may show here. A field that somebody adds to the logs does not reach the page by itself.
_SHOWN: Final = ("message", "level", "channel", "reason", "country", "seconds", "error", "why", "where")
_CHALLENGE_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of `function`: when it ended (`ended_at`, ms since 1970), how long it took (`duration_ms`),
    its log `lines`, and the `metrics` it emitted ({name, value, unit, and the dimensions as `by`})."""

    id: str
    function: str
    ended_at: int
    duration_ms: int
    lines: tuple[Mapping[str, Any], ...]
    metrics: tuple[Mapping[str, Any], ...]


def read(function: str, events: Iterable[Mapping[str, Any]]) -> list[Invocation]:
    """The finished calls among the log events of one function, in the order of their ends."""
    invocations: list[Invocation] = []
    written: dict[str, list[str]] = {}
    for event in events:
        lines = written.setdefault(event["logStreamName"], [])
        if report := _REPORT.match(event["message"]):
            invocations.append(_invocation(function, report, event["timestamp"], lines))
            lines.clear()
        else:
            lines.append(event["message"])
    return sorted(invocations, key=lambda invocation: invocation.ended_at)


def _invocation(function: str, report: re.Match[str], ended_at: int, written: Iterable[str]) -> Invocation:
    documents = [document for line in written if (document := _document(line))]
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
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _line(document: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: document[name] for name in _SHOWN if document.get(name)}
    if challenge := document.get("correlation_id"):
        # The same few letters at create, deliver and verify: enough to see that they speak of one challenge.
        shown["challenge"] = str(challenge)[:_CHALLENGE_SHOWN]
    return shown


def _metrics(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The metrics of a line in the embedded metric format, each with its longest set of dimensions."""
    found = []
    for counted in document.get("_aws", {}).get("CloudWatchMetrics", []):
        names: list[str] = max(counted["Dimensions"], key=len, default=[])
        by = {name: document[name] for name in names if name != "service"}
        for metric in counted["Metrics"]:
            value = document[metric["Name"]]
            total = sum(value) if isinstance(value, list) else value
            found.append({"name": metric["Name"], "value": total, "unit": metric["Unit"], "by": by})
    return found
