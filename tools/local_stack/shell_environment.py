"""Environment variables with which the documentation's examples run against the local stack."""

import shlex
from collections.abc import Mapping

from tools import env_formats
from tools.local_stack.stack import Stack

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


def export_lines(variables: Mapping[str, str]) -> str:
    """Lines for the eval of a POSIX shell."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
