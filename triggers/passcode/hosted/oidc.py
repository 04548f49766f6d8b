"""The protocol: OpenID Connect Core 1.0 with the authorization code flow (RFC 6749) and PKCE (RFC 7636).

Cognito is the one relying party; the operator can add others. Redirect URIs are compared character by
character. A nonce is returned but not required, and PKCE is checked but not required: Cognito may send
neither.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from passcode.channels.channel import is_true
from passcode.channels.registry import CHANNELS
from passcode.hosted.levels import Level, level_of, required_level
from passcode.hosted.state import LONGEST_NAME, AuthorizationRequest, Grant

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_LONGEST = 2_048
# The state is only returned unchanged. Cognito's state contains the app's state.
_LONGEST_STATE = 6_144
_MAX_AGE = re.compile(r"[0-9]+")
# OpenID Connect Core Error Code unmet_authentication_requirements 1.0, and RFC 9470.
UNMET = "unmet_authentication_requirements"
# Lifetime of both tokens in seconds.
TOKEN_LIFE = 300


@dataclass(frozen=True)
class RelyingParty:
    """A client that may send authorization requests, and its redirect URIs."""

    client_id: str
    redirect_uris: frozenset[str]


class InvalidRedirect(Exception):
    """The client does not have the redirect URI, so there is no redirect to it (RFC 6749, 4.1.2.1)."""


class AuthorizationError(Exception):
    """The response is a redirect to the redirect URI with an error of the protocol."""

    def __init__(self, error: str, redirect_uri: str, state: str) -> None:
        super().__init__(error)
        self.error = error
        self.redirect_uri = redirect_uri
        self.state = state


def read_request(
    query: Mapping[str, Sequence[str]], party: RelyingParty, reachable: Level
) -> AuthorizationRequest:
    """Read an authorization request. `reachable` is the level of the sign-ins of this deployment.

    Raises `InvalidRedirect` or `AuthorizationError`.
    """
    client_id, redirect_uri = (_single_value(query, name) for name in ("client_id", "redirect_uri"))
    if client_id != party.client_id or redirect_uri not in party.redirect_uris:
        raise InvalidRedirect
    state = _single_value(query, "state") or ""
    error = _request_error(query)
    if error:
        raise AuthorizationError(error, redirect_uri, state)
    level = required_level(_single_value(query, "acr_values") or "", reachable)
    if level is None:
        raise AuthorizationError(UNMET, redirect_uri, state)
    return AuthorizationRequest(
        client_id=client_id,
        redirect_uri=redirect_uri,
        state=state,
        nonce=_single_value(query, "nonce") or "",
        code_challenge=_single_value(query, "code_challenge") or "",
        required_level=level,
    )


def login_hint(query: Mapping[str, Sequence[str]]) -> str:
    """Return the user name that the app expects, for the form's field; empty if the app sends none."""
    return (_single_value(query, "login_hint") or "")[:LONGEST_NAME]


def _request_error(query: Mapping[str, Sequence[str]]) -> str:
    if not all(_readable(name, values) for name, values in query.items()):
        return "invalid_request"
    for name in ("request", "request_uri"):
        if name in query:
            return f"{name}_not_supported"
    if _single_value(query, "response_type") != "code":
        return "unsupported_response_type"
    if _single_value(query, "response_mode") not in (None, "query"):
        return "invalid_request"
    if "openid" not in (_single_value(query, "scope") or "").split(" "):
        return "invalid_scope"
    return _session_error(query) or _pkce_error(
        _single_value(query, "code_challenge"), _single_value(query, "code_challenge_method")
    )


def _readable(name: str, values: Sequence[str]) -> bool:
    # RFC 6749, 3.1: no parameter twice. Two readers of the same URL could use different values.
    return len(values) == 1 and len(values[0]) <= (_LONGEST_STATE if name == "state" else _LONGEST)


