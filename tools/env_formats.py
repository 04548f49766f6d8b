"""The variables of a deployed stack, and the forms of an `.env` file in which an app reads them."""

import re
from collections.abc import Mapping
from typing import Literal, get_args

EnvFormat = Literal["dotenv", "vite", "next"]
ENV_FORMATS: tuple[EnvFormat, ...] = get_args(EnvFormat)

# Names of variables, and the outputs of the stack that they hold.
OUTPUTS = {
    "USER_POOL_ID": "UserPoolId",
    "PASSWORD_AND_CODE_CLIENT_ID": "PasswordAndCodeClientId",
    "CODE_ONLY_CLIENT_ID": "CodeOnlyClientId",
    "TOKEN_API_URL": "TokenApiURL",
    "TOKEN_CREATION_API_URL": "TokenCreationAPIURL",
    "TOKEN_VERIFICATION_API_URL": "TokenVerificationAPIURL",
    "STEP_UP_API_URL": "StepUpAPIURL",
    "STEP_UP_VERIFICATION_API_URL": "StepUpVerificationAPIURL",
    "TOKEN_ISSUER": "TokenIssuer",
    "TOKEN_KEYS_URL": "TokenKeysURL",
    "HOSTED_SIGN_IN_URL": "HostedSignInURL",
    "HOSTED_CLIENT_ID": "HostedClientId",
    "HOSTED_ISSUER": "HostedIssuer",
}

# The variables that an app in a browser needs. Vite and Next.js put a variable into the browser's code only
# if it has their prefix.
BROWSER = frozenset(
    {
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "USER_POOL_ID",
        "CLIENT_ID",
        "PASSWORD_AND_CODE_CLIENT_ID",
        "CODE_ONLY_CLIENT_ID",
        "STEP_UP_API_URL",
        "STEP_UP_VERIFICATION_API_URL",
        "HOSTED_SIGN_IN_URL",
        "HOSTED_CLIENT_ID",
    }
)
_PREFIX: dict[EnvFormat, str] = {"dotenv": "", "vite": "VITE_", "next": "NEXT_PUBLIC_"}

# Every reader of such a file takes these characters literally.
_PLAIN = re.compile(r"[\w./:@%+,=-]*", re.ASCII)


def stack_variables(outputs: Mapping[str, str], region: str) -> dict[str, str]:
    """Return names and values of the variables for the `outputs` of a stack in `region`.

    A variable without a value in this stack is omitted. `CLIENT_ID` is the app client for password and code,
    or the other one if the stack has no such client.
    """
    found = {name: outputs[key] for name, key in OUTPUTS.items() if outputs.get(key)}
    clients = [
        found[name] for name in ("PASSWORD_AND_CODE_CLIENT_ID", "CODE_ONLY_CLIENT_ID") if name in found
    ]
    first = {"CLIENT_ID": clients[0]} if clients else {}
    return {"AWS_REGION": region, **first, **found}


def format_env(values: Mapping[str, str], form: EnvFormat) -> str:
    """Return the lines of an `.env` file with `values`, without a final line break.

    With "vite" and "next", the variables that a browser needs have the prefix of that tool. The others are
    for a server, and have none. Raises `ValueError` if a value has a line break or a single quote, which the
    readers of such files understand differently.
    """
    return "\n".join(f"{_name(name, form)}={_quoted(name, value, form)}" for name, value in values.items())


def _name(name: str, form: EnvFormat) -> str:
    return f"{_PREFIX[form]}{name}" if name in BROWSER else name


def _quoted(name: str, value: str, form: EnvFormat) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if re.search(r"['\r\n]", value):
        raise ValueError(f"{name} has a line break or a quote, so it cannot be a line of an .env file.")
    # Vite and Next.js expand $NAME also between single quotes.
    return f"'{value}'" if form == "dotenv" else "'{}'".format(value.replace("$", r"\$"))
