"""JSON Web Tokens: PyJWT writes and reads them, only KMS signs and verifies them.

This process never holds a key, so an attacker cannot steal one from it. A token does not choose how it is
verified: each kind has one algorithm, and its reader accepts no other.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from jwt import PyJWS
from jwt.algorithms import Algorithm
from jwt.exceptions import InvalidTokenError
from jwt.utils import to_base64url_uint

from passcode.adapters.kms import KmsMac, KmsSigningKeys
from passcode.token_service.challenge import parse_object

Claims = Mapping[str, object]
# The longest token that we issue is half as long, and KMS accepts no longer message.
_LONGEST = 4_096


class _NotOurToken(Exception):
    """This service did not sign the token, or the token was changed afterwards."""


class _InKms(Algorithm):
    """An algorithm whose key is an id, because the key itself is in KMS."""

    def prepare_key(self, key: str) -> str:
        return key

    @staticmethod
    def to_jwk(key_obj: object, as_dict: bool = False) -> NoReturn:
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: object) -> NoReturn:
        raise NotImplementedError


class _Hs256(_InKms):
    """HS256 (RFC 7518, 3.2) by KMS GenerateMac. There is one key, so it needs no id."""

    def __init__(self, mac: KmsMac) -> None:
        self._mac = mac

    def sign(self, msg: bytes, key: str) -> bytes:  # noqa: ARG002
        return self._mac(msg)

    def verify(self, msg: bytes, key: str, sig: bytes) -> bool:  # noqa: ARG002
        return hmac.compare_digest(self._mac(msg), sig)


class _Rs256(_InKms):
    """RS256 (RFC 7518, 3.3) by KMS Sign and Verify."""

    def __init__(self, keys: KmsSigningKeys) -> None:
        self._keys = keys

    def sign(self, msg: bytes, key: str) -> bytes:
        return self._keys.sign(key, msg)

    def verify(self, msg: bytes, key: str, sig: bytes) -> bool:
        return self._keys.verify(key, msg, sig)


@dataclass(eq=False, repr=False)
class MacJwts:
    """Writes and reads challenge tokens. `mac` makes their MAC, with a key for these tokens only."""

    mac: KmsMac

    def write(self, claims: Claims) -> str:
        """Sign `claims`. One KMS call. Raises `Unavailable`."""
        return _write(claims, "HS256", _Hs256(self.mac), kid=None)

    def read(self, token: str) -> Claims | None:
        """Return the claims; None if this service did not sign it. One KMS call. Raises `Unavailable`."""
        try:
            return _read(token, "HS256", _Hs256(self.mac), kid="")
        except _NotOurToken:
            return None


@dataclass(eq=False, repr=False)
class SignedJwts:
    """Tokens that others verify with the public keys: proofs, and the tokens of the OpenID provider."""

    keys: KmsSigningKeys

    def write(self, claims: Claims) -> str:
        """Sign `claims` with the current key. One KMS call. Raises `Unavailable`."""
        return _write(claims, "RS256", _Rs256(self.keys), kid=self.keys.current)

    def read(self, token: str) -> Claims | None:
        """Return the claims; None if this service did not sign it. One KMS call. Raises `Unavailable`."""
        try:
            kid = _header(token).get("kid")
            return _read(token, "RS256", _Rs256(self.keys), kid=kid) if kid in self.keys.ids else None
        except _NotOurToken:
            return None

    def unverified(self, token: str) -> Claims | None:
        """Return the claims, or None if `token` is no JWT. They are not verified, so do not trust them."""
        try:
            _header(token)
            return _claims(PyJWS().decode(token, options={"verify_signature": False}))
        except _NotOurToken:
            return None


def _write(claims: Claims, name: str, algorithm: Algorithm, kid: str | None) -> str:
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return _jws_for(name, algorithm).encode(payload, kid or "", name, {"kid": kid} if kid else None)


def _read(token: str, name: str, algorithm: Algorithm, kid: str) -> Claims:
    _check_length(token)
    try:
        payload = _jws_for(name, algorithm).decode(token, kid, [name])
    except InvalidTokenError:
        raise _NotOurToken from None
    return _claims(payload)


def _claims(payload: bytes) -> Claims:
    try:
        return parse_object(payload)
    except ValueError:
        raise _NotOurToken from None


def _header(token: str) -> dict[str, Any]:
    """Return the header of a possible token. Reading it costs no call, and its values are not verified."""
    _check_length(token)
    try:
        return PyJWS().get_unverified_header(token)
    except InvalidTokenError:
        raise _NotOurToken from None


def _check_length(token: str) -> None:
    if len(token) > _LONGEST:
        raise _NotOurToken


def _jws_for(name: str, algorithm: Algorithm) -> PyJWS:
    """Return a reader and writer for this algorithm only: it rejects `none` and keys of another kind."""
    jws = PyJWS(algorithms=[])
    jws.register_algorithm(name, algorithm)
    return jws


def jwks(keys: KmsSigningKeys) -> dict[str, list[dict[str, str]]]:
    """Return all keys that may have signed a proof. One KMS call for each. Raises `Unavailable`."""
    return {"keys": [_key(kid, keys.public(kid)) for kid in keys.ids]}


def _key(kid: str, der: bytes) -> dict[str, str]:
    # These imports take 0.1 s. Only this path needs them.
    from pyasn1.codec.der.decoder import decode  # noqa: PLC0415
    from pyasn1_modules.rfc5280 import SubjectPublicKeyInfo  # noqa: PLC0415
    from pyasn1_modules.rfc8017 import RSAPublicKey  # noqa: PLC0415

    info, _ = decode(der, asn1Spec=SubjectPublicKeyInfo())
    key, _ = decode(info["subjectPublicKey"].asOctets(), asn1Spec=RSAPublicKey())
    numbers = {name: to_base64url_uint(int(key[component])).decode() for name, component in _NUMBERS.items()}
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid} | numbers


_NUMBERS = {"n": "modulus", "e": "publicExponent"}