def _session_error(query: Mapping[str, Sequence[str]]) -> str:
    # The provider keeps no browser session. So the user signs in each time, which meets every maximum age.
    # An empty value counts as none (RFC 6749, 3.1).
    if not _MAX_AGE.fullmatch(_single_value(query, "max_age") or "0"):
        return "invalid_request"
    # Without a session, no user can sign in without a page.
    return "login_required" if "none" in (_single_value(query, "prompt") or "").split(" ") else ""


def _pkce_error(challenge: str | None, method: str | None) -> str:
    if challenge is None and method is None:
        return ""
    is_valid = challenge is not None and _CHALLENGE.fullmatch(challenge) and method == "S256"
    return "" if is_valid else "invalid_request"


def _single_value(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = query.get(name, ())
    return values[0] if len(values) == 1 else None


def response_url(redirect_uri: str, state: str, issuer: str, **parameters: str) -> str:
    """Return the redirect URI with the response parameters. RFC 9207 defines `iss`."""
    fields = parameters | ({"state": state} if state else {}) | {"iss": issuer}
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(fields, quote_via=quote)


def pkce_matches(verifier: str, code_challenge: str) -> bool:
    """Return True if `verifier` belongs to the challenge. Without a challenge there must be no verifier."""
    if not code_challenge:
        return not verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    computed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(computed, code_challenge)


def user_info_of(issuer: str) -> str:
    """Return the URL of /userinfo, which is also the audience of access tokens."""
    return f"{issuer}/userinfo"


def discovery(issuer: str, reachable: Level) -> dict[str, object]:
    """Return the provider's description (OpenID Connect Discovery 1.0).

    `reachable` is the level of the sign-ins of this deployment.
    """
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": user_info_of(issuer),
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "end_session_endpoint": f"{issuer}/logout",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "phone"],
        "acr_values_supported": [reachable.acr],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"),
            *CLAIMS,
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }


CLAIMS = ("email", "email_verified", "phone_number", "phone_number_verified")
_BOOLEAN = ("email_verified", "phone_number_verified")


def claims_of(attributes: Mapping[str, str]) -> dict[str, object]:
    """Return the claims for a user's attributes, with the names of OpenID Connect Core 5.1."""
    claims: dict[str, object] = {name: attributes[name] for name in CLAIMS if name in attributes}
    flags = {name: is_true(attributes[name]) for name in _BOOLEAN if name in claims}
    return {"sub": attributes["sub"], **claims, **flags}


# The `amr` values that a password adds, in RFC 8176 and in Cognito.
_PASSWORD_AMR = ("pwd", "mfa")


def _methods(grant: Grant) -> list[str]:
    """Return the `amr` of a sign-in, as Cognito reads it: the channel of its code if known, and the password.

    It never has `otp`, which RFC 8176 has for every one-time code. Cognito would read it as the code of an
    authenticator app, and a later step-up could count that.
    """
    channel = CHANNELS.get(grant.channel)
    return [*(channel.cognito_amr if channel else ()), *(_PASSWORD_AMR if grant.with_password else ())]


def id_token_claims(grant: Grant, attributes: Mapping[str, str], issuer: str, now: int) -> dict[str, object]:
    """Return the claims of the ID token (OpenID Connect Core 2)."""
    methods = _methods(grant)
    return {
        "iss": issuer,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + TOKEN_LIFE,
        "auth_time": grant.auth_time,
        "acr": level_of(with_password=grant.with_password).acr,
        **({"amr": methods} if methods else {}),
        **({"nonce": grant.nonce} if grant.nonce else {}),
        **claims_of(attributes),
    }


def access_token_claims(grant: Grant, issuer: str, now: int) -> dict[str, object]:
    """Return the claims of the access token. It is valid only at /userinfo of this provider."""
    return {
        "iss": issuer,
        "aud": user_info_of(issuer),
        "sub": grant.sub,
        "user_name": grant.user_name,
        "iat": now,
        "exp": now + TOKEN_LIFE,
    }
