"""Lines for the developer that a stack on AWS would never write."""

from pathlib import Path

from tools.local_stack.environment import make_state_dir, state_dir


def notice_file() -> Path:
    """Return the file with one notice per line. `down` deletes it."""
    return state_dir() / "notices.log"


def add(notice: str) -> None:
    """Add a notice, unless it is the newest one already. `inbox` shows it."""
    make_state_dir()
    if read()[-1:] != [notice]:
        with notice_file().open("a", encoding="utf-8") as notices:
            notices.write(f"{notice}\n")


def read() -> list[str]:
    """Return all notices, oldest first."""
    return notice_file().read_text(encoding="utf-8").splitlines() if notice_file().exists() else []
