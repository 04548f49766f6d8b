"""Levels of authentication (ACR) of federated sign-ins, as in Cognito's step-up pages of November 2026."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ministack.services import cognito

from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, error, json_body, success

Query = Mapping[str, Any]
Call = Callable[[dict[str, Any]], CognitoResponse]
Begin = Callable[[Query], CognitoResponse]

_LEVELS = ("Level1", "Level2", "Level3", "Level4")
_NAMES = {f"urn:cognito:loa:{number}": level for number, level in enumerate(_LEVELS, 1)}
_NAME_OF = {level: name for name, level in _NAMES.items()}
_ACR = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")
_METHODS = ("pwd", "otp", "sms", "email_otp", "swk", "hwk", "mfa")

# The claims `acr` and `amr` of the tokens that Cognito is issuing.
_claims: ContextVar[Mapping[str, Any] | None] = ContextVar("claims", default=None)


def patch() -> None:
    """A provider has an AcrMapping, and Cognito's tokens have the level that the provider stated."""
    cognito._create_identity_provider = _with_mapping(cognito._create_identity_provider)
    cognito._update_identity_provider = _with_mapping(cognito._update_identity_provider)
    cognito._oauth2_authorize_federation = _with_levels(cognito._oauth2_authorize_federation)
    cognito._signed_jwt = _with_claims(cognito._signed_jwt)
    cognito._oauth2_token = _of_code_or_refresh_token(cognito._oauth2_token)


def claims_of_tokens(mapping: Mapping[str, str], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return `acr` and `amr` of Cognito's tokens. `stated` are the claims of the provider's ID token.

    An ACR value that the AcrMapping lacks is the lowest level. Methods that Cognito does not know are left
    out, and without a known one the method is `fed`.
    """
    level = next((level for level in _LEVELS if mapping.get(level) == stated.get("acr")), _LEVELS[0])
    methods = [method for method in stated.get("amr") or () if method in _METHODS]
    return {"acr": _NAME_OF[level], "amr": methods or ["fed"]}


def _with_mapping(call: Call) -> Call:
    """Only an OIDC provider has an AcrMapping. An update without it keeps it."""

    def call_with_mapping(data: dict[str, Any]) -> CognitoResponse:
        mapping = data.get("AcrMapping")
        if mapping is not None and (refusal := _refusal(data, mapping)):
            return refusal
        response = call(data)
        if response[0] != 200 or mapping is None:
            return response
        provider = json_body(response)["IdentityProvider"]
        stored = cognito._get_pool_unscoped(data["UserPoolId"])["_identity_providers"]
        stored[provider["ProviderName"]]["AcrMapping"] = mapping
        return success({"IdentityProvider": provider | {"AcrMapping": mapping}})

    return call_with_mapping


def _refusal(data: Mapping[str, Any], mapping: Mapping[str, str]) -> CognitoResponse | None:
    pool = cognito._get_pool_unscoped(data.get("UserPoolId", "")) or {}
    stored = pool.get("_identity_providers", {}).get(data.get("ProviderName"), {})
    if data.get("ProviderType", stored.get("ProviderType", "OIDC")) != "OIDC":
        return error("InvalidParameterException", "Only OIDC identity providers support AcrMapping.")
    if not all(level in _LEVELS and _ACR.fullmatch(acr) for level, acr in mapping.items()):
        return error("InvalidParameterException", "The acrMapping failed to satisfy its constraints.")
    return None


def _with_levels(begin: Begin) -> Begin:
    """The provider gets `acr_values` in its own names, and `max_age`. The Lite plan ignores both."""

    def begin_with_levels(query: Query) -> CognitoResponse:
        status, headers, body = begin(query)
        state = (parse_qs(urlsplit(headers.get("Location", "")).query).get("state") or [""])[0]
        relay = cognito._auth_codes.get(state)
        if status == 302 and relay and (asked := _asked(relay, query)):
            headers["Location"] += "&" + urlencode(asked)
        return status, headers, body

    return begin_with_levels


def _asked(relay: Mapping[str, Any], query: Query) -> dict[str, str]:
    pool = cognito._get_pool_unscoped(relay["pool_id"])
    if pool.get("UserPoolTier") == "LITE":
        return {}
    mapping = pool["_identity_providers"][relay["provider_name"]].get("AcrMapping", {})
    levels = (_NAMES.get(name, "") for name in cognito._qp(query, "acr_values").split())
    asked = {
        "acr_values": " ".join(mapping[level] for level in levels if level in mapping),
        "max_age": cognito._qp(query, "max_age"),
    }
    return {name: value for name, value in asked.items() if value}


def _with_claims(sign: Callable[..., str]) -> Callable[..., str]:
    """No trigger can change these claims, so they are set last. A refresh keeps them."""

    def sign_with_claims(claims: dict[str, Any], *rest: Any) -> str:
        return sign({**claims, **(_claims.get() or {})}, *rest)

    return sign_with_claims


def _of_code_or_refresh_token(answer: Callable[..., CognitoResponse]) -> Callable[..., CognitoResponse]:
    def answer_with_claims(data: Any, query: Query, body: bytes = b"", *rest: Any) -> CognitoResponse:
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        entry = cognito._authorization_codes.get(form.get("code", ""), {})
        refreshed = cognito._token_claims(form.get("refresh_token", ""))
        kept = {name: refreshed[name] for name in ("acr", "amr") if name in refreshed}
        with _issuing(entry.get("assurance", kept)):
            return answer(data, query, body, *rest)

    return answer_with_claims


@contextmanager
def _issuing(claims: Mapping[str, Any]) -> Iterator[None]:
    token = _claims.set(claims)
    try:
        yield
    finally:
        _claims.reset(token)
