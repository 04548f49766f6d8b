"""The public halves of the proof keys as a JSON Web Key Set (RFC 7517), for whoever checks a proof."""

from jwt.utils import to_base64url_uint

from adapters.keys import ProofKeys


def key_set(keys: ProofKeys) -> dict[str, list[dict[str, str]]]:
    """All keys that a proof may be signed with. One KMS call for each. Raises `Unavailable`."""
    return {"keys": [_key(kid, keys.public(kid)) for kid in keys.ids]}


def _key(kid: str, der: bytes) -> dict[str, str]:
    # 0.1 s that only this path pays, and once.
    from pyasn1.codec.der.decoder import decode  # noqa: PLC0415
    from pyasn1_modules.rfc5280 import SubjectPublicKeyInfo  # noqa: PLC0415
    from pyasn1_modules.rfc8017 import RSAPublicKey  # noqa: PLC0415

    info, _ = decode(der, asn1Spec=SubjectPublicKeyInfo())
    key, _ = decode(info["subjectPublicKey"].asOctets(), asn1Spec=RSAPublicKey())
    numbers = {name: to_base64url_uint(int(key[place])).decode() for name, place in _NUMBERS.items()}
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid} | numbers


_NUMBERS = {"n": "modulus", "e": "publicExponent"}
