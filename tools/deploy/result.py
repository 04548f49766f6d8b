"""The end of a deployment: the ids, the .env file, and the commands to try the stack."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from tools.env_formats import format_env, stack_variables

PYTHON = ".venv/bin/python"
_IDS = {
    "user pool": "UserPoolId",
    "app client, password and code": "PasswordAndCodeClientId",
    "app client, code only": "CodeOnlyClientId",
    "app client, hosted sign-in": "HostedClientId",
}


def show_result(console: Console, outputs: Mapping[str, str], stack: str, region: str, profile: str) -> None:
    """Print the ids of the stack, the lines of an .env file, and the commands to try it."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, key in _IDS.items():
        if outputs.get(key):
            table.add_row(name, outputs[key])
    console.print(table)
    _plain(console, "\nThe .env file of your app:\n")
    _plain(console, format_env(stack_variables(outputs, region), "dotenv"))
    _plain(
        console, f"\nFor Vite or Next.js: {PYTHON} -m tools.deploy env --format vite (or next)\n\nTry it:\n"
    )
    for command in commands(outputs, stack, region, profile):
        _plain(console, command)


def commands(outputs: Mapping[str, str], stack: str, region: str, profile: str) -> list[str]:
    """Return the commands that check the stack, send a message, and sign a user in."""
    pool = outputs["UserPoolId"]
    chosen = f" --profile {shlex.quote(profile)}" if profile else ""
    admin = f"{PYTHON} -m tools.pool_admin"
    client = outputs.get("PasswordAndCodeClientId")
    code_only = outputs.get("CodeOnlyClientId")
    if not (client or code_only):
        # The stack is for an existing pool, whose users do not get codes before it is attached.
        return [
            f"{admin} attach {pool} --stack {stack}{chosen} --client APP_CLIENT_ID",
            f"{admin} doctor {pool} --stack {stack}{chosen}",
        ]
    variables = {"PASSCODE_USER_POOL_ID": pool, "PASSCODE_CLIENT_ID": client}
    variables["PASSCODE_CODE_ONLY_CLIENT_ID"] = code_only
    mode = "" if client else " --passwordless"
    # CloudFormation cannot set the AcrMapping of the identity provider.
    levels = [f"{admin} attach {pool} --stack {stack}{chosen}"] if outputs.get("HostedClientId") else []
    return [
        *levels,
        f"{admin} doctor {pool} --stack {stack}{chosen}",
        f"{admin} send-test --to you@example.com --stack {stack} --region {region}{chosen}",
        *(f"export {name}={value}" for name, value in variables.items() if value),
        *(f"{PYTHON} -m demo_client {step} you@example.com" for step in ("sign-up", "confirm")),
        f"{PYTHON} -m demo_client sign-in you@example.com{mode}",
    ]


def _plain(console: Console, text: str) -> None:
    # Commands and addresses are copied, so they must not be wrapped.
    console.print(text, markup=False, highlight=False, soft_wrap=True)
