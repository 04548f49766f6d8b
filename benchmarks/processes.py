"""Measure whole processes in turn: the cold start of each function, with its floors.

Each round runs one process of each kind after the other, so that a busy machine slows all kinds down equally.
A process starts the interpreter, imports, makes its clients, and then handles one event. The fake AWS answers
on a loopback port, with TLS. The kinds are the bare interpreter, each function, its floor (a script with
plain botocore that makes the same clients and the same calls, and nothing else) and its base (the function of
another commit).
"""

import ast
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks import events
from benchmarks.fake_aws import Loopback, on_loopback
from benchmarks.imports import ROOT, SETTINGS, TRIGGERS, command, environment
from tools.lambda_functions import FUNCTIONS

BARE = "bare interpreter"
FLOOR, BASE = " (floor)", " (base)"
# Settings that earlier commits had.
_FORMER = {
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/queue",
    "RESENDS_PER_SESSION": "3",
    "SENDER_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000005",
}
_NO_CALL = "pass"
# PyJWT imports cryptography if it is installed. The functions with PyJWT do not ship it, and the event of
# `deliver` does not use it.
_NOT_SHIPPED = "sys.modules['cryptography'] = None"
# Only built-in modules, so that a process imports nothing for the measurement. VmHWM is the most memory of
# this program. getrusage would include the memory of the parent process.
_MEASURED = """
import sys, time
{not_shipped}
{start}
marks = [time.process_time(), time.monotonic()]
{call}
marks += [time.process_time(), time.monotonic()]
try:
    status = open("/proc/self/status").read()
    marks.append(int(status.partition("VmHWM:")[2].split()[0]))
except OSError:
    marks.append(0)
print("measured", *marks, file=sys.stderr)
"""
_FLOOR = """
from botocore.session import get_session
session = get_session()
clients = {{name: session.create_client(name) for name in {services!r}}}
"""
_FLOOR_CALLS = """
for service, operation, parameters in {calls!r}:
    clients[service]._make_api_call(operation, parameters)
"""
# The calls, the modules and the opened files of a function, in a process that measures no time.
_COUNTED = """
import sys
{not_shipped}
files = set()
def note(name, arguments):
    if name == "open" and isinstance(arguments[0], (str, bytes)):
        files.add(arguments[0])
sys.addaudithook(note)
import {name} as function
core, calls = sys.modules.get("botocore.client"), []
if core:
    call = core.BaseClient._make_api_call
    def recorded(client, operation, parameters):
        calls.append((client.meta.service_model.service_name, operation, parameters))
        return call(client, operation, parameters)
    core.BaseClient._make_api_call = recorded
response = function.handler({event!r}, None)
counts = len(sys.modules), len(files)
import gc, json
gc.unfreeze()  # get_objects leaves out frozen objects
made = [one for one in gc.get_objects() if core and isinstance(one, core.BaseClient)]
services = sorted({{one.meta.service_model.service_name for one in made}})
print("measured", repr((json.dumps(response), services, calls, *counts)), file=sys.stderr)
"""


@dataclass(frozen=True)
class ProcessTimes:
    """One process: CPU and wall time in ms at the end of the start and of the first event, and memory in KiB.

    All times begin with the interpreter. `whole_cpu` includes the end of the process, which Lambda does not
    run. `events` is the number of handled events: 0 for a base that does not accept today's event.
    `memory_kib` is the highest memory use, or 0 if the system does not show it.
    """

    start_cpu: float
    start_wall: float
    cpu: float
    wall: float
    whole_cpu: float
    memory_kib: int
    events: int


@dataclass(frozen=True)
class Counts:
    """What a function loads and calls until the end of its first event.

    `modules` includes those of the interpreter, `files` are the paths that it opened, and `requests` are the
    operation and the sent bytes of each request.
    """

    services: tuple[str, ...]
    calls: tuple[tuple[str, str, dict[str, Any]], ...]
    modules: int
    files: int
    requests: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class _Process:
    start: str
    call: str
    environ: Mapping[str, str]


def run(statement: str, environ: Mapping[str, str]) -> str:
    """Run a statement in a process. Return the figures that it prints. Raises RuntimeError if it fails."""
    done = subprocess.run(
        command(statement),
        env=environ,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("measured ")]
    if done.returncode or len(lines) != 1:
        raise RuntimeError(f"A measured process failed:\n{done.stderr}")
    return lines[0].removeprefix("measured ")


