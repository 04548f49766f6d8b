"""What an authorization code stands for, and the tokens that it is exchanged for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from hosted.oidc import ID_TOKEN_LIFE, claims_of


@dataclass(frozen=True)
class Grant:
    """One sign-in that ended well. Who it is stands here as a user name; no address does."""

    client_id: str
    redirect_uri: str
    nonce: str
    code_challenge: str
    user_name: str
    auth_time: int
    channel: str
    with_password: bool


def key_of_code(code: str) -> str:
    """The key of the grant of `code`. The code itself is kept nowhere."""
    return f"grant#{hashlib.sha256(code.encode()).hexdigest()}"


def id_token_claims(grant: Grant, attributes: Mapping[str, str], issuer: str, now: int) -> dict[str, object]:
    """The claims of the ID token (OpenID Connect Core 2)."""
    # RFC 8176 has `pwd`, `sms`, `otp` and `mfa`, and no word for email.
    sms, password = (
        (["sms"] if grant.channel == "sms" else []),
        (["pwd", "mfa"] if grant.with_password else []),
    )
    return {
        "iss": issuer,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + ID_TOKEN_LIFE,
        "auth_time": grant.auth_time,
        "amr": ["otp", *sms, *password],
        **({"nonce": grant.nonce} if grant.nonce else {}),
        **claims_of(attributes),
    }


def access_token_claims(grant: Grant, subject: str, issuer: str, now: int) -> dict[str, object]:
    """The claims of the access token. It opens /userinfo here, and nothing anywhere else."""
    return {
        "iss": issuer,
        "aud": f"{issuer}/userinfo",
        "sub": subject,
        "user_name": grant.user_name,
        "iat": now,
        "exp": now + ID_TOKEN_LIFE,
    }
