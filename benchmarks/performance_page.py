"""docs/performance.md and its charts, written from recorded figures."""

import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

from benchmarks import memory_sizes
from benchmarks.capacity_page import table
from benchmarks.memory_sizes import SIZES, MeasuredFunction
from benchmarks.processes import BARE, BASE, FLOOR
from benchmarks.svg_chart import DARK, LIGHT, Bar, BarChart
from tools.artefacts.cost import COLD
from tools.artefacts.prices import LOOKED_UP, REGION
from tools.lambda_functions import FUNCTIONS, SIGN_IN_FUNCTIONS, property_of

ROOT = Path(__file__).parents[1]
RECORDED = Path(__file__).with_name("performance.json")
TEMPLATE = ROOT / "template.yaml"
PAGE = ROOT / "docs" / "performance.md"
CHARTS = {
    ROOT / "docs" / "images" / "performance-light.svg": LIGHT,
    ROOT / "docs" / "images" / "performance-dark.svg": DARK,
}
# The invocations of a sign-in with a password and a code.
_INVOCATIONS = {"define_auth_challenge": 3}
_MILLION = 1_000_000
# The size that docs/cost.md names for stacks with very many sign-ins.
_SMALLER_MB = 512
# With a higher load, other programs share the processors with the measurement.
_BUSY = 1.5

Result = Mapping[str, Any]


def times(result: Result, kind: str, name: str) -> list[float]:
    """Return one field of all processes of a kind: `start_cpu`, `cpu` and others in ms, or `memory_kib`."""
    found: list[float] = result["cold"][kind][name]
    return found


def above_bare(result: Result, kind: str, name: str) -> list[float]:
    """Return CPU times above those of the bare interpreter in the same round, in ms."""
    bare = times(result, BARE, name)
    return [one - other for one, other in zip(times(result, kind, name), bare, strict=True)]


def ratio(result: Result, kind: str, other: str, name: str) -> float:
    """Return the median over the rounds of the ratio of two kinds, above the bare interpreter."""
    pairs = zip(above_bare(result, kind, name), above_bare(result, other, name), strict=True)
    return statistics.median(one / two for one, two in pairs)


def spread(values: Sequence[float]) -> str:
    """Return the median and the quartiles: `329 (269 to 383)`."""
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return quartile_cell([low, middle, high])


def quartile_cell(values: Sequence[float]) -> str:
    """Return quartiles as `329 (269 to 383)`."""
    low, middle, high = map(_short, values)
    return f"{middle} ({low} to {high})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _functions(result: Result) -> list[str]:
    return [name for name in FUNCTIONS if name in result["cold"]]


# The fields of a process, and their names on the page.
_STEPS = {"start_cpu": "start", "cpu": "with the first event", "whole_cpu": "whole process"}


def cold(result: Result) -> str:
    """Return the table of the cold starts."""
    kinds = [BARE, *_functions(result)]
    rows = [
        [
            kind if kind == BARE else f"`{kind}`",
            *[spread((times if kind == BARE else above_bare)(result, kind, field)) for field in _STEPS],
            spread(times(result, kind, "wall")),
            f"{_memory(result, kind):.0f}",
        ]
        for kind in kinds
    ]
    heads = [f"CPU: {name}" for name in _STEPS.values()]
    return table(["process", *heads, "wall time with the first event", "memory, MB"], rows)


def floors(result: Result) -> str:
    """Return the table that compares each function with plain botocore."""
    rows = [
        [f"`{name}`", *[spread(above_bare(result, f"{name}{FLOOR}", field)) for field in _STEPS]]
        + [f"{ratio(result, name, f'{name}{FLOOR}', field):.2f}" for field in _STEPS]
        for name in _functions(result)
        if f"{name}{FLOOR}" in result["cold"]
    ]
    heads = [f"{part}: {step}" for part in ("plain botocore", "ratio") for step in _STEPS.values()]
    return table(["function", *heads], rows)


def _memory(result: Result, kind: str) -> float:
    """Return the highest memory use of a kind of process in MB."""
    return max(times(result, kind, "memory_kib")) / 1024


def base(result: Result) -> str:
    """Return the table that compares with another commit, or a sentence without one."""
    if not result["base"]:
        return "This run measured no other commit."
    rows = []
    for name in _functions(result):
        other = f"{name}{BASE}"
        if other not in result["cold"]:
            continue
        # A commit that did not accept the event is compared by its start only.
        steps = [field for field in _STEPS if field == "start_cpu" or all(times(result, other, "events"))]
        rows.append(
            [
                f"`{name}`",
                spread(above_bare(result, other, "start_cpu")),
                *[f"{ratio(result, name, other, field):.2f}" if field in steps else "" for field in _STEPS],
                f"{_memory(result, other):.0f}",
                f"{_memory(result, name):.0f}",
            ]
        )
    heads = [
        "function",
        f"CPU of the start, {result['base']}",
        *[f"ratio: {name}" for name in _STEPS.values()],
    ]
    return table([*heads, f"MB, {result['base']}", "MB, now"], rows)


