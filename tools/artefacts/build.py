"""Build the artefact of one function: its handler and the modules that the handler imports.

    cd triggers && PYTHONPATH=.. python -m tools.artefacts.build LOGICAL_ID FOLDER [DATA ...]

`sam build` calls this script through triggers/Makefile. It runs on any machine with Python 3.11 or later and
pip, and needs only the standard library. It writes the artefact into FOLDER. DATA are files that the function
reads, or folders of such files. The operator's texts in the folder texts.d replace those of the function.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from io import BytesIO
from modulefinder import Module, ModuleFinder
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.artefacts import aws_models, texts

ROOT = Path(__file__).parents[2]

# Runtime and Architectures of template.yaml, in pip's names.
TARGET = ["--platform=manylinux2014_aarch64", "--python-version=3.13", "--implementation=cp"]

# Runtime of template.yaml, and the folder of an artefact in Lambda.
VERSION = (3, 13)
LAMBDA_FOLDER = "/var/task"

# Files of packages that no function uses: place names, carriers, time zones, scripts of a web page, the
# resources of boto3. They are most of the size.
UNUSED = (
    "phonenumbers/geodata/*",
    "phonenumbers/carrierdata/*",
    "phonenumbers/tzdata/*",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
    "urllib3/contrib/emscripten/*",
    "boto3/data/*/*/*",
    "boto3/examples/*",
    "botocore/data/*",
    "botocore/data/*/*/*",
    "dateutil/zoneinfo/*.tar.gz",
    "*.pyi",
    "*/py.typed",
    "*/__pycache__/*",
)

# Optional dependencies of Powertools, PyJWT and botocore, each with the packages that really need it. The
# import search always finds them, and they would be most of an artefact. A function ships one only if it
# imports one of the packages that need it. Without certifi, botocore trusts its own list of authorities.
OPTIONAL = {
    "pydantic": {"pydantic"},
    "pydantic_core": {"pydantic"},
    "cryptography": {"cryptography", "aws_encryption_sdk"},
    "boto3": {"aws_encryption_sdk", "pycognito"},
    "s3transfer": {"aws_encryption_sdk", "pycognito"},
    "certifi": {"pycognito"},
    "idna": {"pycognito", "idna"},
}

# Modules that a native library imports. The search of Python code cannot see such an import.
NATIVE_IMPORTS = {"cryptography": "_cffi_backend.*"}

# Packages of which only the imported modules are shipped. None of these modules has computed imports.
PARTLY_SHIPPED = {"pyasn1_modules"}

# The time of every file in an artefact, the oldest time in a zip file. A fixed time gives reproducible bytes.
FILE_TIME = 315_532_800


class IncompleteArtefact(Exception):
    """The artefact would be incomplete. The text says how to fix that."""


def build(handler: Path, artefact: Path, data: Iterable[str]) -> None:
    """Write the artefact of `handler`, a file in the source folder, into the folder `artefact`.

    `data` are folders in the source folder. Raises `IncompleteArtefact`, or `CalledProcessError` from pip.
    """
    source = handler.parent
    files, packages_needed = find_imports(handler, [source])
    services = services_called(files)
    for name in data:
        files |= set(files_below(source / name))
    copy_files(files, source, artefact)
    if packages_needed:
        with TemporaryDirectory() as packages:
            install(source / "requirements.txt", packages)
            wanted = package_files(handler, packages_needed, Path(packages))
            copy_files(wanted, Path(packages), artefact)
            if services:
                write_models(handler, services, Path(packages), artefact)
    compile_files(artefact)


def find_imports(
    handler: Path, path: list[Path], without: Set[str] = frozenset()
) -> tuple[set[Path], set[str]]:
    """Return the files below `path` that `handler` imports, and the names of the packages that are missing.

    Imports inside functions count, and imports for type checkers do not. Packages of the standard library are
    not missing. The search ignores the modules in `without`.
    """
    finder = RuntimeImports([str(folder) for folder in path], excludes=without)
    finder.run_script(str(handler))
    origins = (vars(module)["__file__"] for module in finder.modules.values())
    files = {Path(origin) for origin in origins if origin}
    missing = {name.partition(".")[0] for name in finder.any_missing()}
    return files, missing - sys.stdlib_module_names


class RuntimeImports(ModuleFinder):
    """Finds the modules that a script imports, except those that only a type checker imports."""

    def load_module(self, fqname: str, fp: Any, pathname: str, file_info: Any) -> Module:
        """Load one module from the open binary file `fp`, without the bodies of `if TYPE_CHECKING:`."""
        if fp and pathname.endswith(".py"):
            fp = BytesIO(without_type_checking(fp.read()))
        return super().load_module(fqname, fp, pathname, file_info)


def without_type_checking(source: bytes) -> bytes:
    """Return Python source with an empty body for each `if TYPE_CHECKING:` and `if typing.TYPE_CHECKING:`."""
    if b"TYPE_CHECKING" not in source:
        return source
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and named(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return ast.unparse(tree).encode()


def named(expression: ast.expr) -> str:
    """Return the last name of `name` or `module.name`, or an empty text for any other expression."""
    return str(getattr(expression, "id", getattr(expression, "attr", "")))


def services_called(files: Iterable[Path]) -> set[str]:
    """Return the AWS services for which these Python files make a client: `kms` for `client("kms", ...)`."""
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_bytes())))
    calls = [node for node in nodes if isinstance(node, ast.Call) and named(node.func) == "client"]
    names = (argument for call in calls for argument in call.args[:1] if isinstance(argument, ast.Constant))
    return {str(name.value) for name in names}


def install(requirements: Path, into: str) -> None:
    """Install the wheels for Lambda into a folder. pip checks their hashes and runs none of their code."""
    fixed = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", *TARGET]
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *fixed]
    subprocess.run([*command, "--target", into, "--requirement", str(requirements)], check=True)


def package_files(handler: Path, packages_needed: set[str], packages: Path) -> set[Path]:
    """Return the files of the `packages_needed` packages and of their dependencies.

    All files of a package are shipped, because most packages import some of their modules by a computed name.
    Raises `IncompleteArtefact` if a package is not installed in the folder `packages`.
    """
    without = {name for name, wanted_by in OPTIONAL.items() if not wanted_by & packages_needed}
    files, _ = find_imports(handler, [handler.parent, packages], without)
    tops = {file.relative_to(packages).parts[0] for file in files if file.is_relative_to(packages)}
    tops |= {file.name for top in tops & NATIVE_IMPORTS.keys() for file in packages.glob(NATIVE_IMPORTS[top])}
    if missing := packages_needed - {top.removesuffix(".py") for top in tops}:
        raise IncompleteArtefact(
            f"triggers/requirements.txt lacks {', '.join(sorted(missing))}, which {handler.name} imports. "
            "Add it to triggers/requirements.in and update the lock file."
        )
    whole = {file for top in tops - PARTLY_SHIPPED for file in files_below(packages / top)}
    parts = {file for file in files if file.is_relative_to(packages)}
    return {file for file in whole | parts if not is_unused(file, packages)}


def files_below(top: Path) -> Iterator[Path]:
    """Return the file `top`, or all files in the folder `top`."""
    return iter([top]) if top.is_file() else (file for file in top.rglob("*") if file.is_file())


def is_unused(file: Path, packages: Path) -> bool:
    """Return whether functions never use `file`."""
    return any(file.relative_to(packages).match(pattern) for pattern in UNUSED)


def write_models(handler: Path, services: Set[str], packages: Path, artefact: Path) -> None:
    """Write the AWS models of the operations that the function calls into `artefact`.

    They come from the botocore in the folder `packages`. Raises `IncompleteArtefact` if the function makes
    a client of a service on which it has no right.
    """
    operations = aws_models.operations_of({handler.stem})
    if missing := services - operations.keys():
        raise IncompleteArtefact(
            f"{handler.name} makes a client of {', '.join(sorted(missing))}, but its rights name no "
            "operation of this service. Add the right to tools/lambda_functions.py and template.yaml."
        )
    used = {service: operations[service] for service in services}
    models = aws_models.trimmed(packages / "botocore" / "data", used)
    aws_models.put(models, artefact / aws_models.MODELS)
    for path in models:
        fix_mode_and_time(artefact / aws_models.MODELS / path)


def copy_files(files: Iterable[Path], root: Path, artefact: Path) -> None:
    """Copy `files` from `root` to the same places in `artefact`, with a fixed mode and time."""
    for file in files:
        target = artefact / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        fix_mode_and_time(target)


def write_texts(changed: Mapping[str, bytes], artefact: Path, data: Iterable[str]) -> None:
    """Write the operator's texts, by their path, into `artefact`, if `data` has files of the same kind."""
    kinds = {Path(name).suffix for name in data if Path(name).parent == texts.TEXTS}
    if ".html" in kinds:
        # The logo is a part of the layout, and this project has none.
        kinds.add(".png")
    for name, content in changed.items():
        file = artefact / name
        if file.suffix in kinds:
            file.write_bytes(content)
            fix_mode_and_time(file)


