"""The folder of the screenshots that the browser tests take for people to look at."""

from pathlib import Path

_LOCAL = Path(__file__).parents[2] / ".local"


def picture_folder(name: str) -> Path:
    """Return the folder of the pictures of one page, created if it is missing."""
    # The local stack uses the same folder, and other users of the machine may not read it.
    _LOCAL.mkdir(mode=0o700, exist_ok=True)
    folder = _LOCAL / "pictures" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
