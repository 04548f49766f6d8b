"""The emulator's process: ministack, bridged to what AWS documents where the two differ, on loopback only.

`ministack_patches/` and this file hold every difference between the local AWS and ministack as published.
Run it by `python -m tools.local_stack up`, which gives it the environment it needs.
"""

import os
import sys
from importlib.metadata import version
from typing import Any

from tools.local_stack import locks
from tools.local_stack.process import PID_HEADER, lock_path

# The bridges replace functions of exactly this version. pyproject.toml pins the same one.
MINISTACK = "1.5.33"


def main() -> None:
    """Serve until SIGTERM. Leaves with one sentence if it cannot start."""
    found = version("ministack")
    if found != MINISTACK:
        sys.exit(f"This needs ministack {MINISTACK}, but {found} is installed. Run `make setup`.")
    try:
        lock = locks.hold(lock_path(), f'{{"pid": {os.getpid()}, "port": {os.environ["GATEWAY_PORT"]}}}')
    except BlockingIOError:
        sys.exit(
            "Another local AWS of the same state directory is still there. Run `make down` and try again."
        )
    with lock:
        _serve()


def _serve() -> None:
    # Both read the environment when they are imported, and the version must be judged before.
    from ministack import app  # noqa: PLC0415

    from tools.local_stack import ministack_patches  # noqa: PLC0415

    ministack_patches.patch()
    _sign_readiness(app)
    sys.argv = sys.argv[:1]
    app.main()


def _sign_readiness(app: Any) -> None:
    ready = app._handle_ready_request

    def signed(path: str, request_id: str) -> tuple[int, dict[str, str], bytes] | None:
        if (answer := ready(path, request_id)) is None:
            return None
        status, headers, body = answer
        return status, {**headers, PID_HEADER: str(os.getpid())}, body

    app._handle_ready_request = signed


if __name__ == "__main__":
    main()
