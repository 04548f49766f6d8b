"""The signed-in session: verify and save tokens, refresh them, sign out.

Tokens are verified before they are saved or shown. Between two commands they are in one file that only its
owner can read.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from demo_client.cognito.challenge import Tokens, read_tokens
from demo_client.cognito.pool_config import PoolConfig
from demo_client.cognito.tokens import SignedInUser, fetch_keys, verify
from demo_client.errors import REFUSED, CliError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def verify_and_save(pool: PoolConfig, tokens: Tokens) -> SignedInUser:
    """Verify new tokens, save them and return their user. Raises CliError if they are not valid."""
    user = verify(tokens, pool, fetch_keys(pool))
    save(pool, tokens)
    return user


def whoami(cognito: CognitoIdentityProviderClient, pool: PoolConfig) -> tuple[SignedInUser, Tokens]:
    """Return the signed-in user and the saved tokens.

    The function asks the pool too, because only the pool has a record of a sign-out on another device.
    """
    tokens = load(pool)
    user = verify(tokens, pool, fetch_keys(pool))
    cognito.get_user(AccessToken=tokens.access_token)
    return user, tokens


def refresh(cognito: CognitoIdentityProviderClient, pool: PoolConfig) -> tuple[SignedInUser, Tokens]:
    """Exchange the saved refresh token for new tokens, and save them."""
    old = load(pool)
    response = cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=old.client_id,
        AuthParameters={"REFRESH_TOKEN": old.refresh_token},
    )
    tokens = read_tokens(response["AuthenticationResult"], old.client_id, old.refresh_token)
    return verify_and_save(pool, tokens), tokens


def sign_out(cognito: CognitoIdentityProviderClient, pool: PoolConfig, *, everywhere: bool) -> None:
    """End this session, or with `everywhere` all sessions of the user, and delete the saved tokens."""
    tokens = load(pool)
    if everywhere:
        cognito.global_sign_out(AccessToken=tokens.access_token)
    else:
        cognito.revoke_token(Token=tokens.refresh_token, ClientId=tokens.client_id)
    delete(pool)


def token_path(pool: PoolConfig) -> Path:
    """Return the token file of a pool. Its name has the pool's id, so no pool gets another pool's tokens."""
    return pool.token_dir / f"tokens-{pool.user_pool_id}.json"


def save(pool: PoolConfig, tokens: Tokens) -> None:
    """Write the tokens atomically, with mode 0600."""
    pool.token_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp creates the file with 0600. A mode that is set afterwards leaves time to read it.
    handle, temporary = tempfile.mkstemp(dir=pool.token_dir, prefix=".tokens-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(tokens), file)
        Path(temporary).replace(token_path(pool))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(pool: PoolConfig) -> Tokens:
    """Return the tokens of the last sign-in to this pool. Raises CliError if there are none."""
    try:
        content = json.loads(token_path(pool).read_text(encoding="utf-8"))
        tokens = Tokens(**content)
        is_valid = all(isinstance(value, str) for value in content.values())
    except FileNotFoundError:
        raise CliError("You are not signed in. Sign in: `sign-in EMAIL`.", REFUSED) from None
    except (OSError, ValueError, TypeError, AttributeError):
        is_valid = False
    if not is_valid:
        raise CliError("The saved sign-in is damaged. Sign in again: `sign-in EMAIL`.")
    return tokens


def delete(pool: PoolConfig) -> None:
    """Delete the saved tokens, if there are any."""
    token_path(pool).unlink(missing_ok=True)
