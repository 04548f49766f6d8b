"""`python -m tools.install`: the progress of pip in one line, and its errors."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import install

# Lines of pip 24, with three packages that it gets, one that is there, one for another system.
OUTPUT = """\
Ignoring colorama: markers 'sys_platform == "win32"' don't match your environment
Looking in links: /wheels
Requirement already satisfied: six==1.17.0 in ./lib (from -r a.lock (line 1)) (1.17.0)
Collecting botocore==1.44.8 (from -r a.lock (line 2))
  Downloading botocore-1.44.8-py3-none-any.whl (16.9 MB)
Collecting idna==3.20 (from -r a.lock (line 3))
  Using cached idna-3.20-py3-none-any.whl (65 kB)
Processing /wheels/rich-15.0.0-py3-none-any.whl (from -r a.lock (line 4))
Installing collected packages: botocore, idna, rich
Successfully installed botocore-1.44.8 idna-3.20 rich-15.0.0
"""


def test_the_line_names_the_file_that_pip_waits_for() -> None:
    progress = install.Progress(5)
    lines = []
    for line in OUTPUT.splitlines(keepends=True):
        progress.read(line)
        lines.append(progress.line)
    assert list(dict.fromkeys(lines)) == [
        "1 of 5",
        "2 of 5",
        "3 of 5",
        "3 of 5: botocore (16.9 MB)",
        "4 of 5",
        "4 of 5: idna (65 kB)",
        "5 of 5",
        "All packages are downloaded. Copying their files …",
    ]


def run(lock: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.install", str(lock)],
        cwd=Path(__file__).parents[2],
        env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(lock.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "some.lock"


def test_the_reason_of_a_failure_is_shown(lock: Path) -> None:
    lock.write_text(f"no-such-package==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    done = run(lock)
    assert done.returncode == 1
    assert "No matching distribution found for no-such-package==1.0" in done.stderr
    assert f"pip could not install {lock}" in done.stderr


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("", "Hashes are required"),
        (f" --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES"),
    ],
)
def test_a_package_without_its_hash_is_refused(lock: Path, end: str, reason: str) -> None:
    with zipfile.ZipFile(lock.with_name("nothing-1.0-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(
            "nothing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n"
        )
    lock.write_text(f"nothing==1.0{end}\n")
    done = run(lock)
    assert done.returncode == 1
    assert reason in done.stderr


def test_without_a_terminal_only_the_start_and_the_end_are_shown(lock: Path) -> None:
    lock.write_text("# Nothing to install.\n")
    lines = run(lock).stdout.splitlines()
    assert lines[0].startswith(f"Installing the 0 packages of {lock} into ")
    assert [line.startswith("Installed in ") for line in lines[1:]] == [True]
