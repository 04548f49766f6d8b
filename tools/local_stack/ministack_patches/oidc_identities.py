"""Who comes from an OpenID provider: what Cognito believes of them, and whose identity it is."""

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

# Whose ID token is being read. The pool's own tokens are read by the same function of ministack.
_asked: ContextVar[Mapping[str, Any] | None] = ContextVar("asked", default=None)


@contextmanager
def tokens_of(provider: Mapping[str, Any]) -> Iterator[None]:
    """Inside, a token that is read has to be an ID token of this provider."""
    token = _asked.set(provider)
    try:
        yield
    finally:
        _asked.reset(token)


def patch() -> None:
    """No token is believed unseen, and an identity belongs to one user."""
    cognito._decode_id_token_unverified = _verifying(cognito._decode_id_token_unverified)
    cognito._admin_link_provider_for_user = _once(cognito._admin_link_provider_for_user)
    cognito._merge_federated_attrs = _without_the_name(cognito._merge_federated_attrs)


def _verifying(read: Callable[[str], Claims]) -> Callable[[str], Claims]:
    """An ID token counts if a key of the provider's signed it, for this client and this moment; of its claims
    those that are mapped do."""

    def verified(token: str) -> Claims:
        provider = _asked.get()
        if provider is None:
            return read(token)
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
        except (OSError, KeyError, jwt.PyJWTError) as why:
            raise ValueError(f"the ID token is not the provider's: {type(why).__name__}") from None
        mapped = {"sub", *provider["AttributeMapping"].values()}
        return {name: _text(value) for name, value in claims.items() if name in mapped}

    return verified


def _text(value: object) -> str:
    """Attributes are strings, and a truth is `true` or `false`."""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _once(link: Callable[[dict[str, Any]], CognitoResponse]) -> Callable[[dict[str, Any]], CognitoResponse]:
    """An identity that is linked already is no SourceUser, not even for the user that it is linked to."""

    def linked(data: dict[str, Any]) -> CognitoResponse:
        pool, source = cognito._get_pool_unscoped(data.get("UserPoolId", "")), data.get("SourceUser") or {}
        parts = ("ProviderName", "ProviderAttributeName", "ProviderAttributeValue")
        key = cognito._provider_link_key(*(source.get(part, "") for part in parts))
        if pool and key in cognito._provider_links(pool):
            return error("InvalidParameterException", "Invalid SourceUser: it is linked already.")
        return link(data)

    return linked


def _without_the_name(merge: Callable[..., str]) -> Callable[..., str]:
    """What is mapped to `username` names the profile of a new user, and is no attribute."""

    def merged(user: dict[str, Any], attributes: Mapping[str, str], now: Any) -> str:
        return merge(user, {name: value for name, value in attributes.items() if name != "username"}, now)

    return merged
