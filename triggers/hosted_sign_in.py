"""The Lambda function `hosted_sign_in`: an OpenID provider that a user pool federates with.

With it, a sign-in on Cognito's own page needs a one-time code. The page of this provider signs the user in to
the same pool, through an app client that only this function uses. So the same triggers, counters and limits
apply.
"""

import os
import secrets
import time
from base64 import b64decode
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from passcode.adapters.botocore_clients import client
from passcode.adapters.cognito_users import CognitoUsers, IdentityLinker
from passcode.adapters.hosted_table import HostedTable
from passcode.adapters.jwt_tokens import SignedJwts, jwks
from passcode.adapters.kms import KmsEncryption, KmsSigningKeys
from passcode.adapters.pool_sign_in import PoolSignIn, app_client_secret
from passcode.adapters.secrets_manager import stored_secret
from passcode.adapters.telemetry import make_telemetry
from passcode.hosted.oidc import RelyingParty
from passcode.hosted.pages import Brand
from passcode.hosted.provider import Provider
from passcode.hosted.responses import PageResponses
from passcode.hosted.routes import HostedRoutes
from passcode.hosted.sign_in_page import SignInForms, SignInPage

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from passcode.adapters.secrets_manager import SecretsManagerClient

_TELEMETRY = make_telemetry("hosted_sign_in")
_KMS = client("kms", attempts=2)
_POOL_ID, _INNER, _ISSUER = (os.environ[name] for name in ("USER_POOL_ID", "INNER_CLIENT_ID", "ISSUER"))
_ASKS_PASSWORD = os.environ["MODE"] != "CODE_ONLY"
_LOGO = os.environ.get("BRAND_LOGO", "")


@cache
def _cognito() -> "CognitoIdentityProviderClient":
    # These calls run the triggers, sometimes with a cold start. Cognito waits up to five seconds for each.
    return client("cognito-idp", attempts=1, read_timeout=15)


@cache
def _secrets_manager() -> "SecretsManagerClient":
    return client("secretsmanager", attempts=2)


def _picture(uri: str) -> tuple[bytes, str] | None:
    """Return the content and the media type of a base64 `data:` URI; None if it has no content."""
    kind, _, content = uri.removeprefix("data:").partition(";base64,")
    return (b64decode(content), kind) if content else None


_KEYS = KmsSigningKeys(_KMS, tuple(os.environ["SIGN_KEY_IDS"].split(",")))
# One attempt only: after a lost response, a repeated write would look like a write of another request.
_TABLE = HostedTable(
    client("dynamodb", attempts=1), os.environ["TABLE_NAME"], KmsEncryption(_KMS, os.environ["STATE_KEY_ID"])
)
_PARTY = RelyingParty(os.environ["RP_CLIENT_ID"], frozenset(os.environ["REDIRECT_URIS"].split()))
_USERS = CognitoUsers(_cognito, _POOL_ID)
_INNER_SECRET: Callable[[], str] = cache(partial(app_client_secret, _cognito, _POOL_ID, _INNER))
_SITE = HostedRoutes(
    page=SignInPage(
        party=_PARTY,
        flow=SignInForms(
            PoolSignIn(_cognito, _POOL_ID, _INNER, _INNER_SECRET),
            _ASKS_PASSWORD,
            int(os.environ["CODE_DIGITS"]),
            clock=lambda: int(time.time()),
        ),
        table=_TABLE,
        issuer=_ISSUER,
        random_token=lambda: secrets.token_urlsafe(32),
        telemetry=_TELEMETRY,
    ),
    provider=Provider(
        party=_PARTY,
        secret=cache(partial(stored_secret, _secrets_manager, os.environ["RP_SECRET_ID"])),
        table=_TABLE,
        tokens=SignedJwts(_KEYS),
        users=_USERS,
        links=IdentityLinker(_cognito, _POOL_ID, os.environ["PROVIDER_NAME"], _USERS),
        issuer=_ISSUER,
        telemetry=_TELEMETRY,
    ),
    key_set=cache(partial(jwks, _KEYS)),
    brand=Brand(os.environ["APP_NAME"], os.environ["BRAND_COLOR"], bool(_LOGO)),
    logo=_picture(_LOGO),
    look=PageResponses((*os.environ["REDIRECT_URIS"].split(), *os.environ.get("CALLBACK_URLS", "").split())),
    issuer=_ISSUER,
    telemetry=_TELEMETRY,
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a proxy event of a REST API. Returns the HTTP response."""
    return _SITE.answer(event)
