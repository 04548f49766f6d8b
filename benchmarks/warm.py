"""Measure warm invocations of one function in one process, for benchmarks.performance.

    python -m benchmarks.warm NAME CALLS < EVENT_AND_ITEMS

With AWS_ENDPOINT_URL the function calls the fake AWS at that address. Otherwise the fake answers at once in
this process. The last line of the standard error has the quartiles of the CPU and wall time in ms, as JSON.
"""

import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from benchmarks import events
from benchmarks.fake_aws import in_process
from benchmarks.imports import ROOT, TRIGGERS, environment

_WARM_UP = 50


def quartiles(values: Sequence[float]) -> list[float]:
    """Return the lower quartile, the median and the upper quartile, rounded to thousandths."""
    found = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return [round(value, 3) for value in found]


def measure(
    name: str, event: events.Event, items: events.Items, calls: int, place: Mapping[str, str] = {}
) -> dict[str, list[float]]:
    """Measure `calls` warm invocations in a process. Return quartiles in ms: `cpu` and `wall`.

    `place` has the settings for a fake AWS on a port. Without them, AWS answers in the process, and has these
    `items`. Raises CalledProcessError if the function does not accept the event.
    """
    environ = environment(events.function_of(name)) | {**place, "PYTHONPATH": f"{TRIGGERS}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.warm", events.function_of(name), str(calls)],
        env=environ,
        input=json.dumps([event, items]),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    found: dict[str, list[float]] = json.loads(done.stderr.splitlines()[-1])
    return found


def _main(name: str, calls: int) -> None:
    event, items = json.load(sys.stdin)
    text, cpu, wall = json.dumps(event), [], []
    with nullcontext() if "AWS_ENDPOINT_URL" in os.environ else in_process() as aws:
        if aws:
            aws.items.update(items)
        handler = importlib.import_module(name).handler
        for call in range(_WARM_UP + calls):
            # A function changes its event.
            event = json.loads(text)
            began = time.process_time(), time.perf_counter()
            response = handler(event, None)
            ended = time.process_time(), time.perf_counter()
            if call == 0:
                events.check(response)
            if call >= _WARM_UP:
                cpu.append((ended[0] - began[0]) * 1000)
                wall.append((ended[1] - began[1]) * 1000)
    print(json.dumps({"cpu": quartiles(cpu), "wall": quartiles(wall)}), file=sys.stderr)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
