"""Measure the functions and whole sign-ins, and write docs/performance.md: `make bench`.

    python -m benchmarks.performance [--runs 15] [--base COMMIT] [--built FOLDER]
    python -m benchmarks.performance --growth --subjects 1000 10000 100000 1000000
    python -m benchmarks.performance --page

A run takes less than ten minutes on an idle machine with two cores, and prints its progress. It records its
figures in benchmarks/performance.json, and writes the page from them. `--growth` measures only growing
tables, and keeps the other figures. `--page` writes the page from the recorded figures. A run that fails, or
that Ctrl-C stops, writes nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks import growth, performance_page, processes, sign_ins, warm
from benchmarks.fake_aws import on_loopback
from benchmarks.imports import ROOT
from tools.artefacts import aws_models, sizes
from tools.local_stack.errors import StackError

SECOND_EVENT = "token_api /verifyToken"
PARALLEL_SIGN_INS = (1, 16)

Result = dict[str, Any]
_BEGAN = monotonic()


def progress(text: str) -> None:
    """Print a step of the run, with the time since its start."""
    minutes, seconds = divmod(int(monotonic() - _BEGAN), 60)
    print(f"[{minutes}:{seconds:02}] {text}", file=sys.stderr, flush=True)


def in_steps(text: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the names, and print each of them as a step."""
    for name in names:
        progress(f"{text}: {name}")
        yield name


def measure(options: argparse.Namespace) -> Result:
    """Run all measurements. Return the figures."""
    progress("counting modules, opened files and requests")
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
        progress(f"cold starts: functions: {len(names)}, rounds: {options.runs}")
        result["cold"] = processes.as_json(processes.measure(names, options.runs, counts, base, progress))
    result["warm"] = measure_warm(in_steps("warm invocations", counts), options.calls)
    result["artefacts"] = artefacts(options.built)
    progress("starting the local stack")
    with sign_ins.local_stack() as running:
        result["sign_ins"] = {}
        for parallel in PARALLEL_SIGN_INS:
            progress(f"whole sign-ins: {options.sign_ins}, at the same time: {parallel}")
            result["sign_ins"][str(parallel)] = sign_ins.measure(running, parallel, options.sign_ins)
        progress("growing tables and parallel answers")
        result["growth"] = growth.measure(running, options.subjects, options.samples)
    result["load"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    return result


def measure_warm(names: Iterable[str], calls: int) -> Result:
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
    """Write the folder triggers/ of a commit into `folder`. Return its path."""
    archive = folder / "triggers.tar"
    # The suffix keeps git from reading the name of a commit as an option.
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
        compiled = any(file.suffix == ".pyc" for file in files)
        size = sizes.zip_size(artefact, files)
        found[artefact.name] = {"files": len(files), "zip": size, "has_bytecode": compiled}
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


def _positive(text: str) -> int:
    """Read a number from the command line. Raises ArgumentTypeError if it is not a whole number above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0.")
    return int(text)


def _commit(text: str) -> str:
    """Return a commit from the command line. Raises ArgumentTypeError if it has no folder triggers/."""
    command = ["git", "rev-parse", "--quiet", "--verify", "--end-of-options", f"{text}^{{commit}}:triggers"]
    if text and subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode:
        raise argparse.ArgumentTypeError(f"this repository has no commit {text!r} with a folder triggers/.")
    return text


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line. Raises SystemExit with the reason if an option is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.performance", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "--runs", type=_positive, metavar="N", default=15, help="processes of each kind (default: 15)"
    )
    parser.add_argument(
        "--calls",
        type=_positive,
        metavar="N",
        default=1_000,
        help="warm invocations of each event (default: 1,000)",
    )
    parser.add_argument(
        "--sign-ins",
        type=_positive,
        metavar="N",
        default=32,
        help="whole sign-ins, once one at a time and once 16 (default: 32)",
    )
    parser.add_argument(
        "--samples",
        type=_positive,
        metavar="N",
        default=100,
        help="codes for each size of the table (default: 100)",
    )
    parser.add_argument(
        "--base", type=_commit, metavar="COMMIT", default="", help="another commit to measure in the same run"
    )
    parser.add_argument(
        "--built", type=Path, metavar="FOLDER", help="output of `make build`, for the sizes of the zip files"
    )
    parser.add_argument(
        "--subjects",
        type=_positive,
        nargs="+",
        metavar="N",
        default=[1_000, 10_000],
        help="sizes of the table in subjects, the smallest first (default: 1000 10000)",
    )
    parser.add_argument(
        "--growth", action="store_true", help="measure only growing tables, and keep the other figures"
    )
    parser.add_argument(
        "--page", action="store_true", help="measure nothing, and write the page from the recorded figures"
    )
    parser.add_argument(
        "--recorded",
        type=Path,
        metavar="FILE",
        default=performance_page.RECORDED,
        help="file of the figures (default: benchmarks/performance.json). Another file: no page",
    )
    parser.add_argument(
        "--functions",
        nargs="+",
        choices=processes.all_functions(),
        metavar="NAME",
        default=processes.all_functions(),
        help="functions to measure, such as deliver (default: all). Needs --recorded",
    )
    options = parser.parse_args(arguments)
    if options.built and not options.built.is_dir():
        parser.error(f"argument --built: there is no folder {options.built}. Run `make build` first.")
    if options.subjects != sorted(options.subjects):
        parser.error("argument --subjects: give the smallest table first, because the table only grows.")
    if (options.page or options.growth) and not options.recorded.exists():
        parser.error(f"argument --recorded: there is no file {options.recorded}. Run `make bench` first.")
    if options.recorded == performance_page.RECORDED and set(options.functions) < set(
        processes.all_functions()
    ):
        parser.error("argument --functions: the page has all functions. Name another file with --recorded.")
    return options


def run(options: argparse.Namespace) -> None:
    """Measure, record the figures and write the page."""
    recorded: Path = options.recorded
    if options.page:
        result = json.loads(recorded.read_text("utf-8"))
    elif options.growth:
        result = json.loads(recorded.read_text("utf-8"))
        progress("starting the local stack")
        with sign_ins.local_stack() as running:
            progress("growing tables and parallel answers")
            result["growth"] = growth.measure(running, options.subjects, options.samples)
    else:
        result = measure(options)
    lines = (f" {json.dumps(name)}: {json.dumps(value)}" for name, value in result.items())
    files = {recorded: "{\n" + ",\n".join(lines) + "\n}\n"}
    if recorded == performance_page.RECORDED:
        files |= performance_page.files(result)
    # Everything is computed before the first write, so an error leaves the former files.
    for path, text in files.items():
        path.write_text(text, "utf-8")
        progress(f"wrote {path}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark of the command line. Raises SystemExit if it fails."""
    options = read_options(arguments)
    try:
        run(options)
    except KeyboardInterrupt:
        sys.exit("Interrupted. Nothing was written.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr or ''}Nothing was written.")
    except (RuntimeError, StackError) as error:
        sys.exit(f"{error}\nNothing was written.")


if __name__ == "__main__":
    main()
