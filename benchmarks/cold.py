"""Measure the CPU time of cold starts: whole processes that import a handler and make its clients.

    python -m benchmarks.cold [--runs 15] [--base CHECKOUT] [FUNCTION ...]

Each round runs one process of each kind in turn, so that a busy machine slows all of them down alike. A row
has the median and the quartiles of the user and system time above the bare interpreter of the same round, in
milliseconds, and the median of the ratio to plain botocore with two clients. With `--base`, the same
functions of another checkout are measured in the same rounds.
"""

import argparse
import os
import statistics
from collections.abc import Mapping
from pathlib import Path

from benchmarks.imports import command, environment
from tools.artefacts import aws_models

BARE, PLAIN = "bare interpreter", "plain botocore"
# The clients of `create`, without anything else.
PLAIN_BOTOCORE = (
    "from botocore.session import get_session\n"
    "session = get_session()\n"
    "session.create_client('dynamodb'), session.create_client('sqs')"
)
# A setting that earlier versions had.
_FORMER = {"QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"}
NAMES = (
    *("define_auth_challenge", "create_auth_challenge", "verify_auth_challenge", "deliver"),
    *("hosted_sign_in", "token_api"),
)
ROW = "{:32}{:>9}{:>9}{:>9}{:>9}"


def cpu_ms(statement: str, environ: Mapping[str, str]) -> float:
    """Run `statement` in a process. Return its user and system time in milliseconds.

    Raises RuntimeError if the process fails.
    """
    run = command(statement)
    process = os.posix_spawn(run[0], run, environ)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{statement!r} failed with the status {status}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def kinds(functions: tuple[str, ...], base: Path | None) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the statement and the environment of each kind of process, by its name."""
    found = {
        BARE: ("pass", environment("define_auth_challenge")),
        PLAIN: (PLAIN_BOTOCORE, environment("create_auth_challenge")),
    }
    for name in functions:
        found[name] = (f"import {name}", environment(name))
        if base:
            settings = environment(name) | _FORMER | {"PYTHONPATH": str(base / "triggers")}
            found[f"{name} (base)"] = (f"import {name}", settings)
    return found


def measure(functions: tuple[str, ...], runs: int, base: Path | None = None) -> dict[str, list[float]]:
    """Return the CPU times of each kind of process, one for each round, in milliseconds."""
    aws_models.write()
    processes = kinds(functions, base)
    rounds = [{name: cpu_ms(*process) for name, process in processes.items()} for _ in range(runs + 1)]
    # The first round fills the file cache and writes the bytecode.
    return {name: [each[name] for each in rounds[1:]] for name in processes}


def table(measured: Mapping[str, list[float]]) -> str:
    """Return the table of the measured times."""
    bare = measured[BARE]
    above = {name: [a - b for a, b in zip(times, bare, strict=True)] for name, times in measured.items()}
    lines = [ROW.format("CPU above the interpreter, ms", "median", "lower", "upper", "ratio")]
    low, middle, high = statistics.quantiles(bare, n=4)
    lines.append(ROW.format(f"{BARE} (whole)", f"{middle:.1f}", f"{low:.1f}", f"{high:.1f}", ""))
    for name in [name for name in above if name != BARE]:
        low, middle, high = statistics.quantiles(above[name], n=4)
        ratio = statistics.median(a / b for a, b in zip(above[name], above[PLAIN], strict=True))
        lines.append(ROW.format(name, f"{middle:.1f}", f"{low:.1f}", f"{high:.1f}", f"{ratio:.2f}"))
    return "\n".join(lines)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("functions", nargs="*", default=NAMES, metavar="FUNCTION")
    parser.add_argument("--runs", type=int, default=15, help="rounds (default: 15)")
    parser.add_argument("--base", type=Path, help="another checkout to compare with")
    options = parser.parse_args()
    print(table(measure(tuple(options.functions), options.runs, options.base)))


if __name__ == "__main__":
    main()
