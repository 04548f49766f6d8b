"""The Lambda function `hosted_sign_in`: an OpenID provider that a user pool federates with.

With it, a sign-in on Cognito's own page needs a one-time code. The page of this provider signs the user in to
the same pool. Only this function uses the app client for that. So the same triggers, counters and limits
apply.
"""

import os
import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import client, with_deadline
from passcode.adapters.cognito_users import CognitoUsers, IdentityLinker
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.hosted_table import HostedTable
from passcode.adapters.jwt_tokens import SignedJwts, jwks
from passcode.adapters.kms import KmsEncryption, KmsSigningKeys
from passcode.adapters.pool_sign_in import PoolSignIn, app_client_secret, takes_phone_numbers
from passcode.adapters.secrets_manager import stored_secret
from passcode.adapters.telemetry import make_telemetry
from passcode.hosted.oidc import RelyingParty
from passcode.hosted.pages import Brand
from passcode.hosted.provider import Provider
from passcode.hosted.responses import PageResponses
from passcode.hosted.routes import HostedRoutes
from passcode.hosted.sign_in_page import SignInForms, SignInPage
from passcode.texts.catalogue import locales
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from passcode.adapters.secrets_manager import SecretsManagerClient


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function."""

    metrics_namespace: str
    monitoring: str
    table: str
    issuer: str
    user_pool_id: str
    inner_client_id: str
    asks_password: bool
    provider_name: str
    rp_client_id: str
    rp_secret_id: str
    redirect_uris: tuple[str, ...]
    callback_urls: tuple[str, ...]
    state_key_id: str
    sign_key_ids: tuple[str, ...]
    app_name: str
    default_locale: str
    brand_color: str
    brand_logo: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            table=variables.text("TABLE_NAME"),
            issuer=variables.text("ISSUER"),
            user_pool_id=variables.text("USER_POOL_ID"),
            inner_client_id=variables.text("INNER_CLIENT_ID"),
            asks_password=variables.choice("MODE", ("PASSWORD_AND_CODE", "CODE_ONLY")) != "CODE_ONLY",
            provider_name=variables.text("PROVIDER_NAME"),
            rp_client_id=variables.text("RP_CLIENT_ID"),
            rp_secret_id=variables.text("RP_SECRET_ID"),
            redirect_uris=variables.names("REDIRECT_URIS", separator=None),
            callback_urls=variables.names("CALLBACK_URLS", separator=None),
            state_key_id=variables.text("STATE_KEY_ID"),
            sign_key_ids=variables.names("SIGN_KEY_IDS"),
            app_name=variables.text("APP_NAME"),
            default_locale=variables.choice("DEFAULT_LOCALE", sorted(locales())),
            brand_color=variables.text("BRAND_COLOR"),
            brand_logo=variables.optional_text("BRAND_LOGO"),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("hosted_sign_in", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
_KMS = client("kms", attempts=5)
_POOL_ID, _INNER, _ISSUER = _SETTINGS.user_pool_id, _SETTINGS.inner_client_id, _SETTINGS.issuer


@cache
def _cognito() -> "CognitoIdentityProviderClient":
    # These calls run the triggers, sometimes with a cold start. Cognito waits up to five seconds for each.
    # Cognito's session is used up by a response that was lost, so that call is not repeated then.
    return client("cognito-idp", attempts=5, read_timeout=15, once=("AdminRespondToAuthChallenge",))


@cache
def _secrets_manager() -> "SecretsManagerClient":
    return client("secretsmanager", attempts=5)


def _picture(uri: str) -> tuple[bytes, str] | None:
    """Return the content and the media type of a base64 `data:` URI; None if it has no content."""
    kind, _, content = uri.removeprefix("data:").partition(";base64,")
    return (b64decode(content), kind) if content else None


_KEYS = KmsSigningKeys(_KMS, _SETTINGS.sign_key_ids)
_TABLE = HostedTable(
    client("dynamodb", attempts=5), _SETTINGS.table, KmsEncryption(_KMS, _SETTINGS.state_key_id)
)
_PARTY = RelyingParty(_SETTINGS.rp_client_id, frozenset(_SETTINGS.redirect_uris))
_USERS = CognitoUsers(_cognito, _POOL_ID)
_INNER_SECRET: Callable[[], str] = cache(partial(app_client_secret, _cognito, _POOL_ID, _INNER))
_POOL_TAKES_PHONE_NUMBERS: Callable[[], bool] = cache(partial(takes_phone_numbers, _cognito, _POOL_ID))


def _takes_phone_numbers() -> bool:
    try:
        return _POOL_TAKES_PHONE_NUMBERS()
    except Unavailable as error:
        # A sign-in works without it. Only a label and numbers that begin with 00 depend on it.
        _TELEMETRY.log.warning("the pool's sign-in options were not read", extra={"why": str(error)})
        return False


_SITE = HostedRoutes(
    page=SignInPage(
        party=_PARTY,
        forms=SignInForms(
            PoolSignIn(_cognito, _POOL_ID, _INNER, _INNER_SECRET),
            _SETTINGS.asks_password,
            clock=lambda: int(time.time()),
            takes_phone_numbers=_takes_phone_numbers,
        ),
        table=_TABLE,
        issuer=_ISSUER,
        random_token=lambda: secrets.token_urlsafe(32),
        telemetry=_TELEMETRY,
    ),
    provider=Provider(
        party=_PARTY,
        secret=cache(partial(stored_secret, _secrets_manager, _SETTINGS.rp_secret_id)),
        table=_TABLE,
        tokens=SignedJwts(_KEYS),
        users=_USERS,
        links=IdentityLinker(_cognito, _POOL_ID, _SETTINGS.provider_name, _USERS),
        issuer=_ISSUER,
        telemetry=_TELEMETRY,
    ),
    key_set=cache(partial(jwks, _KEYS)),
    brand=Brand(_SETTINGS.app_name, _SETTINGS.brand_color, bool(_SETTINGS.brand_logo)),
    logo=_picture(_SETTINGS.brand_logo),
    page_responses=PageResponses((*_SETTINGS.redirect_uris, *_SETTINGS.callback_urls)),
    issuer=_ISSUER,
    telemetry=_TELEMETRY,
    default_locale=_SETTINGS.default_locale,
)


@with_deadline
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a proxy event of a REST API. Returns the HTTP response."""
    return _SITE.respond(event)


cold_start.end()
