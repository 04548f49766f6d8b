"""OpenID providers that a pool federates with: how CloudFormation makes one, and how it is found."""

import json
import re
import urllib.request
from collections.abc import Mapping
from typing import Any

from ministack.services import cognito
from ministack.services.cloudformation import provisioners

from tools.local_stack.clients import reachable
from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, json_body

Details = Mapping[str, str]
Properties = dict[str, Any]

_LOOPBACK = f"http://127.0.0.1:{cognito._MINISTACK_PORT}"
_SECONDS = 10


def patch() -> None:
    """A pool and its providers are at loopback here, under the names that AWS would give them."""
    provisioners._RESOURCE_HANDLERS["AWS::Cognito::UserPoolIdentityProvider"] = {
        "create": lambda _logical_id, properties, _stack: _create(properties),
        "update": lambda _physical_id, _old, new, _stack: _update(new),
        "delete": lambda _physical_id, properties: _delete(properties),
    }
    cognito._oidc_endpoint = endpoint
    cognito._pool_domain_base_url = lambda _pool: ""


def _create(properties: Properties) -> tuple[str, dict[str, Any]]:
    """`AWS::Cognito::UserPoolIdentityProvider` is CreateIdentityProvider."""
    _done(cognito._create_identity_provider(properties))
    return properties["ProviderName"], {}


def _update(properties: Properties) -> tuple[str, dict[str, Any]]:
    _done(cognito._update_identity_provider(properties))
    return properties["ProviderName"], {}


def _delete(properties: Properties) -> None:
    cognito._delete_identity_provider(properties)


def _done(given: CognitoResponse) -> None:
    if given[0] >= 400:
        raise ValueError(json_body(given).get("message", "the provider was refused"))


def endpoint(details: Details, name: str) -> str:
    """Where the provider is reached; `name` is one of ProviderDetails, which name every endpoint."""
    return reachable(_LOOPBACK, details.get(name, ""))


def get_json(url: str, **headers: str) -> Any:
    """Ask a provider. Raises `OSError` or `ValueError` for anything but JSON with status 200."""
    address = reachable(_LOOPBACK, url)
    if not re.match(r"https?://", address):
        raise ValueError("no address of the web")
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - judged in the line above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_SECONDS) as answer:
        return json.load(answer)
