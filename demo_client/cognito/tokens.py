"""Verify ID token and access token with the pool's public keys, and read the user from them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from demo_client.cognito.challenge import Tokens
from demo_client.cognito.pool_config import PoolConfig
from demo_client.errors import REFUSED, UNREACHABLE, CliError

# The clock of this machine may differ from the clock of the pool.
_LEEWAY_SECONDS: Final = 30
_REQUIRED_CLAIMS: Final = ["sub", "iss", "exp", "iat", "token_use"]


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The user of both tokens. `expires_at` is in seconds since 1970."""

    sub: str
    email: str
    expires_at: int


def verify(tokens: Tokens, pool: PoolConfig, keys: jwt.PyJWKSet) -> SignedInUser:
    """Check signature, issuer, app client, use and expiry of both tokens, and return their user.

    Raises CliError if a check fails (AWS: "Verifying JSON web tokens").
    """
    id_claims = _claims(tokens.id_token, "id", tokens.client_id, pool, keys)
    access_claims = _claims(tokens.access_token, "access", tokens.client_id, pool, keys)
    if id_claims["sub"] != access_claims["sub"]:
        raise _invalid("ID token and access token belong to different users")
    return SignedInUser(
        sub=str(id_claims["sub"]),
        email=str(id_claims.get("email", "")),
        expires_at=min(int(id_claims["exp"]), int(access_claims["exp"])),
    )


def fetch_keys(pool: PoolConfig) -> jwt.PyJWKSet:
    """Fetch the pool's public keys (JWKS). Raises CliError if they cannot be read."""
    # The URL is https, or on this machine, which no proxy reaches.
    proxies = urllib.request.ProxyHandler({}) if pool.is_local else urllib.request.ProxyHandler()
    try:
        with urllib.request.build_opener(proxies).open(pool.jwks_url, timeout=10) as response:
            return jwt.PyJWKSet.from_dict(json.load(response))
    except (OSError, ValueError, jwt.PyJWTError):
        raise CliError(
            "The pool's public keys cannot be read, so the tokens cannot be verified. Check the network, or "
            "start the local stack: `make up`.",
            UNREACHABLE,
        ) from None


def _claims(token: str, use: str, client_id: str, pool: PoolConfig, keys: jwt.PyJWKSet) -> Mapping[str, Any]:
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key,
            # A fixed list: a token must not choose its own algorithm ("none", HS256). RFC 8725, section 3.1.
            algorithms=["RS256"],
            issuer=pool.issuer,
            audience=client_id if use == "id" else None,
            leeway=_LEEWAY_SECONDS,
            options={"require": _REQUIRED_CLAIMS, "verify_aud": use == "id"},
        )
    except jwt.ExpiredSignatureError:
        raise CliError("Your sign-in has expired. Run `refresh`, or sign in again.", REFUSED) from None
    except (jwt.PyJWTError, KeyError) as error:
        raise _invalid(type(error).__name__) from None
    # Neither token may be used as the other. An access token has client_id instead of aud.
    if claims["token_use"] != use or (use == "access" and claims.get("client_id") != client_id):
        raise _invalid(f"not an {use} token of this app client")
    return claims


def _invalid(reason: str) -> CliError:
    return CliError(f"The tokens were refused ({reason}). Sign in again.", REFUSED)
