"""Encrypt a code as Cognito does for a custom sender: with the AWS Encryption SDK and a KMS key."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import Algorithm
from aws_encryption_sdk.key_providers.kms import KMSMasterKey
from moto import mock_aws

POOL = "eu-central-1_Ex4mpl3Aa"
# As in the public sample of a Cognito message: 0x0378, signed, without key commitment.
COGNITO_SUITE = Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384
COMMITTING = (
    Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
    Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
)
SUITES = (COGNITO_SUITE, Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256, *COMMITTING)


@dataclass(frozen=True)
class CodeEncryptor:
    """Encrypts for one pool with one key. `client` is a boto3 KMS client."""

    client: Any
    key_id: str
    pool: str = POOL

    def encrypt(self, secret: str, suite: Algorithm = COGNITO_SUITE, **context: str) -> str:
        """The encrypted secret, as in an event's `code`."""
        policy = (
            CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
            if suite in COMMITTING
            else CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
        )
        encrypted, _ = EncryptionSDKClient(commitment_policy=policy).encrypt(
            source=secret.encode(),
            key_provider=KMSMasterKey(key_id=self.key_id, client=self.client),
            encryption_context=context or {"userpool-id": self.pool},
            algorithm=suite,
        )
        return b64encode(encrypted).decode()


def new_key(client: Any) -> str:
    """The ARN of a new symmetric key."""
    return str(client.create_key()["KeyMetadata"]["Arn"])


@contextmanager
def moto_encryptor() -> Iterator[CodeEncryptor]:
    """Encryption with a KMS (moto) in this process."""
    with mock_aws():
        client = boto3.client(
            "kms", region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        yield CodeEncryptor(client, new_key(client))
