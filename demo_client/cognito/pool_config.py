"""Configuration of the user pool: from the local stack's file, another stack file, or the environment."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from demo_client.errors import CliError
from demo_client.stack_file import readable_stack_file

_POOL_ID = re.compile(r"(?P<region>[a-z]{2}(-[a-z]+)+-\d)_[0-9A-Za-z]{1,55}")
_CLIENT_ID = re.compile(r"[\w+]{1,128}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """One user pool and its app clients.

    `endpoint_url` is None on AWS. `token_dir` is the directory of the saved tokens.
    """

    region: str
    user_pool_id: str
    password_and_code_client_id: str
    code_only_client_id: str
    endpoint_url: str | None
    token_dir: Path

    @property
    def issuer(self) -> str:
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.user_pool_id}"

    @property
    def jwks_url(self) -> str:
        base = f"{self.endpoint_url}/{self.user_pool_id}" if self.endpoint_url else self.issuer
        return f"{base}/.well-known/jwks.json"

    @property
    def is_local(self) -> bool:
        return self.endpoint_url is not None and urlsplit(self.endpoint_url).hostname in _LOOPBACK

    def client_id(self, *, passwordless: bool) -> str:
        """Return the app client for a mode of sign-in.

        Raises CliError if the configuration has none for it.
        """
        client_id = self.code_only_client_id if passwordless else self.password_and_code_client_id
        if not client_id:
            missing = "PASSCODE_CODE_ONLY_CLIENT_ID" if passwordless else "PASSCODE_CLIENT_ID"
            raise CliError(f"No app client is configured for this mode of sign-in. Set {missing}.")
        return client_id


def find_pool(stack: Path | None, environ: Mapping[str, str] = os.environ) -> PoolConfig:
    """Return the pool of `--stack`, else of PASSCODE_USER_POOL_ID, else of the local stack.

    Raises CliError if there is none, or if its configuration is not valid.
    """
    if stack is not None:
        return from_file(stack, _config_dir(environ))
    if environ.get("PASSCODE_USER_POOL_ID"):
        return _from_environment(environ)
    return from_file(Path(environ.get("PASSCODE_LOCAL_DIR") or ".local") / "stack.json", _config_dir(environ))


def from_file(path: Path, config_dir: Path) -> PoolConfig:
    """Read a pool from a stack file with the fields endpoint_url, region, user_pool_id and clients.

    A local pool keeps its tokens next to the file, any other pool in `config_dir`. Raises CliError.
    """
    with readable_stack_file(path, "select a pool with --stack or PASSCODE_USER_POOL_ID"):
        content = json.loads(path.read_text(encoding="utf-8"))
        clients = content["clients"]
        pool = PoolConfig(
            region=content["region"],
            user_pool_id=content["user_pool_id"],
            # A stack may have one of the two clients. A stack for an existing pool has none.
            password_and_code_client_id=clients.get("password_and_code", ""),
            code_only_client_id=clients.get("code_only", ""),
            endpoint_url=content.get("endpoint_url"),
            token_dir=config_dir,
        )
        _check(pool)
    return replace(pool, token_dir=path.parent) if pool.is_local else pool


def _from_environment(environ: Mapping[str, str]) -> PoolConfig:
    pool_id = environ["PASSCODE_USER_POOL_ID"]
    pool = PoolConfig(
        region=environ.get("PASSCODE_REGION") or pool_id.partition("_")[0],
        user_pool_id=pool_id,
        password_and_code_client_id=environ.get("PASSCODE_CLIENT_ID", ""),
        code_only_client_id=environ.get("PASSCODE_CODE_ONLY_CLIENT_ID", ""),
        endpoint_url=environ.get("PASSCODE_ENDPOINT_URL") or None,
        token_dir=_config_dir(environ),
    )
    _check(pool)
    return pool


def _check(pool: PoolConfig) -> None:
    # The id becomes part of a file name and of two URLs, so its form is checked first.
    match = _POOL_ID.fullmatch(pool.user_pool_id)
    if not match or match["region"] != pool.region:
        raise CliError(
            "The user pool id is not valid for its region. It has the form eu-west-1_AbCdEfGhI. "
            "Check PASSCODE_USER_POOL_ID and PASSCODE_REGION, or the stack file."
        )
    client_ids = [each for each in (pool.password_and_code_client_id, pool.code_only_client_id) if each]
    if not client_ids:
        raise CliError(
            "No app client is configured for this pool. Set PASSCODE_CLIENT_ID or "
            "PASSCODE_CODE_ONLY_CLIENT_ID, together with PASSCODE_USER_POOL_ID."
        )
    if not all(_CLIENT_ID.fullmatch(client_id) for client_id in client_ids):
        raise CliError(
            "Invalid app client id. Check PASSCODE_CLIENT_ID, PASSCODE_CODE_ONLY_CLIENT_ID or the stack file."
        )
    # Tokens are sent to the endpoint, so over the network only with TLS.
    if pool.endpoint_url and not pool.is_local and not pool.endpoint_url.startswith("https://"):
        raise CliError("PASSCODE_ENDPOINT_URL must begin with https://, unless it is on this machine.")


def _config_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "cognito-passcode"
