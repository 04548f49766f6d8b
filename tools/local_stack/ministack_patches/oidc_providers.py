"""OpenID providers of a pool: their CloudFormation resource, and their endpoints."""

import json
import re
import urllib.request
from collections.abc import Mapping
from typing import Any

from ministack.services import cognito
from ministack.services.cloudformation import provisioners

from tools.local_stack.clients import local_address
from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, json_body

Details = Mapping[str, str]
Properties = dict[str, Any]

_LOOPBACK = f"http://127.0.0.1:{cognito._MINISTACK_PORT}"
_TIMEOUT_SECONDS = 10


def patch() -> None:
    """CloudFormation creates providers. Their AWS addresses are translated to loopback."""
    provisioners._RESOURCE_HANDLERS["AWS::Cognito::UserPoolIdentityProvider"] = {
        "create": lambda _logical_id, properties, _stack: _create(properties),
        "update": lambda _physical_id, _old, new, _stack: _update(new),
        "delete": lambda _physical_id, properties: _delete(properties),
    }
    cognito._oidc_endpoint = endpoint
    cognito._pool_domain_base_url = lambda _pool: ""


def _create(properties: Properties) -> tuple[str, dict[str, Any]]:
    """`AWS::Cognito::UserPoolIdentityProvider` calls CreateIdentityProvider."""
    _check_success(cognito._create_identity_provider(properties))
    return properties["ProviderName"], {}


def _update(properties: Properties) -> tuple[str, dict[str, Any]]:
    _check_success(cognito._update_identity_provider(properties))
    return properties["ProviderName"], {}


def _delete(properties: Properties) -> None:
    cognito._delete_identity_provider(properties)


def _check_success(response: CognitoResponse) -> None:
    if response[0] >= 400:
        raise ValueError(json_body(response).get("message", "the provider was refused"))


def endpoint(details: Details, name: str) -> str:
    """The reachable URL of an endpoint; `name` is a key of ProviderDetails, which contain every endpoint."""
    return local_address(_LOOPBACK, details.get(name, ""))


def get_json(url: str, **headers: str) -> Any:
    """GET a JSON document of a provider. Raises `OSError` or `ValueError` if that fails."""
    address = local_address(_LOOPBACK, url)
    if not re.match(r"https?://", address):
        raise ValueError("not an http or https URL")
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - checked above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
        return json.load(response)
