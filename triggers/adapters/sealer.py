"""What is kept for a while and must not be read by who reads the table: encrypted by KMS."""

from dataclasses import dataclass
from typing import Any

from adapters.clients import unavailable

# The most that KMS encrypts in one call. Cognito's session strings are mostly below it.
_PART = 4_096


@dataclass(frozen=True)
class Sealer:
    """Encrypts. `client` is a botocore KMS client, `key_id` a symmetric key's ARN."""

    client: Any
    key_id: str

    def seal(self, text: str, item: str) -> list[bytes]:
        """`text`, to be opened only for the item of that key. Raises `Unavailable`."""
        plain = text.encode()
        parts = [plain[at : at + _PART] for at in range(0, len(plain), _PART)]
        with unavailable("the state key"):
            return [self._encrypt(part, item) for part in parts]

    def open(self, sealed: list[bytes], item: str) -> str:
        """What was sealed. Raises `Unavailable`, also for what was sealed for another item."""
        with unavailable("the state key"):
            return b"".join(self._decrypt(part, item) for part in sealed).decode()

    def _encrypt(self, part: bytes, item: str) -> bytes:
        answer = self.client.encrypt(KeyId=self.key_id, Plaintext=part, EncryptionContext={"item": item})
        return bytes(answer["CiphertextBlob"])

    def _decrypt(self, part: bytes, item: str) -> bytes:
        answer = self.client.decrypt(KeyId=self.key_id, CiphertextBlob=part, EncryptionContext={"item": item})
        return bytes(answer["Plaintext"])
