"""Decrypt the codes and temporary passwords in the events of a custom sender, which Cognito encrypts.

The AWS Encryption SDK would add a third to the import time of `deliver`. So the first of those messages
imports this module, and a stack without custom senders never does.
"""

import html
import logging
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_encryption_sdk import CommitmentPolicy, StreamDecryptor
from aws_encryption_sdk.exceptions import SerializationError
from aws_encryption_sdk.identifiers import Algorithm
from aws_encryption_sdk.key_providers.kms import KMSMasterKey
from aws_encryption_sdk.structures import DataKey, EncryptedDataKey

from passcode.adapters.botocore_clients import unavailable
from passcode.token_service.code import Code
from passcode.token_service.refusal import PasscodeError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

# The SDK logs tracebacks. The log may contain only texts that this project writes.
logging.getLogger("aws_encryption_sdk").setLevel(logging.CRITICAL + 1)

# Cognito encrypts without key commitment (a public sample has the suite 0x0378), so it cannot be required.
_POLICY = CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
_MOST_KEYS = 5


class _QuietDecryptor(StreamDecryptor):  # type: ignore[misc]
    """The SDK's decryptor raises an error if it is closed early. From Python 3.13 on, the log then shows a
    traceback for each one that the garbage collector closes."""

    def close(self) -> None:
        with suppress(SerializationError):
            super().close()


class DecryptionFailed(PasscodeError):
    """Cognito did not encrypt this for this pool. The text has the kind of the error, and no contents."""


class _Key(KMSMasterKey):  # type: ignore[misc]
    """One key of KMS, and no other. The SDK's class hides the error of KMS."""

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
    """Decrypts. `client` is a botocore KMS client, `key_id` the ARN of Cognito's key for `pool_id`."""

    client: "KMSClient"
    key_id: str
    pool_id: str

    def __call__(self, sealed: str) -> Code:
        """Decrypt `sealed` (base64). Raises `Unavailable` or `DecryptionFailed`."""
        key = _Key(key_id=self.key_id, client=self.client)
        try:
            plain, header = _read(b64decode(sealed, validate=True), key)
        except Unavailable:
            raise
        except Exception as error:  # the SDK does not wrap the errors of its libraries
            raise DecryptionFailed(
                f"what Cognito sealed could not be opened: {type(error).__name__}"
            ) from None
        # The signature or the tag has proved the context by now. Two pools may share a key.
        if header.encryption_context.get("userpool-id") != self.pool_id:
            raise DecryptionFailed("what Cognito sealed is for another user pool")
        # Cognito escapes temporary passwords for HTML. Each message template escapes its values itself.
        return Code(html.unescape(plain.decode()))


def _read(sealed: bytes, key: _Key) -> tuple[bytes, Any]:
    with _QuietDecryptor(
        source=sealed, key_provider=key, commitment_policy=_POLICY, max_encrypted_data_keys=_MOST_KEYS
    ) as opening:
        return opening.read(), opening.header
