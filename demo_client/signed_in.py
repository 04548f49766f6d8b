"""Being signed in: from fresh tokens to signing out. Nothing is kept or shown before it was checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo_client import token_file
from demo_client.challenge import Tokens, read_tokens
from demo_client.pool import Pool
from demo_client.tokens import Person, fetch_keys, verify

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def accept(pool: Pool, tokens: Tokens) -> Person:
    """Check fresh tokens, then keep them."""
    person = verify(tokens, pool, fetch_keys(pool))
    token_file.keep(pool, tokens)
    return person


def whoami(cognito: CognitoIdentityProviderClient, pool: Pool) -> tuple[Person, Tokens]:
    """Who is signed in, by the tokens and by the pool: only the pool knows of a sign-out elsewhere."""
    tokens = token_file.load(pool)
    person = verify(tokens, pool, fetch_keys(pool))
    cognito.get_user(AccessToken=tokens.access_token)
    return person, tokens


def refresh(cognito: CognitoIdentityProviderClient, pool: Pool) -> tuple[Person, Tokens]:
    """New tokens for the refresh token."""
    old = token_file.load(pool)
    reply = cognito.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=old.client_id,
        AuthParameters={"REFRESH_TOKEN": old.refresh_token},
    )
    tokens = read_tokens(reply["AuthenticationResult"], old.client_id, old.refresh_token)
    return accept(pool, tokens), tokens


def sign_out(cognito: CognitoIdentityProviderClient, pool: Pool, *, everywhere: bool) -> None:
    """End this sign-in, or all of the person's, at the pool first and then here."""
    tokens = token_file.load(pool)
    if everywhere:
        cognito.global_sign_out(AccessToken=tokens.access_token)
    else:
        cognito.revoke_token(Token=tokens.refresh_token, ClientId=tokens.client_id)
    token_file.forget(pool)
