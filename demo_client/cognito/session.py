"""Being signed in: from fresh tokens to signing out. Nothing is kept or shown before it was checked.

Between two commands the tokens are in one file, for its owner's eyes only.
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
    """Check fresh tokens, then keep them."""
    person = verify(tokens, pool, fetch_keys(pool))
    save(pool, tokens)
    return person


def whoami(cognito: CognitoIdentityProviderClient, pool: PoolConfig) -> tuple[SignedInUser, Tokens]:
    """Who is signed in, by the tokens and by the pool: only the pool knows of a sign-out elsewhere."""
    tokens = load(pool)
    person = verify(tokens, pool, fetch_keys(pool))
    cognito.get_user(AccessToken=tokens.access_token)
    return person, tokens


def refresh(cognito: CognitoIdentityProviderClient, pool: PoolConfig) -> tuple[SignedInUser, Tokens]:
    """New tokens for the refresh token."""
    old = load(pool)
    reply = cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=old.client_id,
        AuthParameters={"REFRESH_TOKEN": old.refresh_token},
    )
    tokens = read_tokens(reply["AuthenticationResult"], old.client_id, old.refresh_token)
    return verify_and_save(pool, tokens), tokens


def sign_out(cognito: CognitoIdentityProviderClient, pool: PoolConfig, *, everywhere: bool) -> None:
    """End this sign-in, or all of the person's, at the pool first and then here."""
    tokens = load(pool)
    if everywhere:
        cognito.global_sign_out(AccessToken=tokens.access_token)
    else:
        cognito.revoke_token(Token=tokens.refresh_token, ClientId=tokens.client_id)
    delete(pool)


def token_path(pool: PoolConfig) -> Path:
    """Named after the pool, so that the tokens of one are never shown to another."""
    return pool.token_dir / f"tokens-{pool.user_pool_id}.json"


def save(pool: PoolConfig, tokens: Tokens) -> None:
    """Write the tokens, all or nothing, with mode 0600."""
    pool.token_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp opens with 0600 from the start: a mode set afterwards leaves a moment to read it.
    handle, temporary = tempfile.mkstemp(dir=pool.token_dir, prefix=".tokens-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(tokens), file)
        Path(temporary).replace(token_path(pool))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(pool: PoolConfig) -> Tokens:
    """The tokens of the last sign-in to this pool; raises CliError when there are none."""
    try:
        found = json.loads(token_path(pool).read_text(encoding="utf-8"))
        tokens = Tokens(**found)
        usable = all(isinstance(value, str) for value in found.values())
    except FileNotFoundError:
        raise CliError("Nobody is signed in here. Sign in: `sign-in EMAIL`.", REFUSED) from None
    except (OSError, ValueError, TypeError, AttributeError):
        usable = False
    if not usable:
        raise CliError("The saved sign-in is damaged. Sign in again: `sign-in EMAIL`.")
    return tokens


def delete(pool: PoolConfig) -> None:
    token_path(pool).unlink(missing_ok=True)
