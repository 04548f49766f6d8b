"""The commands of docs/existing-pools.md that attach the local stack to a pool, as they are written there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.local_stack import process
from tools.local_stack.environment import ROOT

PAGE = ROOT / "docs" / "existing-pools.md"
SECTION = PAGE.read_text("utf-8").partition("## Try it on the local stack\n")[2].partition("\n## ")[0]
(BLOCK,) = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
# The test has its environment already, and its local AWS must not take the port of another one.
REPLACED = {
    "make up\n": ".venv/bin/python -m tools.local_stack up --port 0\n",
    "make down\n": ".venv/bin/python -m tools.local_stack down\n",
    ".venv/bin/python": sys.executable,
}
QUESTION = "Continue? [y/N]"


@pytest.mark.e2e
def test_the_documented_commands_attach_sign_in_and_detach(state: Path, tmp_path: Path) -> None:
    script = BLOCK
    for documented, here in REPLACED.items():
        assert documented in script
        script = script.replace(documented, here)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PASSCODE_LOCAL_DIR": str(state),
        "NO_PROXY": "127.0.0.1",
        "COLUMNS": "200",
    }
    with subprocess.Popen(
        ["sh", "-uc", script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as shell:
        assert shell.stdin
        assert shell.stdout
        output = ""
        while character := shell.stdout.read(1):
            output += character
            # One answer for each question, as a user types it. A command would read all that is there.
            if output.endswith(QUESTION):
                shell.stdin.write("y\n")
                shell.stdin.flush()
    assert "Traceback" not in output
    assert shell.returncode == 0, output
    expected = (
        r"ERROR  Users sign in with a password alone \(USER_SRP_AUTH\)\.",
        r"2 errors, ",
        r"ExplicitAuthFlows: ALLOW_USER_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH → ALLOW_CUSTOM_AUTH,",
        r"Attached\.",
        r"0 errors, ",
        r"The account was created\.",
        r"Signed in as ada@example\.com\.",
        r"ExplicitAuthFlows: ALLOW_CUSTOM_AUTH, ALLOW_REFRESH_TOKEN_AUTH → ALLOW_USER_SRP_AUTH,",
        r"Detached\.",
        r"Stopped\.",
    )
    assert re.search(".*".join(expected), output, re.DOTALL), output
    assert process.running() is None
