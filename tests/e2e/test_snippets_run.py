"""The commands of the documents that run the snippets, executed as the documents show them."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients import curl
from tests.clients.driver import node
from tests.support.users import User
from tools.local_stack.environment import ROOT

CodeFor = Callable[..., str]
NewUser = Callable[..., User]

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"<!-- run: (\S+) -->\n```sh\n(.*?)```\n", re.DOTALL)
BLOCKS = dict(found for page in PAGES for found in BLOCK.findall(page.read_text("utf-8")))
SETTINGS = 'eval "$(.venv/bin/python -m tools.local_stack env)"'
PURPOSE = "approve a payment of 20 EUR"
# The folder that the documents tell developers to copy, and its files.
TOKEN_CLIENT = ROOT / "demo_client" / "token_client"
COPIED = ("__init__.py", "client.py", "responses.py", "errors.py", "transport.py")
KILLED_AFTER = 60

pytestmark = pytest.mark.e2e


def typed(script: str, own: dict[str, str]) -> "subprocess.Popen[str]":
    """Run a script in a new terminal, in the folder of the project."""
    kept = {name: os.environ[name] for name in ("PATH", "PASSCODE_LOCAL_DIR", "HOME") if name in os.environ}
    return subprocess.Popen(
        ["sh", "-euc", f"{SETTINGS}\n{script}".replace(".venv/bin/python", sys.executable)],
        cwd=ROOT,
        env=kept | {"NO_PROXY": "127.0.0.1"} | own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_script(script: str, own: dict[str, str], code: Callable[[], str] | None = None) -> str:
    """The output of the script. `code` returns the input for its prompt."""
    with typed(script, own) as process:
        try:
            # The script requests the message first and shows its prompt afterwards.
            line = f"{code()}\n" if code else None
            out, trouble = process.communicate(line, timeout=KILLED_AFTER)
        finally:
            process.kill()
    assert process.returncode == 0, trouble
    return out


def test_each_snippet_has_its_command() -> None:
    snippets = {
        path.name for path in (ROOT / "docs" / "snippets").iterdir() if path.suffix in (".mjs", ".py")
    }
    assert set(BLOCKS) == snippets
    for page in ("clients.md", "token-service.md"):
        assert SETTINGS in (ROOT / "docs" / page).read_text("utf-8")


@pytest.mark.parametrize("name", ["boto3_code_only.py", "pycognito_password_and_code.py"])
def test_the_python_snippets_sign_in(name: str, new_user: NewUser, code_for: CodeFor) -> None:
    user = new_user()
    own = {"EMAIL": user.email, "PASSCODE_PASSWORD": user.password}
    assert "IdToken" in run_script(BLOCKS[name], own, lambda: code_for(user.email))


@pytest.mark.node
@pytest.mark.parametrize("name", ["amplify.mjs", "identity-js.mjs"])
def test_the_javascript_snippets_sign_in(name: str, new_user: NewUser, code_for: CodeFor) -> None:
    node()
    user = new_user()
    own = {"EMAIL": user.email, "PASSCODE_PASSWORD": user.password}
    assert user.sub in run_script(BLOCKS[name], own, lambda: code_for(user.email))


@pytest.fixture
def approved(code_for: CodeFor) -> dict[str, str]:
    """A proof from the payment command, as the environment of the next commands."""
    email = f"ada-{os.urandom(5).hex()}@people.example"
    out = run_script(BLOCKS["token_client_payment.py"], {"EMAIL": email}, lambda: code_for(email))
    proof, subject = out.split()[-2:]
    return {"PROOF": proof, "SUBJECT": subject}


def test_the_proof_of_a_payment_is_checked_in_python(approved: dict[str, str]) -> None:
    assert PURPOSE in run_script(BLOCKS["proof_pyjwt.py"], approved)


@pytest.mark.node
def test_the_proof_of_a_payment_is_checked_in_node(approved: dict[str, str]) -> None:
    node()
    assert PURPOSE in run_script(BLOCKS["proof-jose.mjs"], approved)


def test_a_proof_is_accepted_once(approved: dict[str, str], local_stack: Any) -> None:
    around = approved | {
        "AWS_REGION": local_stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TOKEN_API_URL": local_stack.outputs["TokenApiURL"],
    }
    other = curl.run("token_introspect.sh", around | {"SUBJECT": "0" * 32})
    responses = [curl.run("token_introspect.sh", around).answer["active"] for _ in range(2)]
    assert ([other.answer["active"]], responses) == ([False], [True, False])


def test_the_client_works_from_the_files_that_are_copied(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "token-service.md").read_text("utf-8")
    assert all(f"`{name}`" in document for name in COPIED)
    assert {file.name for file in TOKEN_CLIENT.glob("*.py")} == set(COPIED)
    folder = tmp_path / "codes"
    folder.mkdir()
    for name in COPIED:
        (folder / name).write_text((TOKEN_CLIENT / name).read_text("utf-8"), "utf-8")
    tried = "import codes as c; print(c.__file__, c.TokenClient('https://x.example'))"
    done = subprocess.run(
        [sys.executable, "-c", tried],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=KILLED_AFTER,
        check=False,
    )
    assert done.stdout.startswith(str(folder)), done.stderr