def fix_mode_and_time(file: Path) -> None:
    """Give `file` the mode and the time of every file in an artefact."""
    file.chmod(0o644)
    os.utime(file, (FILE_TIME, FILE_TIME))


def compile_files(artefact: Path) -> None:
    """Add the bytecode of every module in `artefact`, if this machine has the Python version of the runtime.

    Lambda cannot store bytecode, so without it each cold start compiles every module that it imports.
    """
    python = runtime_python()
    if python is None:
        sys.stderr.write(
            f"Python {VERSION[0]}.{VERSION[1]} was not found, so {artefact.name} has no bytecode. It works, "
            "but a cold start takes about twice the time. Install that version, and build again.\n"
        )
        return
    # Python would not use bytecode that names the time of the source: zip files and SAM change it.
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(artefact), "-p", LAMBDA_FOLDER]
    subprocess.run([python, "-I", "-m", "compileall", *options, str(artefact)], check=True)
    for file in artefact.rglob("*.pyc"):
        fix_mode_and_time(file)


def runtime_python() -> str | None:
    """Return the path of an interpreter with the Python version of the runtime, or None."""
    print_version = "import sys; print(*sys.version_info[:2])"
    for name in (sys.executable, f"python{VERSION[0]}.{VERSION[1]}"):
        if path := shutil.which(name):
            # A launcher of pyenv exists for versions that are not active, and fails.
            done = subprocess.run(
                [path, "-I", "-c", print_version], capture_output=True, text=True, check=False
            )
            if done.stdout.split() == [str(part) for part in VERSION]:
                return path
    return None


def handler_name(logical_id: str) -> str:
    """Return the file name of a function: define_auth_challenge.py for `DefineAuthChallenge`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id).lower() + ".py"


def main(logical_id: str, artefact: str, *data: str) -> str | None:
    """Build one artefact. Return an error text, or None."""
    handler = Path(handler_name(logical_id)).absolute()
    if not handler.exists():
        return (
            f"The function {logical_id} of template.yaml needs the file triggers/{handler.name}, "
            "which does not exist. Add the file, or rename the function."
        )
    try:
        changed = texts.merged(ROOT)
        build(handler, Path(artefact), data)
        write_texts(changed, Path(artefact), data)
    except (IncompleteArtefact, texts.TextsError) as error:
        return str(error)
    except subprocess.CalledProcessError:
        return "A command of the build failed. See its output above."
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
