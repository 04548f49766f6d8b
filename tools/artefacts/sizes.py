"""The table of what was built: `python -m tools.artefacts.sizes FOLDER`, FOLDER being sam's build folder."""

import io
import sys
import zipfile
from pathlib import Path

ROW = "{:<22}{:>6}{:>10}{:>10}{:>8}  {}"

# What an artefact has of this project's own.
OURS = {"hosted", "passcode", "token_http", "token_service"}


def table(built: Path) -> str:
    """A line for each function's folder in `built`. Sizes are in KiB, unzipped and zipped."""
    lines = [ROW.format("function", "files", "KiB", "KiB zip", "native", "packages")]
    for artefact in sorted(folder for folder in built.iterdir() if folder.is_dir()):
        files = [file for file in artefact.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        names = ", ".join(packages(artefact)) or "none"
        row = (
            artefact.name,
            len(files),
            kib(size),
            kib(zipped(artefact, files)),
            len(native(artefact)),
            names,
        )
        lines.append(ROW.format(*row))
    return "\n".join(lines)


def packages(artefact: Path) -> list[str]:
    """What of other people's work is in an artefact."""
    folders = {entry.name for entry in artefact.iterdir() if entry.is_dir()}
    singles = {file.stem for file in artefact.glob("typing_extensions.py")}
    return sorted((folders | singles) - OURS)


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
    print(table(Path(sys.argv[1])))
