"""The keys in KMS: MACs of codes and tokens, signatures of tokens, encryption of stored values."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from passcode.adapters.botocore_clients import error_code, unavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_RS256: Final = "RSASSA_PKCS1_V1_5_SHA_256"


@dataclass(eq=False, repr=False)
class KmsMac:
    """Makes MACs, of challenges or of tokens.

    `client` is a botocore KMS client, `key_id` the ARN of an HMAC_256 key.
    """

    client: "KMSClient"
    key_id: str

    def __call__(self, message: bytes) -> bytes:
        """Return the MAC of `message`, 32 bytes. Raises `Unavailable`."""
        with unavailable("the key"):
            response = self.client.generate_mac(
                KeyId=self.key_id, MacAlgorithm="HMAC_SHA_256", Message=message
            )
            return bytes(response["Mac"])


@dataclass(eq=False, repr=False)
class KmsSigningKeys:
    """Signs proofs. `arns` are RSA_2048 keys: the first key signs, and signatures of all keys are valid."""

    client: "KMSClient"
    arns: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The `kid` of each key: the key id, without account and region."""
        return tuple(arn.rpartition("/")[2] for arn in self.arns)

    @property
    def current(self) -> str:
        """The `kid` of the key that signs."""
        return self.ids[0]

    def sign(self, kid: str, message: bytes) -> bytes:
        """Return the signature of `message`, 256 bytes. Raises `Unavailable`."""
        with unavailable("the proof key"):
            response = self.client.sign(
                KeyId=self._arn(kid), Message=message, MessageType="RAW", SigningAlgorithm=_RS256
            )
            return bytes(response["Signature"])

    def verify(self, kid: str, message: bytes, signature: bytes) -> bool:
        """Return whether the key made the signature. Raises `Unavailable`."""
        with unavailable("the proof key"):
            try:
                response = self.client.verify(
                    KeyId=self._arn(kid),
                    Message=message,
                    MessageType="RAW",
                    Signature=signature,
                    SigningAlgorithm=_RS256,
                )
            except ClientError as error:
                if error_code(error) != "KMSInvalidSignatureException":
                    raise
                return False
            return bool(response["SignatureValid"])

    def public(self, kid: str) -> bytes:
        """Return the public key: a SubjectPublicKeyInfo in DER (RFC 5280). Raises `Unavailable`."""
        with unavailable("the proof key"):
            response = self.client.get_public_key(KeyId=self._arn(kid))
            return bytes(response["PublicKey"])

    def _arn(self, kid: str) -> str:
        return self.arns[self.ids.index(kid)]


# The most bytes that KMS encrypts in one call. Most session strings of Cognito are shorter.
_PART = 4_096


@dataclass(eq=False, repr=False)
class KmsEncryption:
    """Encrypts. `client` is a botocore KMS client, `key_id` a symmetric key's ARN."""

    client: "KMSClient"
    key_id: str

    def encrypt(self, text: str, item: str) -> list[bytes]:
        """Encrypt `text` for one item: `item` is in the encryption context. Raises `Unavailable`."""
        plain = text.encode()
        parts = [plain[at : at + _PART] for at in range(0, len(plain), _PART)]
        with unavailable("the state key"):
            return [self._encrypt_part(part, item) for part in parts]

    def decrypt(self, parts: list[bytes], item: str) -> str:
        """Decrypt `parts`. Raises `Unavailable`, even if it was encrypted for another item."""
        with unavailable("the state key"):
            return b"".join(self._decrypt_part(part, item) for part in parts).decode()

    def _encrypt_part(self, part: bytes, item: str) -> bytes:
        response = self.client.encrypt(KeyId=self.key_id, Plaintext=part, EncryptionContext={"item": item})
        return bytes(response["CiphertextBlob"])

    def _decrypt_part(self, part: bytes, item: str) -> bytes:
        response = self.client.decrypt(
            KeyId=self.key_id, CiphertextBlob=part, EncryptionContext={"item": item}
        )
        return bytes(response["Plaintext"])
