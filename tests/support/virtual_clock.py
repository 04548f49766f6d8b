"""A virtual clock, and the limits of one invocation of a Lambda function.

While a clock is installed, `time` is virtual in the threads that run functions, and waits cost nothing. A
response that is late by more than the client's read time-out raises the error of a time-out at once. Other
threads have the real time.
"""

import contextlib
import gc
import importlib
import pkgutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Timeout

import passcode
from tests.support.fault_proxy import DELAY_HEADER, DRIBBLE_HEADER, NEVER

# The seconds that a call to AWS takes at the least.
CALL_SECONDS = 0.005


class Cut(BaseException):  # an Exception would be caught by the functions
    """Lambda ended the invocation: its time was over, or the test killed it."""


@dataclass
class Invocation:
    """One running invocation. `deadline` is a time of the clock, and `kill_after` a number of AWS calls."""

    deadline: float
    kill_after: int | None = None
    calls: list[str] = field(default_factory=list)


@dataclass
class Clock:
    """A clock that only `sleep` and late responses move. Times are in seconds since the epoch."""

    now: float
    invocation: Invocation | None = None
    # The seconds by which the function that runs now is ahead of the other computers.
    skew: float = 0.0
    # The time of the next SIGALRM.
    alarm_at: float = float("inf")
    # The threads that have the virtual time.
    threads: set[int] = field(default_factory=lambda: {threading.get_ident()})

    def is_here(self) -> bool:
        """Return whether this thread has the virtual time."""
        return threading.get_ident() in self.threads

    def time(self) -> float:
        """Return the time that a function reads."""
        return self.now + self.skew

    def monotonic(self) -> float:
        """Return the same time without the skew."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on. Raises `Cut` at the end of the invocation's time."""
        end = self.invocation.deadline if self.invocation else float("inf")
        self.now = min(self.now + seconds, end)
        if self.now >= end:
            raise Cut("the time of the function was over")

    def call(self, pool: HTTPConnectionPool, send: Callable[[], Any], time_out: object) -> Any:
        """Make one call to AWS with `send`. Raises `Cut`, or urllib3's error after the read time-out."""
        running = self.invocation
        if running and running.kill_after is not None and len(running.calls) >= running.kill_after:
            raise Cut("the function was killed")
        self.sleep(CALL_SECONDS)
        if running:
            running.calls.append(pool.host)
        response = send()
        patience = _read_time_out(time_out if time_out is not None else pool.timeout)
        try:
            self._wait_for(response.headers, pool, patience)
        except BaseException:
            response.close()
            raise
        if running and running.kill_after is not None and len(running.calls) >= running.kill_after:
            raise Cut("the function was killed")
        return response

    def set_timer(self, seconds: float) -> tuple[float, float]:
        """Set the timer of SIGALRM, or stop it with 0. Returns the seconds that were left, and 0."""
        left = max(self.alarm_at - self.now, 0.0) if self.alarm_at < NEVER else 0.0
        self.alarm_at = self.now + seconds if seconds else float("inf")
        return left, 0.0

    def _wait_for(self, headers: Mapping[str, str], pool: HTTPConnectionPool, read_time_out: float) -> None:
        """Wait for a late response. A read time-out is for each byte, so that a dribble never reaches it."""
        delay, dribble = (float(headers.get(name, 0)) for name in (DELAY_HEADER, DRIBBLE_HEADER))
        left = self.alarm_at - self.now
        self.sleep(min(delay or dribble, read_time_out if delay else left, left))
        if delay <= min(read_time_out, left) and dribble <= left:
            return
        if left < read_time_out or dribble:
            self.alarm_at = float("inf")
            handler = signal.getsignal(signal.SIGALRM)
            assert callable(handler), "a timer needs its handler"
            with contextlib.suppress(TimeoutError):
                handler(signal.SIGALRM, None)
        # urllib3 makes this error of the TimeoutError of a socket.
        raise ReadTimeoutError(pool, "/", "Read timed out.")


def _read_time_out(given: Any) -> float:
    value = given.read_timeout if isinstance(given, Timeout) else given
    return float(value) if isinstance(value, int | float) else 60.0


@contextmanager
def installed(clock: Clock) -> Iterator[Clock]:
    """Inside the block, functions have the virtual time, and their calls to AWS go through `Clock.call`."""
    _import_everything()
    with pytest.MonkeyPatch.context() as patch:
        _install_time(clock, patch)
        _install_timer(clock, patch)
        _install_calls(clock, patch)
        yield clock


def _install_time(clock: Clock, patch: pytest.MonkeyPatch) -> None:
    def here(name: str) -> Callable[..., float]:
        virtual, real = getattr(clock, name), getattr(time, name)

        def choose(*args: float) -> float:
            found: float = (virtual if clock.is_here() else real)(*args)
            return found

        return choose

    originals = {getattr(time, name): here(name) for name in ("time", "monotonic", "sleep")}
    # Names that modules of the product have imported from `time`.
    for module in [m for n, m in sys.modules.items() if n.partition(".")[0] == "passcode"]:
        for name, value in list(vars(module).items()):
            for original, virtual in originals.items():
                if value is original:
                    patch.setattr(module, name, virtual)
    for original, virtual in originals.items():
        patch.setattr(time, original.__name__, virtual)


def _install_timer(clock: Clock, patch: pytest.MonkeyPatch) -> None:
    original = signal.setitimer

    def setitimer(which: int, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        # Outside of invocations, timers are those of pytest.
        is_virtual = clock.invocation and clock.is_here() and which == signal.ITIMER_REAL
        return clock.set_timer(seconds) if is_virtual else original(which, seconds, interval)

    patch.setattr(signal, "setitimer", setitimer)


def _install_calls(clock: Clock, patch: pytest.MonkeyPatch) -> None:
    original = HTTPConnectionPool.urlopen

    def urlopen(pool: HTTPConnectionPool, *args: Any, **options: Any) -> Any:
        def send() -> Any:
            return original(pool, *args, **options)

        if not clock.is_here():
            return send()
        given = options.get("timeout")
        return clock.call(pool, send, given if isinstance(given, Timeout | int | float) else None)

    patch.setattr(HTTPConnectionPool, "urlopen", urlopen)


def _import_everything() -> None:
    """Import each module of the product, including those that a function imports late."""
    for found in pkgutil.walk_packages(passcode.__path__, "passcode."):
        importlib.import_module(found.name)
    # `cold_start` pauses the garbage collector until a handler has loaded, and perhaps none loads.
    gc.enable()
