"""The commands in a separate process, against the local stack."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

ROOT = Path(__file__).parents[2]


def run(*arguments: str, password: str = "", typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command with input at its prompt. It must end in time and without a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "demo_client", *arguments],
        cwd=ROOT,
        input=typed,
        env=os.environ | {"PASSCODE_PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def run_json(*arguments: str, password: str = "") -> dict[str, Any]:
    """The JSON object of a command that must succeed."""
    done = run(*arguments, "--json", password=password)
    assert done.returncode == 0, done.stdout
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_an_account_from_sign_up_to_sign_out(local_stack: Stack) -> None:
    email, password = f"life-{os.urandom(4).hex()}@people.example", "a long pass phrase"
    made = run_json("sign-up", email, "--phone", "+12065550111", "--channel", "sms", password=password)
    assert made == {"sub": made["sub"], "email": email, "confirmed": True}

    signed_in = run_json("sign-in", email, "--inbox", password=password)
    assert signed_in["sub"] == made["sub"]
    assert signed_in["email"] == email
    assert signed_in["client_id"] == local_stack.clients["password_and_code"]
    assert run_json("whoami")["sub"] == made["sub"]
    assert run_json("refresh")["sub"] == made["sub"]
    assert run_json("sign-out") == {"signed_in": False, "everywhere": False}
    assert run("whoami").returncode == 3

    again = run_json("sign-in", email, "--passwordless", "--inbox", "--show-tokens")
    assert again["client_id"] == local_stack.clients["code_only"]
    assert again["access_token"].count(".") == 2
    assert run_json("sign-out", "--everywhere")["everywhere"] is True


def test_the_right_code_is_accepted_after_a_wrong_one_at_the_prompt(
    local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]
) -> None:
    user = new_user()
    command = [sys.executable, "-m", "demo_client", "sign-in", user.email, "--passwordless"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            code = code_for(user.email)
            # A code of six digits belongs to a sign-in with a password.
            lines = ("123456", another_code(code), f"{code[:4]} {code[4:]}")
            out, _ = process.communicate("".join(f"{line}\n" for line in lines), timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "A code has 8 digits. This was not counted." in out
    assert "That code is wrong. 4 attempts left." in out
    assert f"Signed in as {user.email}." in out


def test_five_wrong_codes_end_the_sign_in(local_stack: Stack, new_user: Callable[..., User]) -> None:
    # The right code would have to be 00000000: once in a hundred million runs.
    done = run("sign-in", new_user().email, "--passwordless", typed="00000000\n" * 5)
    assert done.returncode == 3
    assert done.stderr.startswith("The sign-in has ended.")
    assert "This is the last attempt." in done.stdout


def test_a_wrong_password_and_an_unknown_user_get_the_same_error(
    local_stack: Stack, new_user: Callable[..., User]
) -> None:
    wrong = run("sign-in", new_user().email, password="not the pass phrase")
    unknown = run("sign-in", "unknown@people.example", password="not the pass phrase")
    assert (wrong.returncode, wrong.stderr) == (unknown.returncode, unknown.stderr)
    assert wrong.returncode == 3


def test_an_early_resend_and_a_closed_input(local_stack: Stack, new_user: Callable[..., User]) -> None:
    # With a password, because before it every channel is offered, even one that the user does not have.
    user = new_user(phone=False)
    done = run("sign-in", user.email, password=user.password, typed="resend\nsms\n")
    assert "for another message. The last code is still valid." in done.stdout
    assert "This user cannot receive codes by SMS." in done.stdout
    assert done.returncode == 1
    assert done.stderr.startswith("Standard input is closed.")


def test_sign_up_of_an_existing_account_is_refused(local_stack: Stack, new_user: Callable[..., User]) -> None:
    done = run("sign-up", new_user().email, password="a long pass phrase")
    assert done.returncode == 3
    assert done.stderr.startswith("This address already has an account.")


def test_the_demo_ends_without_an_error(local_stack: Stack) -> None:
    done = run("demo")
    assert done.returncode == 0, done.stderr
    assert "make down" in done.stdout
