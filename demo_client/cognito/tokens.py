"""Who signed in, believed only after both tokens were checked against the pool's own keys."""

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

# The clocks of people's machines are not those of the pool.
_LEEWAY_SECONDS: Final = 30
_MUST_HAVE: Final = ["sub", "iss", "exp", "iat", "token_use"]


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who the tokens speak of. `expires_at` is in seconds since 1970."""

    sub: str
    email: str
    expires_at: int


def verify(tokens: Tokens, pool: PoolConfig, keys: jwt.PyJWKSet) -> SignedInUser:
    """The person, once signature, issuer, client, use and life of both tokens hold; raises CliError."""
    id_claims = _claims(tokens.id_token, "id", tokens.client_id, pool, keys)
    access_claims = _claims(tokens.access_token, "access", tokens.client_id, pool, keys)
    if id_claims["sub"] != access_claims["sub"]:
        raise _unfit("they speak of two people")
    return SignedInUser(
        sub=str(id_claims["sub"]),
        email=str(id_claims.get("email", "")),
        expires_at=min(int(id_claims["exp"]), int(access_claims["exp"])),
    )


def fetch_keys(pool: PoolConfig) -> jwt.PyJWKSet:
    """The pool's public keys (JWKS), fetched anew; raises CliError when they cannot be had."""
    # The address is the pool's own: https, or this machine, which no proxy reaches.
    proxies = urllib.request.ProxyHandler({}) if pool.is_local else urllib.request.ProxyHandler()
    try:
        with urllib.request.build_opener(proxies).open(pool.jwks_url, timeout=10) as answer:
            return jwt.PyJWKSet.from_dict(json.load(answer))
    except (OSError, ValueError, jwt.PyJWTError):
        raise CliError(
            "The pool's public keys cannot be read, so nothing is believed. Check the network, or start the "
            "local stack: `make up`.",
            UNREACHABLE,
        ) from None


def _claims(token: str, use: str, client_id: str, pool: PoolConfig, keys: jwt.PyJWKSet) -> Mapping[str, Any]:
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key,
            # The list is fixed here: a token must not choose how it is checked ("none", HS256).
            algorithms=["RS256"],
            issuer=pool.issuer,
            audience=client_id if use == "id" else None,
            leeway=_LEEWAY_SECONDS,
            options={"require": _MUST_HAVE, "verify_aud": use == "id"},
        )
    except jwt.ExpiredSignatureError:
        raise CliError("Your sign-in has run out. Renew it: `refresh`, or sign in again.", REFUSED) from None
    except (jwt.PyJWTError, KeyError) as error:
        raise _unfit(type(error).__name__) from None
    # One kind of token must not pass for the other; an access token names its client elsewhere.
    if claims["token_use"] != use or (use == "access" and claims.get("client_id") != client_id):
        raise _unfit(f"not an {use} token of this app")
    return claims


def _unfit(reason: str) -> CliError:
    return CliError(f"The tokens were refused ({reason}), so nobody is signed in. Sign in again.", REFUSED)
