"""Changes of the functions of a local stack. Each handler calls them before its imports."""

import logging
import os
import time
from pathlib import Path


def use_clock(file: str) -> None:
    """Add the seconds in `file` to the time of the machine."""
    now = time.time
    time.time = lambda: now() + int(Path(file).read_text("utf-8"))


def root_logger_at_debug() -> None:
    """Do the same as Lambda does before the handler, if the log level of a function is DEBUG."""
    os.environ["LOG_LEVEL"] = "DEBUG"
    logging.basicConfig(level=logging.DEBUG)
    logging.debug("the root logger is at DEBUG")