def make_events() -> tuple[dict[str, events.Event], events.Items]:
    """Return one event for each function, and the items that they need.

    Another process makes them, because the functions need their settings.
    """
    environ = environment("define_auth_challenge") | SETTINGS | {"PYTHONPATH": f"{TRIGGERS}:{ROOT}"}
    program = [sys.executable, "-m", "benchmarks.events"]
    done = subprocess.run(program, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    made, items = json.loads(done.stdout)
    return made, items


def count(name: str, event: events.Event, fake: Loopback) -> Counts:
    """Run the first event of a function once. Raises SystemExit if the function does not accept the event."""
    before = len(fake.aws.requests)
    found = run(
        _COUNTED.format(name=name, event=event, not_shipped=_NOT_SHIPPED), environment(name) | fake.short
    )
    response, services, calls, modules, files = ast.literal_eval(found)
    events.check(json.loads(response))
    return Counts(tuple(services), tuple(calls), modules, files, tuple(fake.aws.requests[before:]))


def count_all(names: Sequence[str]) -> dict[str, Counts]:
    """Return the counts of each event by its name."""
    made, items = make_events()
    with on_loopback() as fake:
        fake.aws.items.update(items)
        return {name: count(events.function_of(name), made[name], fake) for name in names}


def measure(
    names: Sequence[str],
    rounds: int,
    counts: Mapping[str, Counts],
    base: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, list[ProcessTimes]]:
    """Return the times of each kind of process, one for each round.

    `counts` are those of the functions. `base` is the folder triggers/ of another commit. The result leaves
    out a function that does not start there. If a function there does not accept today's event, the result
    has only its start.
    """
    with on_loopback() as fake:
        has_calls = _accepted_by(base, names, fake) if base else {}
        found: dict[str, list[ProcessTimes]] = {}
        # The first round fills the file cache and writes the bytecode.
        for number in range(rounds + 1):
            progress(
                f"cold starts: round {number} of {rounds}"
                if number
                else "cold starts: a first round that does not count"
            )
            made, items = make_events()
            fake.aws.items.update(items)
            for kind, process in _kinds(names, made, counts, fake, base, has_calls):
                times = _times(process)
                if number:
                    found.setdefault(kind, []).append(times)
        return found


def _kinds(
    names: Sequence[str],
    made: Mapping[str, events.Event],
    counts: Mapping[str, Counts],
    fake: Loopback,
    base: Path | None,
    base_accepts: Mapping[str, bool],
) -> Iterator[tuple[str, _Process]]:
    yield BARE, _Process("pass", _NO_CALL, environment("define_auth_challenge"))
    for name in names:
        environ = environment(name)
        yield name, _function(name, made[name], environ | fake.short)
        if counts[name].services:
            start = _FLOOR.format(services=counts[name].services)
            calls = _FLOOR_CALLS.format(calls=counts[name].calls)
            yield f"{name}{FLOOR}", _Process(start, calls, environ | fake.full)
        if base and name in base_accepts:
            yield (
                f"{name}{BASE}",
                _of_base(name, made[name], environ | fake.full, base, base_accepts[name]),
            )


def _function(name: str, event: events.Event, environ: Mapping[str, str]) -> _Process:
    return _Process(f"import {name} as function", f"function.handler({event!r}, None)", environ)


def _of_base(
    name: str, event: events.Event, environ: Mapping[str, str], base: Path, with_call: bool
) -> _Process:
    process = _function(name, event, _base_environment(environ, base))
    return process if with_call else _Process(process.start, _NO_CALL, process.environ)


def _base_environment(environ: Mapping[str, str], base: Path) -> dict[str, str]:
    return {**SETTINGS, **_FORMER, **environ, "PYTHONPATH": str(base)}


def _accepted_by(base: Path, names: Sequence[str], fake: Loopback) -> dict[str, bool]:
    """Return the names of the functions that start in the base, and whether each accepts today's event."""
    made, items = make_events()
    fake.aws.items.update(items)
    found = {}
    # A function that the base lacks would be imported from this checkout.
    for name in (name for name in names if (base / f"{name}.py").exists()):
        environ = environment(name) | fake.full
        with suppress(RuntimeError):
            _times(_of_base(name, made[name], environ, base, with_call=False))
            found[name] = _is_accepted(name, made[name], _base_environment(environ, base))
    return found


def _is_accepted(name: str, event: events.Event, environ: Mapping[str, str]) -> bool:
    try:
        counted = run(_COUNTED.format(name=name, event=event, not_shipped=_NOT_SHIPPED), environ)
        events.check(json.loads(ast.literal_eval(counted)[0]))
    except (RuntimeError, SystemExit):
        return False
    return True


def _times(process: _Process) -> ProcessTimes:
    statement = _MEASURED.format(start=process.start, call=process.call, not_shipped=_NOT_SHIPPED)
    before, began = _cpu_of_children(), monotonic()
    start_cpu, start_wall, cpu, wall, memory = map(float, run(statement, process.environ).split())
    # On Linux and macOS, `monotonic` counts from the same moment in all processes.
    return ProcessTimes(
        start_cpu=start_cpu * 1000,
        start_wall=(start_wall - began) * 1000,
        cpu=cpu * 1000,
        wall=(wall - began) * 1000,
        whole_cpu=(_cpu_of_children() - before) * 1000,
        memory_kib=int(memory),
        events=int(process.call != _NO_CALL),
    )


def _cpu_of_children() -> float:
    """Return the CPU time of all processes that this one has started and waited for, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def as_json(found: Mapping[str, Sequence[ProcessTimes]]) -> dict[str, dict[str, list[float]]]:
    """Return each field of the times as a list over the rounds, rounded to hundredths, by kind."""
    return {
        kind: {
            name: [round(asdict(one)[name], 2) for one in times] for name in ProcessTimes.__dataclass_fields__
        }
        for kind, times in found.items()
    }


def all_functions() -> tuple[str, ...]:
    """Return the names of all functions."""
    return tuple(FUNCTIONS)
