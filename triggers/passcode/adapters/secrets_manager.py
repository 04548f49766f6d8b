"""Secrets of Secrets Manager."""

from collections.abc import Callable
from typing import Any

from passcode.adapters.botocore_clients import unavailable


def stored_secret(client: Callable[[], Any], secret_id: str) -> str:
    """Return the secret string with this id. One call. Raises `Unavailable`."""
    with unavailable("Secrets Manager"):
        return str(client().get_secret_value(SecretId=secret_id)["SecretString"])
