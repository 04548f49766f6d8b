"""Hosted sign-in through an OpenID provider: Cognito's checks before and after the redirect."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ministack.services import cognito

from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, error, json_body
from tools.local_stack.ministack_patches.oidc_identities import tokens_of
from tools.local_stack.ministack_patches.oidc_levels import claims_of_tokens
from tools.local_stack.ministack_patches.oidc_providers import endpoint, get_json

Query = Mapping[str, Any]
Authorize = Callable[[str, str, Any, Query], CognitoResponse]
Begin = Callable[[Query], CognitoResponse]
HandleResponse = Callable[[str, bytes, Query], CognitoResponse]

_MINUTES = 5


def patch() -> None:
    """A federated sign-in has the same checks as one on Cognito's own page."""
    cognito.handle_oauth2_authorize = _with_default_provider(cognito.handle_oauth2_authorize)
    cognito._oauth2_authorize_federation = _with_checks(cognito._oauth2_authorize_federation)
    cognito._oauth2_idp_response = _with_errors_for_app(cognito._oauth2_idp_response)


def _with_default_provider(authorize: Authorize) -> Authorize:
    """An app client with one provider that is not COGNITO needs no `identity_provider` parameter."""

    def authorize_with_default(method: str, path: str, headers: Any, query: Query) -> CognitoResponse:
        providers = _client(query).get("SupportedIdentityProviders") or []
        if not cognito._qp(query, "identity_provider") and len(providers) == 1 and providers != ["COGNITO"]:
            query = {**query, "identity_provider": providers}
        return authorize(method, path, headers, query)

    return authorize_with_default


def _with_checks(begin: Begin) -> Begin:
    """The client must allow the flow and the provider. PKCE is stored, and login_hint is passed on."""

    def begin_with_checks(query: Query) -> CognitoResponse:
        client = _client(query)
        if client and (refusal := _refusal(client, query)):
            return refusal
        status, headers, body = begin(query)
        if status == 302 and (relay := cognito._auth_codes.get(_from(headers, "state"))):
            names = ("code_challenge", "code_challenge_method")
            relay.update({name: cognito._qp(query, name) for name in names})
            hint = cognito._qp(query, "login_hint")
            headers["Location"] += "&" + urlencode({"login_hint": hint}) if hint else ""
        return status, headers, body

    return begin_with_checks


def _refusal(client: Mapping[str, Any], query: Query) -> CognitoResponse | None:
    flows = client.get("AllowedOAuthFlows") or []
    if not (client.get("AllowedOAuthFlowsUserPoolClient") and "code" in flows):
        return error("unauthorized_client", "The client may not use the code flow.")
    if cognito._qp(query, "response_type") != "code":
        return error("unsupported_response_type", "Only response_type=code is supported.")
    if cognito._qp(query, "identity_provider") not in (client.get("SupportedIdentityProviders") or []):
        return error("invalid_request", "The client does not allow this provider.")
    redirect_uri, state = cognito._qp(query, "redirect_uri"), cognito._qp(query, "state")
    if redirect_uri not in client.get("CallbackURLs", []):
        return error("redirect_mismatch", "The redirect_uri is not registered for the client.")
    pkce = (cognito._qp(query, name) for name in ("code_challenge", "code_challenge_method"))
    return cognito._pkce_error_redirect(redirect_uri, *pkce, state)  # type: ignore[no-any-return]


def _with_errors_for_app(handle: HandleResponse) -> HandleResponse:
    """An error of the provider, or of a check, is redirected to the app. The app's code is a normal one."""

    def handle_with_errors(method: str, body: bytes, query: Query) -> CognitoResponse:
        form = parse_qs(body.decode(errors="replace")) if method == "POST" else {}
        parameters = {
            name: cognito._qp(form | dict(query), name) for name in ("state", "error", "error_description")
        }
        relay = cognito._auth_codes.get(parameters["state"])
        if not relay or relay.get("type") != "relay":
            return handle(method, body, query)
        if parameters["error"]:
            cognito._auth_codes.pop(parameters["state"], None)
            return _to_app(
                relay, error=parameters["error"], error_description=parameters["error_description"]
            )
        pool = cognito._get_pool_unscoped(relay["pool_id"])
        provider = pool["_identity_providers"][relay["provider_name"]]
        with tokens_of(provider) as stated:
            response = handle(method, body, query)
            return _finish(relay, provider, response, stated)

    return handle_with_errors


def _finish(
    relay: Mapping[str, Any],
    provider: Mapping[str, Any],
    response: CognitoResponse,
    stated: Mapping[str, Any],
) -> CognitoResponse:
    """/oauth2/token checks client, redirect URI and PKCE of a code. UserInfo is always requested."""
    if response[0] != 302:
        return _to_app(
            relay, error="invalid_request", error_description=json_body(response).get("message", "")
        )
    code = _from(response[1], "code")
    stored = cognito._auth_codes.pop(code)
    try:
        url = endpoint(provider["ProviderDetails"], "attributes_url")
        get_json(url, Authorization=f"Bearer {stored['_oidc_access_token']}")["sub"]
    except (OSError, ValueError, KeyError):
        return _to_app(relay, error="invalid_request", error_description="UserInfo cannot be read.")
    kept = {name: stored[name] for name in ("client_id", "pool_id", "redirect_uri", "username", "nonce")}
    pkce = {name: relay.get(name, "") for name in ("code_challenge", "code_challenge_method")}
    expires = stored["created_at"] + _MINUTES * 60
    more = {"scope": stored["scopes"], "expires_at": expires}
    more["assurance"] = claims_of_tokens(provider.get("AcrMapping", {}), stated)
    cognito._authorization_codes[code] = {**kept, **pkce, **more}
    return response


def _to_app(relay: Mapping[str, Any], **parameters: str) -> CognitoResponse:
    sent = {name: value for name, value in parameters.items() if value}
    sent |= {"state": relay["state"]} if relay.get("state") else {}
    join = "&" if "?" in relay["redirect_uri"] else "?"
    return 302, {"Location": relay["redirect_uri"] + join + urlencode(sent)}, b""


def _client(query: Query) -> dict[str, Any]:
    return cognito._find_pool_by_client_id(cognito._qp(query, "client_id"))[2] or {}


def _from(headers: Mapping[str, str], name: str) -> str:
    return (parse_qs(urlsplit(headers["Location"]).query).get(name) or [""])[0]
