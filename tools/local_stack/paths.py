"""Where the local stack finds the project, and where it keeps its own files."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def state_dir() -> Path:
    """Where the local stack writes everything: `PASSCODE_LOCAL_DIR`, else the project's `.local`."""
    return Path(os.environ.get("PASSCODE_LOCAL_DIR") or ROOT / ".local").absolute()


def make_state_dir() -> Path:
    """`state_dir()`, made if it is not there, and closed to the other users of the machine."""
    path = state_dir()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
