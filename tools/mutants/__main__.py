"""Change the code in many small ways, and list the changes that no fast unit test detects: the survivors.

    python -m tools.mutants MUTMUT_PYTHON [MUTANT ...]

MUTMUT_PYTHON is the interpreter of the environment that has mutmut. MUTANT limits the run to matching names,
such as 'passcode.sign_in.verify.*'. accepted.toml lists survivors that are harmless, with reasons. The exit
code is 1 if there are other survivors, or if a full run does not find an accepted one. A failure of mutmut
gives mutmut's exit code.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from tools.mutants.survivors import Mutant, parse_mutant, read_accepted, survivor_names

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORK = ROOT / ".local" / "mutants"

# mutmut derives module names from paths, and src/ is the only import root that it knows.
SOURCES = {"triggers": "src", "tools": "tools"}
TESTS = ("support", "events", "token_service", "sign_in", "channels", "contract")


def prepare() -> None:
    """Copy the sources and the fast tests into an empty work folder, and configure mutmut there."""
    shutil.rmtree(WORK, ignore_errors=True)
    folders = SOURCES | {f"tests/{name}": f"tests/{name}" for name in TESTS}
    for source, target in folders.items():
        shutil.copytree(ROOT / source, WORK / target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "work.toml", WORK / "pyproject.toml")
    shutil.copy(HERE / "work_conftest.py", WORK / "tests" / "conftest.py")


def mutmut(python: str, *arguments: str, capture: bool = True) -> str:
    """Run mutmut in the work folder and return its output, or show it. Raises `CalledProcessError`."""
    # mutmut runs the tests in its own process, so it needs the packages of this environment too.
    environment = os.environ | {"PYTHONPATH": sysconfig.get_path("purelib")}
    command = [python, "-m", "mutmut", *arguments]
    output = subprocess.PIPE if capture else None
    return subprocess.run(command, cwd=WORK, env=environment, check=True, stdout=output, text=True).stdout


def find_survivors(python: str) -> list[Mutant]:
    """Return the mutants that no test detects, by file and line."""
    mutants = [
        parse_mutant(name, status, mutmut(python, "show", name), ROOT / "triggers")
        for name, status in survivor_names(mutmut(python, "results"))
    ]
    return sorted(mutants, key=lambda mutant: (mutant.file, mutant.line))


def main(python: str, *selected: str) -> int:
    """Run mutmut and print the survivors. Return the exit code."""
    began = time.monotonic()
    python = str(Path(python).absolute())
    prepare()
    try:
        mutmut(python, "run", *selected, capture=False)
    except subprocess.CalledProcessError as error:
        print("mutmut failed. Its output is above.", file=sys.stderr)
        return error.returncode
    mutants = find_survivors(python)
    reasons = read_accepted()
    unknown = [mutant for mutant in mutants if mutant.change not in reasons]
    known = {mutant.change for mutant in mutants} & reasons.keys()
    accepted = len(mutants) - len(unknown)
    print(f"\n{len(mutants)} survivors. tools/mutants/accepted.toml accepts {accepted} of them.")
    for mutant in unknown:
        print(f"\ntriggers/{mutant.file}:{mutant.line}  {mutant.status}  {mutant.name}")
        print(f"  - {mutant.change.before}\n  + {mutant.change.after}")
    stale = [] if selected else sorted(reasons.keys() - known)
    for change in stale:
        print(f"\nThis accepted mutant does not survive. Remove it: {change.file}: {change.after}")
    print(f"\n{time.monotonic() - began:.0f} s")
    return 1 if unknown or stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
