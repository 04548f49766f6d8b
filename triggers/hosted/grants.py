"""The tokens that an authorization code is exchanged for."""

from collections.abc import Mapping

from hosted.oidc import TOKEN_LIFE, claims_of, user_info_of
from passcode.channels.channel import methods
from token_service.hosted_state import Grant


def id_token_claims(grant: Grant, attributes: Mapping[str, str], issuer: str, now: int) -> dict[str, object]:
    """The claims of the ID token (OpenID Connect Core 2)."""
    return {
        "iss": issuer,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + TOKEN_LIFE,
        "auth_time": grant.auth_time,
        "amr": methods(grant.channel, with_password=grant.with_password),
        **({"nonce": grant.nonce} if grant.nonce else {}),
        **claims_of(attributes),
    }


def access_token_claims(grant: Grant, issuer: str, now: int) -> dict[str, object]:
    """The claims of the access token. It opens /userinfo here, and nothing anywhere else."""
    return {
        "iss": issuer,
        "aud": user_info_of(issuer),
        "sub": grant.sub,
        "user_name": grant.user_name,
        "iat": now,
        "exp": now + TOKEN_LIFE,
    }
