"""Opens what Cognito sealed: the codes and temporary passwords of a custom sender's events.

The AWS Encryption SDK would add a third to the import of `deliver`, so this module is imported when the first
of those messages comes, and never by a stack without custom senders.
"""

import html
import logging
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aws_encryption_sdk import CommitmentPolicy, StreamDecryptor
from aws_encryption_sdk.exceptions import SerializationError
from aws_encryption_sdk.identifiers import Algorithm
from aws_encryption_sdk.key_providers.kms import KMSMasterKey
from aws_encryption_sdk.structures import DataKey, EncryptedDataKey

from passcode.adapters.botocore_clients import unavailable
from passcode.token_service.code import Code
from passcode.token_service.refusal import PasscodeError, Unavailable

# It logs with tracebacks of its own, and no text that is not ours goes into the log.
logging.getLogger("aws_encryption_sdk").setLevel(logging.CRITICAL + 1)

# Cognito seals without key commitment (a public sample has the suite 0x0378), so it cannot be demanded.
_POLICY = CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
_MOST_KEYS = 5


class _QuietDecryptor(StreamDecryptor):  # type: ignore[misc]
    """The SDK's own raises when it is closed before its end. From Python 3.13 on the log says so, with a
    traceback, of each that Python takes away."""

    def close(self) -> None:
        with suppress(SerializationError):
            super().close()


class DecryptionFailed(PasscodeError):
    """This is not what Cognito sealed for this pool. The text names the error's kind, and no contents."""


class _Key(KMSMasterKey):  # type: ignore[misc]
    """One key of KMS, and no other. The SDK's own hides what KMS answered."""

    def _decrypt_data_key(
        self,
        encrypted_data_key: EncryptedDataKey,
        algorithm: Algorithm,  # noqa: ARG002 - the SDK names its arguments
        encryption_context: dict[str, str],
    ) -> DataKey:
        with unavailable("the key of the custom senders"):
            answer = self.config.client.decrypt(
                KeyId=self._key_id,
                CiphertextBlob=encrypted_data_key.encrypted_data_key,
                EncryptionContext=encryption_context,
            )
        return DataKey(self.key_provider, answer["Plaintext"], encrypted_data_key.encrypted_data_key)


@dataclass(frozen=True)
class CognitoDecryptor:
    """`client` is a botocore KMS client, `key_id` the ARN of what Cognito seals with for `pool_id`."""

    client: Any
    key_id: str
    pool_id: str

    def __call__(self, sealed: str) -> Code:
        """Decrypt `sealed` (base64). Raises `Unavailable`, or `DecryptionFailed` if it is not for us."""
        key = _Key(key_id=self.key_id, client=self.client)
        try:
            plain, header = _read(b64decode(sealed, validate=True), key)
        except Unavailable:
            raise
        except Exception as error:  # the SDK lets those of the libraries under it through
            raise DecryptionFailed(
                f"what Cognito sealed could not be opened: {type(error).__name__}"
            ) from None
        # Under the signature or the tag by now. Another pool with the same key is another pool.
        if header.encryption_context.get("userpool-id") != self.pool_id:
            raise DecryptionFailed("what Cognito sealed is for another user pool")
        # Temporary passwords come escaped for HTML, and where a message needs that it does so itself.
        return Code(html.unescape(plain.decode()))


def _read(sealed: bytes, key: _Key) -> tuple[bytes, Any]:
    with _QuietDecryptor(
        source=sealed, key_provider=key, commitment_policy=_POLICY, max_encrypted_data_keys=_MOST_KEYS
    ) as opening:
        return opening.read(), opening.header
