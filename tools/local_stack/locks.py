"""File locks. The kernel releases a lock when its process ends, however it ends.

A process id in a file is not enough, because the system reuses ids.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def hold(path: Path, content: str) -> TextIO:
    """Lock `path` and write `content` to it. The lock is held while the returned file is open.

    Raises `BlockingIOError` if another process holds the lock.
    """
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    file.truncate(0)
    file.write(content)
    file.flush()
    return file


def read_holder(path: Path) -> str | None:
    """Return the content that the holder of the lock wrote, or None if no process holds it."""
    try:
        file = path.open()
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read()
    return None


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold the lock on `path` during the body, so that one process at a time runs it. Waits for the lock."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