def warm(result: Result) -> str:
    """Return the table of the warm invocations."""
    return table(
        ["event", "CPU alone", "CPU with connections", "wall time with connections"],
        (
            [
                f"`{name}`",
                quartile_cell(found["in_process"]["cpu"]),
                quartile_cell(found["loopback"]["cpu"]),
                quartile_cell(found["loopback"]["wall"]),
            ]
            for name, found in result["warm"].items()
        ),
    )


def counts(result: Result) -> str:
    """Return the table of what each function loads and calls."""
    rows = []
    for name, found in result["counts"].items():
        requests = ", ".join(f"`{operation}` {size:,}" for operation, size in found["requests"]) or "none"
        artefact = result["artefacts"].get(FUNCTIONS[name].logical_id) if name in FUNCTIONS else None
        size = f"{artefact['zip'] / 1e6:.2f} MB, {artefact['files']:,}" if artefact else ""
        rows.append([f"`{name}`", f"{found['modules']:,}", f"{found['files']:,}", requests, size])
    return table(["event", "modules", "opened files", "requests, bytes sent", "zip file, files"], rows)


def bytecode(result: Result) -> str:
    """Return the sentence about the bytecode in the zip files."""
    if not result["artefacts"]:
        return "There was no build, so the sizes of the zip files are missing."
    if all(artefact["has_bytecode"] for artefact in result["artefacts"].values()):
        return "The zip files contain bytecode."
    return "The zip files contain no bytecode, because the build did not find the Python of the runtime."


def sign_ins(result: Result) -> str:
    """Return the table of the sign-ins."""
    return table(
        ["sign-ins at the same time", "all calls of Cognito, ms", "from InitiateAuth to the message, ms"],
        (
            [parallel, quartile_cell(found["sign_in"]), quartile_cell(found["message"])]
            for parallel, found in result["sign_ins"].items()
        ),
    )


def growth(result: Result) -> str:
    """Return the table of the growing tables."""
    return table(
        ["subjects in the table", "issue a code, ms", "check a code, ms"],
        (
            [f"{int(subjects):,}", quartile_cell(found["issue"]), quartile_cell(found["check"])]
            for subjects, found in result["growth"]["subjects"].items()
        ),
    )


def parallel(result: Result) -> str:
    """Return the table of many answers for one subject."""
    return table(
        [
            "answers at once",
            "compared with the code",
            "writes",
            "KMS calls",
            "ms to the last response",
        ],
        (
            [answers, str(found["checked"]), str(found["writes"]), str(found["macs"]), _short(found["ms"])]
            for answers, found in result["growth"]["parallel"].items()
        ),
    )


def measured_functions(result: Result, template: Mapping[str, Any]) -> list[MeasuredFunction]:
    """Return the functions with their measured figures."""
    found = []
    for name in _functions(result):
        start = statistics.median(times(result, name, "start_cpu"))
        found.append(
            MeasuredFunction(
                name=name,
                start_cpu=start / 1000,
                first_cpu=statistics.median(times(result, name, "cpu")) / 1000 - start / 1000,
                warm_cpu=result["warm"][name]["loopback"]["cpu"][1] / 1000,
                memory_mb=_memory(result, name),
                calls=[operation for operation, _ in result["counts"][name]["requests"]],
                time_out=property_of(template, name, "Timeout"),
            )
        )
    return found


def memory(functions: Sequence[MeasuredFunction], template: Mapping[str, Any]) -> str:
    """Return the table of the memory sizes."""
    rows = []
    for function in functions:
        cells = [
            f"{function.cold(size):.2f} s, {_MILLION * function.price(size):.2f}"
            if function.fits(size)
            else ""
            for size in SIZES
        ]
        sizes = function.cheapest, property_of(template, function.name, "MemorySize")
        rows.append([f"`{function.name}`", *cells, *(f"{size:,}" for size in sizes)])
    return table(["function", *(f"{size:,} MB" for size in SIZES), "cheapest", "template"], rows)


def _sign_in(path: Sequence[MeasuredFunction], sizes: Mapping[str, int]) -> tuple[float, float, float]:
    """Return the seconds of a sign-in with cold and with warm functions, and its price in USD.

    `path` has the functions of a sign-in, and `sizes` the memory of each one in MB.
    """
    cold, warm, price = 0.0, 0.0, 0.0
    for function in path:
        count, size = _INVOCATIONS.get(function.name, 1), sizes[function.name]
        # Only the first of several invocations is cold.
        cold += function.cold(size) + (count - 1) * function.warm(size)
        warm += count * function.warm(size)
        price += count * function.price(size)
    return cold, warm, price


def summary(functions: Sequence[MeasuredFunction], template: Mapping[str, Any]) -> dict[str, str]:
    """Return the times of a sign-in and of `create` for the first paragraph, with the template's sizes."""
    path = [function for function in functions if function.name in SIGN_IN_FUNCTIONS]
    sizes = {function.name: property_of(template, function.name, "MemorySize") for function in path}
    cold, warm, _ = _sign_in(path, sizes)
    (create,) = (function for function in path if function.name == "create_auth_challenge")
    return {
        "all_cold": f"{cold:.2f} s",
        "all_warm": f"{warm:.2f} s",
        "create_cold": f"{create.cold(sizes[create.name]):.2f} s",
    }


