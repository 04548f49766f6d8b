"""The process of the emulator: ministack on loopback, patched where it differs from the documents of AWS.

`ministack_patches/` and this file hold every difference between the local AWS and ministack as published.
Run it by `python -m tools.local_stack up`, which also sets its environment.
"""

import os
import sys
from importlib.metadata import version
from typing import Any

from tools.local_stack import locks
from tools.local_stack.process import PID_HEADER, lock_path

# The patches replace functions of exactly this version. pyproject.toml pins it, too.
MINISTACK = "1.5.33"


def main() -> None:
    """Serve until SIGTERM. Exits with one sentence if it cannot start."""
    installed = version("ministack")
    if installed != MINISTACK:
        sys.exit(f"This needs ministack {MINISTACK}, but {installed} is installed. Run `make setup`.")
    try:
        lock = locks.hold(lock_path(), f'{{"pid": {os.getpid()}, "port": {os.environ["GATEWAY_PORT"]}}}')
    except BlockingIOError:
        sys.exit(
            "Another local AWS with the same state directory is still running. Run `make down` and try again."
        )
    with lock:
        _serve()


def _serve() -> None:
    # Both read the environment on import, and the version must be checked before.
    from ministack import app  # noqa: PLC0415

    from tools.local_stack import ministack_patches  # noqa: PLC0415

    ministack_patches.patch()
    _add_pid_to_readiness(app)
    sys.argv = sys.argv[:1]
    app.main()


def _add_pid_to_readiness(app: Any) -> None:
    handle = app._handle_ready_request

    def with_pid(path: str, request_id: str) -> tuple[int, dict[str, str], bytes] | None:
        if (response := handle(path, request_id)) is None:
            return None
        status, headers, body = response
        return status, {**headers, PID_HEADER: str(os.getpid())}, body

    app._handle_ready_request = with_pid


if __name__ == "__main__":
    main()
