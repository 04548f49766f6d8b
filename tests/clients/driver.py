"""Drives sign-in.mjs: one sign-in by a JavaScript SDK, in a separate Node process."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO, Any

from tests.support.machine import skip_because_missing
from tools.local_stack.stack import Stack

HERE = Path(__file__).parent
AMPLIFY = "./snippets/amplify.mjs"
IDENTITY_JS = "./snippets/identity-js.mjs"
AWS_SDK = "./aws-sdk.mjs"

# A sign-in takes one or two seconds, and longer if it waits for a resend.
_KILLED_AFTER = 120.0


class SdkSignIn:
    """One sign-in: read a `challenge`, `type` an answer to it, and finally read `claims` or `error`."""

    def __init__(self, to: IO[str], back: IO[str]) -> None:
        self._to = to
        self._back = back

    def type(self, line: str) -> None:
        """Send the user's input: a code, or the channel of a resend."""
        self._to.write(line + "\n")
        self._to.flush()

    def challenge(self) -> dict[str, str]:
        """The ChallengeParameters that the SDK handed to the app."""
        return self._next("challenge")

    def claims(self) -> dict[str, Any]:
        """The claims of the ID token, at the end of the sign-in."""
        return self._next("claims")

    def error(self) -> dict[str, str]:
        """The `name` and `message` of the SDK's error, at the end of the sign-in."""
        return self._next("error")

    def _next(self, kind: str) -> dict[str, Any]:
        line = self._back.readline()
        assert line, "the script ended or was killed without output; stderr has the reason"
        output: dict[str, dict[str, Any]] = json.loads(line)
        assert list(output) == [kind], f"expected {kind}, but the script wrote: {line}"
        return output[kind]


@contextmanager
def sign_in(stack: Stack, module: str, client: str, username: str, password: str = "") -> Iterator[SdkSignIn]:
    """Start a sign-in at the app client `client`. The process ends with the block."""
    with subprocess.Popen(
        [node(), "--preserve-symlinks", "--preserve-symlinks-main", str(HERE / "sign-in.mjs"), module],
        env=_environment(stack, client),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        timer = Timer(_KILLED_AFTER, process.kill)
        timer.start()
        try:
            assert process.stdin
            assert process.stdout
            sdk_sign_in = SdkSignIn(process.stdin, process.stdout)
            sdk_sign_in.type(json.dumps({"username": username, "password": password}))
            yield sdk_sign_in
        finally:
            timer.cancel()
            process.kill()


def node() -> str:
    """The path of Node.js. The test is skipped if Node.js or a package of this folder is missing."""
    found = shutil.which("node")
    if found is None:
        skip_because_missing("Node.js (20 or later)")
    if not (HERE / "node_modules").is_dir():
        skip_because_missing("tests/clients/node_modules (run `npm ci` in tests/clients)")
    return str(found)


def _environment(stack: Stack, client: str) -> dict[str, str]:
    # The AWS settings and the proxies of the user must have no effect.
    return {
        "PATH": os.environ["PATH"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_REGION": stack.region,
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "USER_POOL_ID": stack.user_pool_id,
        "CLIENT_ID": stack.clients[client],
    }