def whole_sign_in(functions: Sequence[MeasuredFunction], template: Mapping[str, Any]) -> str:
    """Return the table of a sign-in by email with the sizes of the template and with smaller ones."""
    path = [function for function in functions if function.name in SIGN_IN_FUNCTIONS]
    today = {function.name: property_of(template, function.name, "MemorySize") for function in path}
    choices = {
        "the cheapest for each function": {function.name: function.cheapest for function in path},
        f"{_SMALLER_MB} MB for each function": dict.fromkeys(today, _SMALLER_MB),
        f"template, but {_SMALLER_MB} MB for `deliver`": today | {"deliver": _SMALLER_MB},
        "template": today,
    }
    rows = []
    for label, sizes in choices.items():
        cold, warm, price = _sign_in(path, sizes)
        chosen = ", ".join(f"{sizes[function.name]:,}" for function in path)
        rows.append([label, chosen, f"{cold:.2f} s", f"{warm:.2f} s", f"{_MILLION * price:.2f}"])
    names = ", ".join(f"`{function.name.partition('_')[0]}`" for function in path)
    return table(["sizes", f"MB of {names}", "all cold", "all warm", "USD for a million"], rows)


def snapstart(functions: Sequence[MeasuredFunction], template: Mapping[str, Any]) -> str:
    """Return the table of SnapStart's time and price, for the functions that the template offers it for."""
    rows = []
    for function in functions:
        if "SnapStart" not in template["Resources"][FUNCTIONS[function.name].logical_id]["Properties"]:
            continue
        size = property_of(template, function.name, "MemorySize")
        rows.append(
            [
                f"`{function.name}`",
                f"{size:,}",
                f"{function.cold(size):.2f} s",
                f"the restore and {memory_sizes.snapstart_cold(function, size):.2f} s",
                f"{_MILLION * memory_sizes.start_price(function, size):.2f}",
                f"{_MILLION * memory_sizes.restore_price(size):.2f}",
                f"{memory_sizes.cache_price(size):.2f}",
            ]
        )
    heads = [
        "function",
        "MB",
        "start and first event",
        "restore and first event with SnapStart",
        "USD for a million starts",
    ]
    return table([*heads, "USD for a million restores", "USD a month for the cache"], rows)


def chart(result: Result) -> BarChart:
    """Return the chart of the cold starts."""
    bars = []
    for name in _functions(result):
        floor = f"{name}{FLOOR}"
        start = statistics.median(above_bare(result, name, "start_cpu"))
        first = max(statistics.median(above_bare(result, name, "cpu")) - start, 0)
        mark = statistics.median(above_bare(result, floor, "cpu")) if floor in result["cold"] else None
        bars.append(Bar(name, (start, first), mark))
    return BarChart(
        "CPU time of a cold start above the bare interpreter",
        "milliseconds, medians",
        ("start: imports and clients", "first event"),
        "plain botocore with the same clients and calls",
        bars,
    )


def page(result: Result) -> str:
    """Return docs/performance.md."""
    template = load(str(TEMPLATE))
    functions = measured_functions(result, template)
    machine, load_range = result["machine"], result["load"]
    operations = Counter(
        operation for name in SIGN_IN_FUNCTIONS for operation, _ in result["counts"][name]["requests"]
    )
    values = {
        "machine": (
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory']} of memory, "
            f"{machine['system']}, Python {machine['python']}, botocore {machine['botocore']}"
        ),
        "load": (
            f"The load average was {load_range[0]} before the run, "
            + (
                "because other programs used the processors. Compare only figures of one table."
                if load_range[0] > _BUSY
                else "so other programs used little CPU time."
            )
            + f" It was {load_range[1]} after the run."
        ),
        "runs": str(result["runs"]),
        "calls": f"{result['calls']:,}",
        "cold": cold(result),
        "floors": floors(result),
        "base": base(result),
        "warm": warm(result),
        "counts": counts(result),
        "bytecode": bytecode(result),
        "sign_in_calls": ", ".join(f"{count} `{name}`" for name, count in sorted(operations.items())),
        "sign_ins": sign_ins(result),
        "growth": growth(result),
        "parallel": parallel(result),
        "memory": memory(functions, template),
        "whole": whole_sign_in(functions, template),
        "snapstart": snapstart(functions, template),
        **summary(functions, template),
        "cold_share": f"{COLD:.0%}",
        "region": REGION,
        "looked_up": LOOKED_UP,
    }
    text = Path(__file__).with_name("performance.md.in").read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    return text


def files(result: Result) -> dict[Path, str]:
    """Return the text of the page and of the charts, by path."""
    return {PAGE: page(result)} | {path: chart(result).svg(look) for path, look in CHARTS.items()}


def recorded() -> dict[str, Any]:
    """Return the figures of the last recorded run."""
    found: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))
    return found
