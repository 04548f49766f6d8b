"""Measure whole sign-ins on the local stack: a password, then a code by email, through Cognito's API.

The local stack is an emulator in one Python process, and its functions are processes of this machine. So the
times are those of this machine and of the emulator, and not of AWS.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.warm import quartiles
from demo_client.cognito.aws_clients import cognito_client
from demo_client.cognito.challenge import Challenge, Tokens
from demo_client.cognito.pool_config import PoolConfig, from_file
from demo_client.cognito.sign_in import SignIn
from demo_client.demo_users import DemoUser
from demo_client.web.stack_data import LocalStackData
from tools.local_stack import inbox, process, stack
from tools.local_stack.stack import Stack

_WAIT_SECONDS = 60


@contextmanager
def local_stack() -> Iterator[Stack]:
    """Start a local stack with a separate state folder, and stop it at the end of the block."""
    former = os.environ.get("PASSCODE_LOCAL_DIR")
    with TemporaryDirectory() as folder:
        os.environ["PASSCODE_LOCAL_DIR"] = folder
        try:
            yield stack.up(port=process.free_port(), parameters={})
        finally:
            stack.down()
            if former is None:
                del os.environ["PASSCODE_LOCAL_DIR"]
            else:
                os.environ["PASSCODE_LOCAL_DIR"] = former


def measure(running: Stack, parallel: int, count: int) -> dict[str, list[float]]:
    """Run `count` sign-ins, `parallel` at a time. Return the quartiles in ms.

    `message` is the time from InitiateAuth until the emulator has the message. `sign_in` is the time of all
    calls of Cognito, without the time between the first response with a challenge and the answer.
    """
    pool = from_file(stack.stack_file(), Path(os.environ["PASSCODE_LOCAL_DIR"]))
    # The first sign-ins start the processes of the functions.
    users = [LocalStackData().make_user("email") for _ in range(parallel + count)]
    with ThreadPoolExecutor(parallel) as threads:
        list(threads.map(lambda user: _sign_in(running, pool, user), users[:parallel]))
        times = list(threads.map(lambda user: _sign_in(running, pool, user), users[parallel:]))
    return {
        "sign_in": quartiles([sign_in for sign_in, _ in times]),
        "message": quartiles([message for _, message in times]),
    }


def _sign_in(running: Stack, pool: PoolConfig, user: DemoUser) -> tuple[float, float]:
    sign_in = SignIn(cognito_client(pool), pool, user.email, passwordless=False)
    began = time.time()
    challenge = sign_in.start(user.password)
    started = time.time()
    if not isinstance(challenge, Challenge):
        raise TypeError("The sign-in did not ask for a code.")
    message = _message(running, user.email)
    code = inbox.secret_in(message) or ""
    answered = time.time()
    if not isinstance(sign_in.answer(code), Tokens):
        raise TypeError("The right code did not end the sign-in.")
    calls = (started - began) + (time.time() - answered)
    return calls * 1000, (message.sent_at.timestamp() - began) * 1000


def _message(running: Stack, to: str) -> inbox.Message:
    end = time.monotonic() + _WAIT_SECONDS
    while not (messages := inbox.read(running, to)):
        if time.monotonic() > end:
            raise TimeoutError(
                f"No message arrived in {_WAIT_SECONDS} seconds. See the log of the local stack."
            )
        time.sleep(0.05)
    return messages[-1]
