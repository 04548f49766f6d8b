"""Reading the invocations of the functions from their logs."""

import json
from typing import Any

from demo_client.web.invocations import read

METRIC = {
    "_aws": {
        "Timestamp": 1,
        "CloudWatchMetrics": [
            {
                "Namespace": "N",
                "Dimensions": [["service", "channel"], ["service"]],
                "Metrics": [{"Name": "sent", "Unit": "Count"}],
            }
        ],
    },
    "service": "deliver",
    "channel": "sms",
    "sent": [1.0],
}


def event(message: str, at: int = 5, stream: str = "one") -> dict[str, Any]:
    return {"logStreamName": stream, "timestamp": at, "message": message}


def call(*lines: str, request: str = "r-1", at: int = 5, stream: str = "one") -> list[dict[str, Any]]:
    """The log events of one invocation."""
    start, end = f"START RequestId: {request} Version: 1", f"END RequestId: {request}"
    report = f"REPORT RequestId: {request}\tDuration: 12.34 ms\tBilled Duration: 13 ms"
    return [event(line, at, stream) for line in (start, *lines, end, report)]


def test_an_invocation_has_its_lines_and_its_metrics() -> None:
    line = {"level": "INFO", "message": "sent", "channel": "sms", "correlation_id": "0123456789abcdef"}
    (found,) = read("deliver", call(json.dumps(METRIC), json.dumps(line)))
    assert (found.id, found.function, found.ended_at, found.duration_ms) == ("r-1", "deliver", 5, 12)
    assert found.lines == ({"level": "INFO", "message": "sent", "channel": "sms", "challenge": "012345"},)
    assert found.metrics == ({"name": "sent", "value": 1.0, "unit": "Count", "by": {"channel": "sms"}},)


def test_only_known_fields_of_a_line_are_shown() -> None:
    line = {"message": "sent", "subject": "a subject", "to": "ada@people.example", "code": "123456"}
    (found,) = read("deliver", call(json.dumps(line), "ada@people.example", "[1]", "12"))
    assert found.lines == ({"message": "sent"},)


def test_concurrent_invocations_are_kept_apart() -> None:
    first = call('{"message": "a"}', request="r-1", at=9, stream="one")
    second = call('{"message": "b"}', request="r-2", at=7, stream="two")
    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    assert [(found.id, found.lines[0]["message"]) for found in read("deliver", mixed)] == [
        ("r-2", "b"),
        ("r-1", "a"),
    ]


def test_an_invocation_that_has_not_ended_is_omitted() -> None:
    assert read("deliver", call('{"message": "a"}')[:-1]) == []


def test_two_invocations_in_one_stream_are_separate() -> None:
    invocations = read("deliver", [*call('{"message": "a"}'), *call(request="r-2", at=6)])
    assert [(found.id, len(found.lines)) for found in invocations] == [("r-1", 1), ("r-2", 0)]
