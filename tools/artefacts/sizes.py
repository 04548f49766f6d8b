"""The table of what was built: `python -m tools.artefacts.sizes [FOLDER]`, FOLDER being sam's build folder."""

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROW = "{:<24}{:>7}{:>12}{:>11}   {}"


def table(built: Path) -> str:
    """A line for each function's folder in `built`: files, KiB unzipped and zipped, packages and native libraries."""
    lines = [ROW.format("function", "files", "KiB", "KiB zip", "packages").rstrip()]
    for artefact in sorted(folder for folder in built.iterdir() if folder.is_dir()):
        files = [file for file in artefact.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        ships = [*packages(artefact), f"native: {len(native(artefact)) or 'none'}"]
        row = (artefact.name, len(files), kib(size), kib(zipped(artefact, files)), ", ".join(ships))
        lines.append(ROW.format(*row))
    return "\n".join(lines)


def packages(artefact: Path) -> Iterator[str]:
    """The top names in an artefact, without the doors."""
    return (entry.stem for entry in sorted(artefact.iterdir()) if entry.is_dir() or entry.stem == "typing_extensions")


def native(artefact: Path) -> list[Path]:
    """Libraries that run on one kind of machine only."""
    return [file for file in artefact.rglob("*") if ".so" in file.suffixes]


def zipped(artefact: Path, files: list[Path]) -> int:
    """Bytes of the zip that Lambda gets, near enough."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(artefact))
    return len(out.getvalue())


def kib(size: int) -> str:
    """Bytes as KiB, rounded up to a tenth."""
    return f"{size / 1024:,.1f}"


if __name__ == "__main__":
    print(table(Path(sys.argv[1] if len(sys.argv) > 1 else ".aws-sam/build")))
