"""One function's artefact: its handler, what that reaches by import, and nothing else.

    cd triggers && python ../tools/artefacts/build.py LOGICAL_ID FOLDER [DATA ...]

`sam build` calls it through triggers/Makefile. Any Python from 3.11 on does, on any machine: it needs only
the standard library and pip. FOLDER gets the artefact; DATA are files that the function reads, or folders of
such files.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Set
from modulefinder import ModuleFinder
from pathlib import Path
from tempfile import TemporaryDirectory

# What the Lambda runtime brings along. Shipping it as well would cost size at every cold start.
RUNTIME = {"boto3", "botocore"}

# Of template.yaml's Runtime and Architectures, as pip names them.
TARGET = ["--platform=manylinux2014_aarch64", "--python-version=3.13", "--implementation=cp"]

# Inside packages that are shipped: place names, carriers, time zones, the scripts of a web page. No door has
# a use for them, and they are seven eighths of the weight.
BALLAST = (
    "phonenumbers/geodata/*",
    "phonenumbers/carrierdata/*",
    "phonenumbers/tzdata/*",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
    "urllib3/contrib/emscripten/*",
    "*.pyi",
    "*/py.typed",
    "*/__pycache__/*",
)

# What Powertools and PyJWT use where they find it, so a search through their code always does. They would be
# most of an artefact, and go only to a door that names one of those beside them.
OPTIONAL = {
    "pydantic": {"pydantic"},
    "pydantic_core": {"pydantic"},
    "cryptography": {"cryptography", "aws_encryption_sdk"},
}

# What a native library imports by itself, where no search of Python code sees it.
BEHIND = {"cryptography": "_cffi_backend.*"}

# One module for each standard that there is, none of which loads another by its name: the reached ones do.
ONE_BY_ONE = {"pyasn1_modules"}

# The oldest time that a zip can hold, so that the same sources give the same bytes.
LONG_AGO = 315_532_800


class NotShippable(Exception):
    """The artefact cannot be complete. The text says what to do."""


def build(handler: Path, artefact: Path, data: Iterable[str]) -> None:
    """Fill the folder `artefact` for `handler`, a file in the folder of the sources."""
    source = handler.parent
    files, foreign = reached(handler, [source])
    for name in data:
        files |= set(files_below(source / name))
    ship(files, source, artefact)
    if foreign:
        with TemporaryDirectory() as packages:
            install(source / "requirements.txt", packages)
            ship(of_packages(handler, foreign, Path(packages)), Path(packages), artefact)


def reached(handler: Path, path: list[Path], without: Set[str] = frozenset()) -> tuple[set[Path], set[str]]:
    """The files below `path` that `handler` imports, wherever in the code it does, and the names of the
    packages that are neither there nor in the standard library or the runtime. `without` is passed over."""
    finder = ModuleFinder([str(folder) for folder in path], excludes=without)
    finder.run_script(str(handler))
    origins = (vars(module)["__file__"] for module in finder.modules.values())
    files = {Path(origin) for origin in origins if origin}
    missing = {name.partition(".")[0] for name in finder.any_missing()}
    return files, missing - sys.stdlib_module_names - RUNTIME


def install(requirements: Path, into: str) -> None:
    """Put the wheels for Lambda, checked by their hashes, into a folder. They are never run here."""
    fixed = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", *TARGET]
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *fixed]
    subprocess.run([*command, "--target", into, "--requirement", str(requirements)], check=True)


def of_packages(handler: Path, foreign: set[str], packages: Path) -> set[Path]:
    """The files of the `foreign` packages and of those that they need in turn.

    A package goes whole, because most load parts of themselves by a name that no search finds.
    """
    without = {name for name, wanted_by in OPTIONAL.items() if not wanted_by & foreign}
    files, _ = reached(handler, [handler.parent, packages], without)
    tops = {file.relative_to(packages).parts[0] for file in files if file.is_relative_to(packages)}
    tops |= {file.name for top in tops & BEHIND.keys() for file in packages.glob(BEHIND[top])}
    if lacking := foreign - {top.removesuffix(".py") for top in tops}:
        raise NotShippable(
            f"triggers/requirements.txt lacks {', '.join(sorted(lacking))}, which {handler.name} needs. "
            "Add it to triggers/requirements.in and lock that again."
        )
    whole = {file for top in tops - ONE_BY_ONE for file in files_below(packages / top)}
    parts = {file for file in files if file.is_relative_to(packages)}
    return {file for file in whole | parts if not is_ballast(file, packages)}


def files_below(top: Path) -> Iterator[Path]:
    """The file `top`, or all files in the folder."""
    return iter([top]) if top.is_file() else (file for file in top.rglob("*") if file.is_file())


def is_ballast(file: Path, packages: Path) -> bool:
    """Whether a function runs as well without `file`."""
    return any(file.relative_to(packages).match(pattern) for pattern in BALLAST)


def ship(files: Iterable[Path], root: Path, artefact: Path) -> None:
    """Copy `files` with their places below `root`, but with no trace of when and by whom they were made."""
    for file in files:
        place = artefact / file.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
        place.chmod(0o644)
        os.utime(place, (LONG_AGO, LONG_AGO))


def handler_of(logical_id: str) -> str:
    """The file of a function: `DefineAuthChallenge` is define_auth_challenge.py."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id).lower() + ".py"


def main(logical_id: str, artefact: str, *data: str) -> str | None:
    """Build, and answer why it could not be done, if it could not."""
    handler = Path(handler_of(logical_id)).absolute()
    if not handler.exists():
        return (
            f"There is no triggers/{handler.name} for {logical_id} of template.yaml. Write it, or rename one."
        )
    try:
        build(handler, Path(artefact), data)
    except NotShippable as error:
        return str(error)
    except subprocess.CalledProcessError:
        return "pip could not get the packages of triggers/requirements.txt. Its reason stands above."
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
