"""File locks that the kernel drops with their holder, so that a dead holder is never mistaken for a live one.

A process id in a file alone cannot tell that: ids are used again.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def hold(path: Path, content: str) -> TextIO:
    """Take the lock on `path` for as long as the answer stays open, and write `content` there.

    Raises `BlockingIOError` if another process has it.
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


def holder(path: Path) -> str | None:
    """What the holder of the lock wrote, or None if nobody holds it."""
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
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait until no other process is inside, then go in."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
