"""Which pool to talk to: the local stack's file, another stack file, or the environment."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from demo_client.errors import UNREACHABLE, CliError

_POOL_ID = re.compile(r"(?P<region>[a-z]{2}(-[a-z]+)+-\d)_[0-9A-Za-z]{1,55}")
_CLIENT_ID = re.compile(r"[\w+]{1,128}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """One user pool. `endpoint_url` is None on AWS; `token_dir` is the directory that keeps the tokens."""

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
        """The app client of a mode; raises CliError when this pool was given without it."""
        client_id = self.code_only_client_id if passwordless else self.password_and_code_client_id
        if not client_id:
            missing = "PASSCODE_CODE_ONLY_CLIENT_ID" if passwordless else "PASSCODE_CLIENT_ID"
            raise CliError(f"This way of signing in needs an app client: set {missing}.")
        return client_id


def find_pool(stack: Path | None, environ: Mapping[str, str] = os.environ) -> PoolConfig:
    """The pool that the person means: --stack, else PASSCODE_USER_POOL_ID, else the local stack."""
    if stack is not None:
        return from_file(stack, _config_dir(environ))
    if environ.get("PASSCODE_USER_POOL_ID"):
        return _from_environment(environ)
    return from_file(Path(environ.get("PASSCODE_LOCAL_DIR") or ".local") / "stack.json", _config_dir(environ))


def from_file(path: Path, config_dir: Path) -> PoolConfig:
    """A pool from a stack file (endpoint_url, region, user_pool_id, clients)."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        clients = found["clients"]
        pool = PoolConfig(
            region=found["region"],
            user_pool_id=found["user_pool_id"],
            # A stack may have one of the two, and one for a pool that exists has none.
            password_and_code_client_id=clients.get("password_and_code", ""),
            code_only_client_id=clients.get("code_only", ""),
            endpoint_url=found.get("endpoint_url"),
            token_dir=config_dir,
        )
        _check(pool)
    except FileNotFoundError:
        raise CliError(
            f"No stack is running ({path} is not there). Run `make up`, or name a pool with --stack "
            "or PASSCODE_USER_POOL_ID.",
            UNREACHABLE,
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(path) from None
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
    # The id goes into a file name and two URLs, so it is held to its own form before it is used.
    match = _POOL_ID.fullmatch(pool.user_pool_id)
    if not match or match["region"] != pool.region:
        raise CliError("The user pool id does not fit its region. It looks like eu-west-1_AbCdEfGhI.")
    client_ids = [each for each in (pool.password_and_code_client_id, pool.code_only_client_id) if each]
    if not client_ids:
        raise CliError(
            "This pool was given without an app client. Name one with PASSCODE_CLIENT_ID or "
            "PASSCODE_CODE_ONLY_CLIENT_ID, together with PASSCODE_USER_POOL_ID."
        )
    if not all(_CLIENT_ID.fullmatch(client_id) for client_id in client_ids):
        raise CliError("An app client id is unfit. Set PASSCODE_CLIENT_ID or the stack file right.")
    # Tokens travel to the endpoint: over the network only inside TLS.
    if pool.endpoint_url and not pool.is_local and not pool.endpoint_url.startswith("https://"):
        raise CliError("The endpoint must begin with https://, unless it is on this machine.")


def _config_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "cognito-passcode"


def _damaged(path: Path) -> CliError:
    return CliError(f"The stack file {path} is damaged. Run `make down` and `make up` to write it again.")
