"""Environment variables with which the documentation's examples run against the local stack."""

import shlex
from collections.abc import Mapping
from typing import Literal

from tools import env_formats
from tools.local_stack.errors import StackError
from tools.local_stack.stack import Stack

# Lines for the eval of a shell, or an .env file.
Form = Literal["shell", "dotenv", "vite", "next"]

# The names of the variables and of the outputs. The pool and its clients are fields of `Stack`.
_OUTPUTS = {
    name: key
    for name, key in env_formats.OUTPUTS.items()
    if name.startswith(("TOKEN_", "STEP_UP_", "HOSTED_"))
}
_CLIENTS = {
    "PASSWORD_AND_CODE_CLIENT_ID": "password_and_code",
    "CODE_ONLY_CLIENT_ID": "code_only",
}


def variables(stack: Stack) -> dict[str, str]:
    """Names and values of the variables. A variable without a value in this stack is omitted.

    `CLIENT_ID` is the app client for password and code, or the other one if the stack has no such client.
    """
    clients = {name: stack.clients[key] for name, key in _CLIENTS.items() if key in stack.clients}
    outputs = {name: stack.outputs[key] for name, key in _OUTPUTS.items() if key in stack.outputs}
    first = {"CLIENT_ID": next(iter(clients.values()))} if clients else {}
    return {
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_REGION": stack.region,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        # A session token of the user must not be sent with the test keys.
        "AWS_SESSION_TOKEN": "",
        "USER_POOL_ID": stack.user_pool_id,
        **first,
        **clients,
        **outputs,
    }


def lines(variables: Mapping[str, str], form: Form) -> str:
    """Return the variables in one of the forms. Raises `StackError` if an .env file cannot hold a value."""
    if form == "shell":
        return export_lines(variables)
    try:
        return env_formats.format_env(variables, form)
    except ValueError as error:
        raise StackError(str(error)) from error


def export_lines(variables: Mapping[str, str]) -> str:
    """Lines for the eval of a POSIX shell."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
