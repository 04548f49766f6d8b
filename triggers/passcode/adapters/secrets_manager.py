"""Secrets of Secrets Manager."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from passcode.adapters.botocore_clients import unavailable


class SecretsManagerClient(Protocol):
    """The one operation of botocore's Secrets Manager client that this module uses."""

    def get_secret_value(self, *, SecretId: str) -> Mapping[str, Any]:  # noqa: N803 - botocore's name
        """Return the secret with its metadata."""


def stored_secret(client: Callable[[], SecretsManagerClient], secret_id: str) -> str:
    """The secret string with this id. One call. Raises `Unavailable`."""
    with unavailable("Secrets Manager"):
        return str(client().get_secret_value(SecretId=secret_id)["SecretString"])
