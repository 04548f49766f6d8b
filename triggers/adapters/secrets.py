"""Secrets that others hold for us, fetched once for each container."""

from collections.abc import Callable
from typing import Any

from adapters.clients import unavailable


def stored_secret(client: Callable[[], Any], secret_id: str) -> str:
    """A secret string of Secrets Manager. One call. Raises `Unavailable`."""
    with unavailable("Secrets Manager"):
        return str(client().get_secret_value(SecretId=secret_id)["SecretString"])


def app_client_secret(client: Callable[[], Any], pool_id: str, client_id: str) -> str:
    """The secret of an app client of the pool. One call. Raises `Unavailable`."""
    with unavailable("the pool"):
        answer = client().describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    return str(answer["UserPoolClient"]["ClientSecret"])
