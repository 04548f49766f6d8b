"""An OpenID provider that is only configured in Cognito and has no server, for claims about federation."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import NotTried
from tools.first_account.sign_in import refusal_of

# A host without OpenID Connect, which belongs to no company (RFC 2606). Cognito redirects to it, but nothing
# follows the redirect.
ISSUER = "https://example.com/first-account"
AUTHORIZE_URL = f"{ISSUER}/authorize"


def new_provider(account: ThrowAwayAccount, acr_mapping: Mapping[str, str] | None = None) -> str:
    """Create a provider with all its endpoints in the throw-away pool, and return its name.

    Raises NotTried if Cognito refuses it.
    """
    try:
        return create_provider(account, acr_mapping)
    except ClientError as error:
        raise NotTried(f"Cognito refused the provider: {refusal_of(error)}.") from error


def create_provider(account: ThrowAwayAccount, acr_mapping: Mapping[str, str] | None = None) -> str:
    """Create a provider as `new_provider` does. Raises ClientError if Cognito refuses it."""
    name = account.unique("p")
    mapping: dict[str, Any] = {"AcrMapping": dict(acr_mapping)} if acr_mapping else {}
    account.cognito.create_identity_provider(
        UserPoolId=account.output("PoolId"),
        ProviderName=name,
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": "cognito",
            "client_secret": account.unique("secret"),
            "authorize_scopes": "openid email",
            "attributes_request_method": "GET",
            "oidc_issuer": ISSUER,
            "authorize_url": AUTHORIZE_URL,
            "token_url": f"{ISSUER}/token",
            "attributes_url": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/jwks.json",
        },
        AttributeMapping={"username": "sub", "email": "email"},
        **mapping,
    )
    return name
