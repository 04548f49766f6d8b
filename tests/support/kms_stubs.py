"""Fake AWS clients for the endpoints. They record their calls and sign with real keys."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import attributes
from tests.support.memory_stores import code_mac

KEY_A = "arn:aws:kms:eu-central-1:123456789012:key/aaaaaaaa-0000-4000-8000-000000000000"
KEY_B = "arn:aws:kms:eu-central-1:123456789012:key/bbbbbbbb-0000-4000-8000-000000000000"
PRIVATE = {arn: rsa.generate_private_key(65_537, 2_048) for arn in (KEY_A, KEY_B)}
_HOW: Any = (padding.PKCS1v15(), hashes.SHA256())
_DER: Any = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_der(arn: str) -> bytes:
    """The public half of a proof key, as KMS returns it."""
    return PRIVATE[arn].public_key().public_bytes(*_DER)


def token_mac(message: bytes) -> bytes:
    """The MAC of a challenge token."""
    return code_mac(b"token" + message)


def kms(**failing: str) -> RecordingClient:
    """KMS: an HMAC key for codes, one for tokens, and two RSA keys.

    `broken` has an error code for each failing operation: `operation="code"`. For `generate_mac`, use the
    name of the key.
    """

    def unless_failing(operation: str, response: Callable[[Any], object]) -> Callable[[Any], object]:
        def respond(call: dict[str, Any]) -> object:
            error = failing.get(operation) or failing.get(call["KeyId"])
            if error:
                raise refused_by_aws(error)
            return response(call)

        return respond

    responses: dict[str, Callable[[Any], object]] = {
        "generate_mac": lambda call: {"Mac": code_mac(call["KeyId"].encode() + call["Message"])},
        "sign": lambda call: {"Signature": PRIVATE[call["KeyId"]].sign(call["Message"], *_HOW)},
        "verify": _verify_response,
        "get_public_key": lambda call: {"PublicKey": public_der(call["KeyId"])},
    }
    return RecordingClient({name: unless_failing(name, response) for name, response in responses.items()})


def _verify_response(call: dict[str, Any]) -> dict[str, object]:
    try:
        PRIVATE[call["KeyId"]].public_key().verify(call["Signature"], call["Message"], *_HOW)
    except InvalidSignature:
        raise refused_by_aws("KMSInvalidSignatureException") from None
    return {"SignatureValid": True}


def used_proofs() -> RecordingClient:
    """The part of the table that stores used proofs: each key can be written by one use."""
    taken: dict[str, str] = {}
    lock = Lock()

    def update(call: dict[str, Any]) -> dict[str, object]:
        key = call["Key"]["pk"]["S"]
        with lock:
            use_id = call["ExpressionAttributeValues"][":id"]["S"]
            if taken.setdefault(key, use_id) != use_id:
                raise refused_by_aws("ConditionalCheckFailedException")
        return {}

    return RecordingClient({"update_item": update})


def pool(enabled: bool = True, /, **changes: str) -> RecordingClient:
    """A pool with the one user of the tests. `changes` replaces attributes."""
    found: Mapping[str, str] = attributes(**changes)
    listed = [{"Name": name, "Value": value} for name, value in found.items()]
    return RecordingClient({"admin_get_user": {"Enabled": enabled, "UserAttributes": listed}})


class FailingStore:
    """A store that fails at every call."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error or Unavailable("the table answered ThrottlingException")

    def __getattr__(self, _name: str) -> Any:
        def fail(*_: object, **__: object) -> None:
            raise self._error

        return fail
