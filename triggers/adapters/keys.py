"""The key that codes are made of. It is in KMS and stays there."""

from dataclasses import dataclass
from typing import Any

from adapters.clients import unavailable


@dataclass(frozen=True)
class KmsMac:
    """Makes MACs, of challenges or of tokens.

    `client` is a boto3 KMS client, `key_id` the ARN of an HMAC_256 key.
    """

    client: Any
    key_id: str

    def __call__(self, message: bytes) -> bytes:
        """The MAC of `message`, 32 bytes. Raises `Unavailable`."""
        with unavailable("the key"):
            answer = self.client.generate_mac(KeyId=self.key_id, MacAlgorithm="HMAC_SHA_256", Message=message)
        return bytes(answer["Mac"])
