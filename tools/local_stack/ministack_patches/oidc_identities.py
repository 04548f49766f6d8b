"""Users of an OpenID provider: Cognito's checks of the ID token, and the links to users of the pool."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jwt
from ministack.services import cognito

from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, error
from tools.local_stack.ministack_patches.oidc_providers import endpoint, get_json

Claims = dict[str, Any]

# The provider of the ID token, and a dictionary for its claims. ministack reads the pool's own tokens with
# the same function.
_provider: ContextVar[tuple[Mapping[str, Any], Claims] | None] = ContextVar("provider", default=None)


@contextmanager
def tokens_of(provider: Mapping[str, Any]) -> Iterator[Claims]:
    """In the body, a token must be an ID token of this provider. Provides a dictionary for its claims."""
    stated: Claims = {}
    token = _provider.set((provider, stated))
    try:
        yield stated
    finally:
        _provider.reset(token)


def patch() -> None:
    """Cognito verifies every ID token, and an identity belongs to one user."""
    cognito._decode_id_token_unverified = _verifying(cognito._decode_id_token_unverified)
    cognito._admin_link_provider_for_user = _with_unique_links(cognito._admin_link_provider_for_user)
    cognito._merge_federated_attrs = _without_user_name(cognito._merge_federated_attrs)


def _verifying(read: Callable[[str], Claims]) -> Callable[[str], Claims]:
    """An ID token must have a signature of the provider, be for this client and not be expired.

    Cognito uses only the mapped claims.
    """

    def verified(token: str) -> Claims:
        expected = _provider.get()
        if expected is None:
            return read(token)
        provider, stated = expected
        details = provider["ProviderDetails"]
        try:
            keys = jwt.PyJWKSet.from_dict(get_json(endpoint(details, "jwks_uri")))
            key = keys[jwt.get_unverified_header(token)["kid"]]
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=details["client_id"],
                issuer=details["oidc_issuer"],
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (OSError, KeyError, jwt.PyJWTError) as failure:
            raise ValueError(f"the ID token of the provider is not valid: {type(failure).__name__}") from None
        stated.update(claims)
        mapped = {"sub", *provider["AttributeMapping"].values()}
        return {name: _text(value) for name, value in claims.items() if name in mapped}

    return verified


def _text(value: object) -> str:
    """Attributes are strings; a boolean is `true` or `false`."""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _with_unique_links(
    link: Callable[[dict[str, Any]], CognitoResponse],
) -> Callable[[dict[str, Any]], CognitoResponse]:
    """An identity that is already linked cannot be linked again, not even to the same user."""

    def link_once(data: dict[str, Any]) -> CognitoResponse:
        pool, source = cognito._get_pool_unscoped(data.get("UserPoolId", "")), data.get("SourceUser") or {}
        parts = ("ProviderName", "ProviderAttributeName", "ProviderAttributeValue")
        key = cognito._provider_link_key(*(source.get(part, "") for part in parts))
        if pool and key in cognito._provider_links(pool):
            return error("InvalidParameterException", "Invalid SourceUser: it is already linked.")
        return link(data)

    return link_once


def _without_user_name(merge: Callable[..., str]) -> Callable[..., str]:
    """A claim that is mapped to `username` names the profile of a new user, and is no attribute."""

    def merged(user: dict[str, Any], attributes: Mapping[str, str], now: Any) -> str:
        return merge(user, {name: value for name, value in attributes.items() if name != "username"}, now)

    return merged
