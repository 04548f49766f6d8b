"""The endpoints of the protocol that only clients call: /token and /userinfo."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from passcode.hosted.oidc import (
    TOKEN_LIFE,
    RelyingParty,
    access_token_claims,
    claims_of,
    id_token_claims,
    pkce_matches,
    user_info_of,
)
from passcode.hosted.ports import Claims, HostedStore, IdentityLinks, TokenSigner, UserDirectory
from passcode.hosted.state import Grant
from passcode.token_service.telemetry import Telemetry


class TokenError(Exception):
    """An error of the token endpoint (RFC 6749, 5.2). Its text is the error code."""

    @property
    def status(self) -> int:
        """The HTTP status: 401 for a client that fails authentication, 400 for other errors."""
        return 401 if str(self) == "invalid_client" else 400


@dataclass(frozen=True)
class Provider:
    """Exchanges codes and returns claims. `secret` returns the relying party's secret."""

    party: RelyingParty
    secret: Callable[[], str]
    table: HostedStore
    tokens: TokenSigner
    users: UserDirectory
    links: IdentityLinks
    issuer: str
    telemetry: Telemetry

    def exchange(self, form: Mapping[str, str], now: int) -> dict[str, object]:
        """Exchange a code for tokens. Raises `TokenError` or `Unavailable`.

        A repeat of the same request gets tokens too, for 15 seconds: its first response may be lost.
        """
        self._check_client(form)
        if form.get("grant_type") != "authorization_code":
            raise TokenError("unsupported_grant_type")
        # Redeemed before the other checks: a code in a wrong request cannot be tried again.
        grant = self.table.redeem(form.get("code", ""), _use_id(form), now)
        if grant is None or not _matches(grant, form):
            self.telemetry.count("refused", reason="grant")
            raise TokenError("invalid_grant")
        self.telemetry.set_context(grant.sub)
        attributes = self.users.attributes(grant.user_name, grant.sub)
        if attributes is None:
            self.telemetry.count("refused", reason="user_gone")
            raise TokenError("invalid_grant")
        # Link now, not when the code was accepted. A linked user may never return to Cognito. AWS warns that
        # such a user may not be able to sign in with an SDK. Cognito looks the user up after this response.
        self.links.link_user(grant.user_name, attributes)
        access = access_token_claims(grant, self.issuer, now)
        self.telemetry.count("tokens")
        return {
            "access_token": self.tokens.write(access),
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE,
            "id_token": self.tokens.write(id_token_claims(grant, attributes, self.issuer, now)),
            "scope": "openid",
        }

    def user_info(self, token: str, now: int) -> dict[str, object] | None:
        """Return the claims for an access token; None if the token is not valid. Raises `Unavailable`."""
        claims = self._access_claims(token, now)
        if not claims:
            return None
        attributes = self.users.attributes(str(claims["user_name"]), str(claims["sub"]))
        return None if attributes is None else claims_of(attributes)

    def _access_claims(self, token: str, now: int) -> Claims:
        """Return the claims of a valid access token; empty for any other token."""
        claims: Claims = {}
        # Read it without a check first: a stranger can send anything, and a signature check costs a KMS call.
        for read in (self.tokens.unverified, self.tokens.read):
            claims = read(token) or {}
            expires = claims.get("exp")
            is_ours = (claims.get("iss"), claims.get("aud")) == (self.issuer, user_info_of(self.issuer))
            if not (is_ours and isinstance(expires, int) and now < expires):
                return {}
        return claims

    def _check_client(self, form: Mapping[str, str]) -> None:
        same_id = hmac.compare_digest(form.get("client_id", "").encode(), self.party.client_id.encode())
        same_secret = hmac.compare_digest(form.get("client_secret", "").encode(), self.secret().encode())
        if not (same_id and same_secret):
            self.telemetry.count("refused", reason="client")
            raise TokenError("invalid_client")


def _use_id(form: Mapping[str, str]) -> str:
    """Return 32 hex digits that identify a token request, with its code verifier, in the table too."""
    return hashlib.sha256(json.dumps(dict(form), sort_keys=True).encode()).hexdigest()[:32]


def _matches(grant: Grant, form: Mapping[str, str]) -> bool:
    return (
        grant.client_id == form.get("client_id")
        and grant.redirect_uri == form.get("redirect_uri")
        and pkce_matches(form.get("code_verifier", ""), grant.code_challenge)
    )
