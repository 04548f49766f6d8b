"""Install the packages of a lock file with pip, and show the progress on one line.

`python -m tools.install LOCK [--compile]`. It imports the standard library only, because it runs before any
package is installed.
"""

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import deque
from pathlib import Path

# pip's first line about a package: pip looks for it, has its file, finds it installed, or leaves it out.
_ONE_PACKAGE = re.compile(r"(?:Collecting|Processing|Requirement already satisfied:|Ignoring) ")
# pip writes the reason of a failure last, in a few lines.
_LAST_LINES = 20
_FILE = re.compile(r"\s+(?:Downloading|Using cached) (?:\S*/)?([\w.]+)-\S+( \(.*\))?")


class Progress:
    """Counts the packages in the output of pip. `line` describes the progress; it is empty at first."""

    def __init__(self, total: int) -> None:
        self.line = ""
        self._total, self._count = total, 0

    def read(self, output: str) -> None:
        """Read one line of pip's output."""
        if _ONE_PACKAGE.match(output):
            self._count += 1
            self.line = f"{self._count} of {self._total}"
        elif found := _FILE.match(output):
            self.line = f"{self._count} of {self._total}: {found[1]}{found[2] or ''}"
        elif output.startswith("Installing collected packages"):
            self.line = "All packages are downloaded. Copying their files …"


def install(lock: Path, *, compiles: bool) -> int:
    """Install the packages of `lock` into the environment of this Python. Returns the exit code of pip.

    With `compiles`, all modules of the environment are compiled. Else Python compiles a module on its import.
    """
    total = len(re.findall(r"^\S+==", lock.read_text("utf-8"), re.MULTILINE))
    print(f"Installing the {total} packages of {lock} into {Path(sys.prefix).name} …", flush=True)
    started_at = time.monotonic()
    # The lock lists every package. --no-deps is needed because pip cannot resolve extras with hashes.
    options = ["--require-hashes", "--no-deps", "--no-compile", "--no-input", "--disable-pip-version-check"]
    options += ["--progress-bar", "off", "--requirement", str(lock)]
    output, progress = deque[str](maxlen=_LAST_LINES), Progress(total)
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "pip", "install", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as pip:
        for line in pip.stdout or ():
            output.append(line)
            progress.read(line)
            _show(progress.line)
    if pip.returncode == 0 and compiles:
        _compile()
    _show("")
    if pip.returncode == 0:
        print(f"Installed in {time.monotonic() - started_at:.0f} seconds.")
    else:
        print("".join(output), f"pip could not install {lock}.", file=sys.stderr)
    return pip.returncode


def _compile() -> None:
    _show("Compiling all modules …")
    folder = sysconfig.get_path("purelib")
    # In the tests a warning is an error, and Python warns of old syntax when it compiles a module.
    # The exit code has no meaning, because some packages have files for other versions of Python.
    command = [sys.executable, "-W", "ignore", "-m", "compileall", "-qq", "-j", "0", folder]
    subprocess.run(command, check=False)


def _show(line: str) -> None:
    """Replace the last line of a terminal. A file or a pipe gets no progress."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{line[:width]}", end="", flush=True)


def main() -> int:
    """Read the arguments, install, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.install", description="Install a lock file with pip."
    )
    parser.add_argument("lock", type=Path, help="such as requirements.lock")
    parser.add_argument("--compile", action="store_true", help="compile all modules, also those of before")
    arguments = parser.parse_args()
    try:
        return install(arguments.lock, compiles=arguments.compile)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
