"""Measure the functions and whole sign-ins, and write docs/performance.md: `make bench`.

    python -m benchmarks.performance [--runs 15] [--base COMMIT] [--built FOLDER]
    python -m benchmarks.performance --growth --subjects 1000 10000 100000 1000000
    python -m benchmarks.performance --page

A run takes less than ten minutes on an idle machine with two cores. It records its figures in
benchmarks/performance.json, from which the page is written. `--growth` measures only growing tables, and
keeps the other figures. `--page` writes the page from the recorded figures.
"""

import argparse
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import growth, performance_page, processes, sign_ins, warm
from benchmarks.fake_aws import on_loopback
from benchmarks.imports import ROOT
from tools.artefacts import aws_models, sizes

SECOND_EVENT = "token_api /verifyToken"
PARALLEL_SIGN_INS = (1, 16)

Result = dict[str, Any]


def measure(options: argparse.Namespace) -> Result:
    """Run all measurements. Return the figures."""
    aws_models.write()
    names = tuple(options.functions)
    result: Result = {
        "machine": machine(),
        "runs": options.runs,
        "calls": options.calls,
        "base": options.base,
    }
    load = os.getloadavg()[0]
    counts = processes.count_all([*names, *([SECOND_EVENT] if "token_api" in names else [])])
    result["counts"] = {
        name: {"modules": found.modules, "files": found.files, "requests": found.requests}
        for name, found in counts.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        base = checked_out(options.base, Path(folder)) if options.base else None
        result["cold"] = processes.as_json(processes.measure(names, options.runs, counts, base))
    result["warm"] = measure_warm(tuple(counts), options.calls)
    result["artefacts"] = artefacts(options.built)
    with sign_ins.local_stack() as running:
        result["sign_ins"] = {
            str(parallel): sign_ins.measure(running, parallel, options.sign_ins)
            for parallel in PARALLEL_SIGN_INS
        }
        result["growth"] = growth.measure(running, options.subjects, options.samples)
    result["load"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    return result


def measure_warm(names: Sequence[str], calls: int) -> Result:
    """Return the warm times of each event: with AWS in process, and on a loopback port."""
    made, items = processes.make_events()
    with on_loopback() as fake:
        fake.aws.items.update(items)
        return {
            name: {
                "in_process": warm.measure(name, made[name], items, calls),
                "loopback": warm.measure(name, made[name], items, calls, fake.short),
            }
            for name in names
        }


def checked_out(commit: str, folder: Path) -> Path:
    """Write the folder triggers/ of a commit into `folder`. Return its path.

    Raises CalledProcessError if there is no such commit.
    """
    archive = folder / "triggers.tar"
    # No option can follow from a name of a commit, because of the suffix.
    tree = f"{commit}^{{commit}}"
    subprocess.run(["git", "archive", f"--output={archive}", tree, "triggers"], cwd=ROOT, check=True)  # noqa: S607
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)  # noqa: S607
    return folder / "triggers"


def artefacts(built: Path | None) -> Result:
    """Return the number of files and the bytes of the zip file of each artefact, by logical id."""
    if built is None:
        return {}
    found = {}
    for artefact in sorted(folder for folder in built.iterdir() if folder.is_dir()):
        files = [file for file in artefact.rglob("*") if file.is_file()]
        found[artefact.name] = {"files": len(files), "zip": sizes.zip_size(artefact, files)}
    return found


def machine() -> dict[str, str]:
    """Return a description of this machine, without its name."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": platform.system(),
        "python": platform.python_version(),
        "botocore": version("botocore"),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, record the figures and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="processes of each kind (default: 15)")
    parser.add_argument("--calls", type=int, default=1_000, help="warm invocations (default: 1,000)")
    parser.add_argument("--sign-ins", type=int, default=32, help="sign-ins at each rate (default: 32)")
    parser.add_argument("--samples", type=int, default=100, help="codes for each table size (default: 100)")
    parser.add_argument("--base", default="", help="a commit to measure in the same run")
    parser.add_argument("--built", type=Path, help="the folder of `make build`, for the sizes")
    parser.add_argument("--subjects", type=int, nargs="+", default=[1_000, 10_000], help="table sizes")
    parser.add_argument("--growth", action="store_true", help="measure only growing tables")
    parser.add_argument("--page", action="store_true", help="write only the page, from the recorded figures")
    parser.add_argument(
        "--recorded", type=Path, default=performance_page.RECORDED, help="file of the figures"
    )
    parser.add_argument(
        "--functions", nargs="+", default=processes.all_functions(), help="functions (default: all)"
    )
    options = parser.parse_args(arguments)
    recorded: Path = options.recorded
    if options.page:
        result = json.loads(recorded.read_text("utf-8"))
    elif options.growth:
        result = json.loads(recorded.read_text("utf-8"))
        with sign_ins.local_stack() as running:
            result["growth"] = growth.measure(running, options.subjects, options.samples)
    else:
        result = measure(options)
    lines = (f" {json.dumps(name)}: {json.dumps(value)}" for name, value in result.items())
    recorded.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    if recorded == performance_page.RECORDED:
        performance_page.write(result)


if __name__ == "__main__":
    main()
