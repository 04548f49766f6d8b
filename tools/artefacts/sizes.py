"""Print a table of the artefacts in sam's build folder: `python -m tools.artefacts.sizes FOLDER`."""

import io
import sys
import zipfile
from pathlib import Path

ROW = "{:<22}{:>6}{:>10}{:>10}{:>8}  {}"

# Packages that are one file.
SINGLE_MODULES = ("six.py", "typing_extensions.py")

# The packages of this project, and the bytecode of its handlers.
OURS = {"passcode", "__pycache__"}


def table(built: Path) -> str:
    """Return a table with one line for each function's folder in `built`. Sizes are in KiB."""
    lines = [ROW.format("function", "files", "KiB", "KiB zip", "native", "packages")]
    for artefact in sorted(folder for folder in built.iterdir() if folder.is_dir()):
        files = [file for file in artefact.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        names = ", ".join(packages(artefact)) or "none"
        row = (
            artefact.name,
            len(files),
            format_kib(size),
            format_kib(zip_size(artefact, files)),
            len(native_libraries(artefact)),
            names,
        )
        lines.append(ROW.format(*row))
    return "\n".join(lines)


def packages(artefact: Path) -> list[str]:
    """Return the names of the third-party packages in an artefact."""
    folders = {entry.name for entry in artefact.iterdir() if entry.is_dir()}
    singles = {file.stem for name in SINGLE_MODULES for file in artefact.glob(name)}
    return sorted((folders | singles) - OURS)


def native_libraries(artefact: Path) -> list[Path]:
    """Return the native libraries in an artefact. They run on one processor architecture only."""
    return [file for file in artefact.rglob("*") if ".so" in file.suffixes]


def zip_size(artefact: Path, files: list[Path]) -> int:
    """Return the approximate size of the zip file for Lambda, in bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(artefact))
    return len(out.getvalue())


def format_kib(size: int) -> str:
    """Return bytes as KiB, with one decimal."""
    return f"{size / 1024:,.1f}"


if __name__ == "__main__":
    print(table(Path(sys.argv[1])))
