"""Decrypt the codes and temporary passwords in the events of a custom sender, which Cognito encrypts.

The AWS Encryption SDK would add a third to the import time of `deliver`. So `deliver` imports this module for
the first of those messages. A stack without custom senders never imports it.
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
from passcode.delivery.dispatcher import InvalidBody
from passcode.token_service.challenge import Code
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

# The SDK logs tracebacks. The log may contain only texts that this project writes.
logging.getLogger("aws_encryption_sdk").setLevel(logging.CRITICAL + 1)

# Cognito encrypts without key commitment (a public sample has the suite 0x0378), so it cannot be required.
_POLICY = CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
_MOST_KEYS = 5


class _QuietDecryptor(StreamDecryptor):  # type: ignore[misc]
    """The SDK's decryptor, without its error on an early close.

    From Python 3.13 on, the log would show a traceback for each decryptor that the garbage collector closes.
    """

    def close(self) -> None:
        with suppress(SerializationError):
            super().close()


class DecryptionFailed(InvalidBody):
    """The ciphertext is not from Cognito, or is for another pool. The text has only the type of the error."""


class _Key(KMSMasterKey):  # type: ignore[misc]
    """Decrypts with one KMS key. The SDK's class would hide the error of KMS."""

    def _decrypt_data_key(
        self,
        encrypted_data_key: EncryptedDataKey,
        algorithm: Algorithm,  # noqa: ARG002 - the SDK names its arguments
        encryption_context: dict[str, str],
    ) -> DataKey:
        with unavailable("the key of the custom senders"):
            response = self.config.client.decrypt(
                KeyId=self._key_id,
                CiphertextBlob=encrypted_data_key.encrypted_data_key,
                EncryptionContext=encryption_context,
            )
        return DataKey(self.key_provider, response["Plaintext"], encrypted_data_key.encrypted_data_key)


@dataclass(frozen=True)
class CognitoDecryptor:
    """Decrypts codes. `client` is a botocore KMS client, `key_id` the ARN of Cognito's key for `pool_id`."""

    client: "KMSClient"
    key_id: str
    pool_id: str

    def __call__(self, ciphertext: str) -> Code:
        """Decrypt `ciphertext` (base64). Raises `Unavailable` or `DecryptionFailed`."""
        key = _Key(key_id=self.key_id, client=self.client)
        try:
            plain, header = _decrypt(b64decode(ciphertext, validate=True), key)
        except Unavailable:
            raise
        except Exception as error:  # the SDK does not wrap the errors of its libraries
            name = type(error).__name__
            raise DecryptionFailed(f"the code from Cognito could not be decrypted: {name}") from None
        # The signature or the tag has proved the context by now. Two pools may share a key.
        if header.encryption_context.get("userpool-id") != self.pool_id:
            raise DecryptionFailed("the code from Cognito belongs to another user pool")
        # Cognito escapes temporary passwords for HTML. Each message template escapes its values itself.
        return Code(html.unescape(plain.decode()))


def _decrypt(ciphertext: bytes, key: _Key) -> tuple[bytes, Any]:
    with _QuietDecryptor(
        source=ciphertext, key_provider=key, commitment_policy=_POLICY, max_encrypted_data_keys=_MOST_KEYS
    ) as decryptor:
        return decryptor.read(), decryptor.header
