"""Hosted sign-in through an OpenID provider: the checks that Cognito makes on its way there and back."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ministack.services import cognito

from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, error, json_body
from tools.local_stack.ministack_patches.oidc_identities import tokens_of
from tools.local_stack.ministack_patches.oidc_providers import endpoint, get_json

Query = Mapping[str, Any]
Authorize = Callable[[str, str, Any, Query], CognitoResponse]
Begin = Callable[[Query], CognitoResponse]
ComeBack = Callable[[str, bytes, Query], CognitoResponse]

_MINUTES = 5


def patch() -> None:
    """A federated sign-in is as strict as one on Cognito's own page."""
    cognito.handle_oauth2_authorize = _going_straight_on(cognito.handle_oauth2_authorize)
    cognito._oauth2_authorize_federation = _checking(cognito._oauth2_authorize_federation)
    cognito._oauth2_idp_response = _coming_back(cognito._oauth2_idp_response)


def _going_straight_on(authorize: Authorize) -> Authorize:
    """An app client with one provider that is not COGNITO needs no `identity_provider` parameter."""

    def straight(method: str, path: str, headers: Any, query: Query) -> CognitoResponse:
        offered = _client(query).get("SupportedIdentityProviders") or []
        if not cognito._qp(query, "identity_provider") and len(offered) == 1 and offered != ["COGNITO"]:
            query = {**query, "identity_provider": offered}
        return authorize(method, path, headers, query)

    return straight


def _checking(begin: Begin) -> Begin:
    """The client must offer the flow and the provider. PKCE is kept, and a login_hint goes on."""

    def checked(query: Query) -> CognitoResponse:
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

    return checked


def _refusal(client: Mapping[str, Any], query: Query) -> CognitoResponse | None:
    flows = client.get("AllowedOAuthFlows") or []
    if not (client.get("AllowedOAuthFlowsUserPoolClient") and "code" in flows):
        return error("unauthorized_client", "The client may not use the code flow.")
    if cognito._qp(query, "response_type") != "code":
        return error("unsupported_response_type", "Only response_type=code is offered here.")
    if cognito._qp(query, "identity_provider") not in (client.get("SupportedIdentityProviders") or []):
        return error("invalid_request", "The client does not offer this provider.")
    where, state = cognito._qp(query, "redirect_uri"), cognito._qp(query, "state")
    if where not in client.get("CallbackURLs", []):
        return error("redirect_mismatch", "The redirect_uri is none of the client's.")
    pkce = (cognito._qp(query, name) for name in ("code_challenge", "code_challenge_method"))
    return cognito._pkce_error_redirect(where, *pkce, state)  # type: ignore[no-any-return]


def _coming_back(come: ComeBack) -> ComeBack:
    """What the provider or a check says no to is told to the app. The code for the app is as any other."""

    def back(method: str, body: bytes, query: Query) -> CognitoResponse:
        form = parse_qs(body.decode(errors="replace")) if method == "POST" else {}
        said = {
            name: cognito._qp(form | dict(query), name) for name in ("state", "error", "error_description")
        }
        relay = cognito._auth_codes.get(said["state"])
        if not relay or relay.get("type") != "relay":
            return come(method, body, query)
        if said["error"]:
            cognito._auth_codes.pop(said["state"], None)
            return _to_app(relay, error=said["error"], error_description=said["error_description"])
        pool = cognito._get_pool_unscoped(relay["pool_id"])
        provider = pool["_identity_providers"][relay["provider_name"]]
        with tokens_of(provider):
            return _finished(relay, provider, come(method, body, query))

    return back


def _finished(
    relay: Mapping[str, Any], provider: Mapping[str, Any], given: CognitoResponse
) -> CognitoResponse:
    """/oauth2/token holds a code to its client, redirect URI and PKCE. UserInfo is always asked."""
    if given[0] != 302:
        return _to_app(relay, error="invalid_request", error_description=json_body(given).get("message", ""))
    code = _from(given[1], "code")
    made = cognito._auth_codes.pop(code)
    try:
        url = endpoint(provider["ProviderDetails"], "attributes_url")
        get_json(url, Authorization=f"Bearer {made['_oidc_access_token']}")["sub"]
    except (OSError, ValueError, KeyError):
        return _to_app(relay, error="invalid_request", error_description="UserInfo cannot be read.")
    kept = {name: made[name] for name in ("client_id", "pool_id", "redirect_uri", "username", "nonce")}
    pkce = {name: relay.get(name, "") for name in ("code_challenge", "code_challenge_method")}
    expires = made["created_at"] + _MINUTES * 60
    cognito._authorization_codes[code] = {**kept, **pkce, "scope": made["scopes"], "expires_at": expires}
    return given


def _to_app(relay: Mapping[str, Any], **said: str) -> CognitoResponse:
    told = {name: value for name, value in said.items() if value}
    told |= {"state": relay["state"]} if relay.get("state") else {}
    join = "&" if "?" in relay["redirect_uri"] else "?"
    return 302, {"Location": relay["redirect_uri"] + join + urlencode(told)}, b""


def _client(query: Query) -> dict[str, Any]:
    return cognito._find_pool_by_client_id(cognito._qp(query, "client_id"))[2] or {}


def _from(headers: Mapping[str, str], name: str) -> str:
    return (parse_qs(urlsplit(headers["Location"]).query).get(name) or [""])[0]
