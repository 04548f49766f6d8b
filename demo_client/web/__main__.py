"""`python -m demo_client.web PORT`: serve the demo page until the local stack ends. `make demo` starts it."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading

from demo_client.web.process import lock_path
from demo_client.web.server import PageServer
from demo_client.web.stack_data import LocalStackData
from tools.local_stack import locks
from tools.local_stack.errors import StackError
from tools.local_stack.process import lock_path as emulator_lock


def main(port: int) -> None:
    """Serve on `port`, or on a free port if it is taken. Exits with a sentence if it cannot start."""
    try:
        server = _create_server(port)
        lock = locks.hold(lock_path(), json.dumps({"pid": os.getpid(), "port": server.port}))
    except StackError as error:
        sys.exit(str(error))
    except BlockingIOError:
        sys.exit(
            "Another process already serves the demo page of this directory. Run `make down` to stop it."
        )
    with lock:
        threading.Thread(target=_exit_with_the_stack, daemon=True).start()
        server.serve_forever()


def _create_server(port: int) -> PageServer:
    stack_data = LocalStackData()
    try:
        return PageServer(port, stack_data)
    except OSError:
        return PageServer(0, stack_data)


def _exit_with_the_stack() -> None:
    # The emulator holds this lock while it runs. The kernel releases it, however the emulator ends.
    with emulator_lock().open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("Give the port of the demo page: python -m demo_client.web 4580")
    main(int(sys.argv[1]))
