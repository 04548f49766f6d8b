"""The proof: any JWT library verifies it with the published keys, and only with them."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from tests.support.aws_stubs import RecordingClient
from tests.support.jwt_tampering import encoded, parts, rearranged, tampered, with_mac, with_signature
from tests.support.kms_stubs import KEY_A, KEY_B, PRIVATE
from tests.support.openapi_checks import ISSUER
from tests.support.token_api_in_memory import HEADER, KID_A, KID_B, Api, inactive


def checked(api: Api, proof: str) -> dict[str, Any]:
    """The claims, as PyJWT reads them with the published keys."""
    keys = jwt.PyJWKSet.from_dict(api.call("GET", "/.well-known/jwks.json").body)
    key = keys[jwt.get_unverified_header(proof)["kid"]]
    found: dict[str, Any] = jwt.decode(
        proof, key, ["RS256"], audience=ISSUER, issuer=ISSUER, options={"verify_exp": False}
    )
    return found


def test_a_proof_has_only_the_documented_header_and_claims(api: Api) -> None:
    header, claims = parts(api.proof())
    assert header == HEADER
    assert set(claims) == {"v", "iss", "sub", "aud", "iat", "exp", "jti", "amr", "otp_channel", "purpose"}


def test_the_key_set_has_only_the_public_signing_keys(api: Api) -> None:
    response = replace(api, proof_keys=(KEY_A, KEY_B)).call("GET", "/.well-known/jwks.json")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "public, max-age=300"
    for key, arn in zip(response.body["keys"], (KEY_A, KEY_B), strict=True):
        numbers = PRIVATE[arn].public_key().public_numbers()
        assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
        assert {key["kty"], key["use"], key["alg"]} == {"RSA", "sig", "RS256"}
        assert key["kid"] == arn.rpartition("/")[2]
        assert (jwt.utils.base64url_decode(key["n"]).hex(), key["e"]) == (f"{numbers.n:0512x}", "AQAB")


ROTATION = [(KEY_A,), (KEY_A, KEY_B), (KEY_B, KEY_A), (KEY_B,)]


@pytest.mark.parametrize("signing", range(4))
@pytest.mark.parametrize("checking", range(4))
def test_a_proof_is_active_while_its_key_is_published(api: Api, signing: int, checking: int) -> None:
    then, now = (replace(api, proof_keys=ROTATION[step]) for step in (signing, checking))
    proof = then.proof()
    assert parts(proof)[0]["kid"] == ROTATION[signing][0].rpartition("/")[2], "the first key signs"
    if ROTATION[signing][0] in ROTATION[checking]:
        assert checked(now, proof)["iss"] == ISSUER
        assert now.introspect(proof).body["active"] is True
    else:
        with pytest.raises(KeyError):
            checked(now, proof)
        assert inactive(now, proof)


@pytest.mark.parametrize("step", range(3))
def test_each_step_of_a_rotation_publishes_a_key_before_it_signs_and_after_it_signed(step: int) -> None:
    now, then = ROTATION[step], ROTATION[step + 1]
    assert then[0] in now
    assert now[0] in then


def test_a_proof_with_a_changed_letter_is_inactive(api: Api) -> None:
    proof = api.proof()
    assert all(inactive(api, other) for other in tampered(proof))
    assert api.introspect(proof).body["active"] is True, "no changed proof marked it as used"


def test_a_proof_with_missing_repeated_or_moved_parts_is_inactive(api: Api) -> None:
    proof = api.proof()
    assert all(inactive(api, other) for other in rearranged(proof))


@pytest.mark.parametrize("kid", [None, "", 1, [], {}, "x", KEY_A, KID_B, KID_A.upper(), KID_A + " "])
def test_an_unpublished_key_causes_no_kms_call(api: Api, kid: object) -> None:
    claims = parts(api.proof())[1]
    api.kms.calls.clear()
    assert inactive(api, with_signature(HEADER | {"kid": kid}, claims))
    assert inactive(api, with_signature({"alg": "RS256"}, claims))
    assert api.kms.calls == []


def test_a_signature_of_another_key_than_the_named_one_is_inactive(api: Api) -> None:
    both = replace(api, proof_keys=(KEY_A, KEY_B))
    claims = parts(api.proof())[1]
    assert inactive(both, with_signature(HEADER, claims, KEY_B))
    assert inactive(both, with_signature(HEADER | {"kid": KID_B}, claims, KEY_A))
    assert both.introspect(with_signature(HEADER | {"kid": KID_B}, claims, KEY_B)).body["active"] is True


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", "", None, 1])
def test_a_proof_with_another_algorithm_is_inactive(api: Api, alg: object) -> None:
    claims = parts(api.proof())[1]
    api.kms.calls.clear()
    header = HEADER | {"alg": alg}
    signing_input = f"{encoded(header)}.{encoded(claims)}"
    assert all(
        inactive(api, proof)
        for proof in (with_signature(header, claims), with_mac(header, claims), f"{signing_input}.")
    )
    assert api.kms.calls == []


def test_a_key_in_the_header_is_not_used(api: Api) -> None:
    """CVE-2018-0114: an attacker puts a key into the header."""
    claims = parts(api.proof())[1]
    jwk = replace(api, proof_keys=(KEY_B,)).call("GET", "/.well-known/jwks.json").body["keys"][0]
    for key in ({"jwk": jwk}, {"jku": "https://evil.example/jwks.json"}, {"x5u": "https://evil.example"}):
        assert inactive(api, with_signature(HEADER | key, claims, KEY_B))
        assert inactive(api, with_signature(HEADER | {"kid": KID_B} | key, claims, KEY_B))


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "x"])
def test_a_proof_with_a_critical_header_is_inactive(api: Api, crit: object) -> None:
    claims = parts(api.proof())[1]
    assert inactive(api, with_signature(HEADER | {"crit": crit, "b64": False}, claims))


def test_a_challenge_token_is_inactive_as_a_proof(api: Api) -> None:
    token = api.create().body["token"]
    header, claims = parts(token)
    proof = api.verify(token).body["proof"]
    assert inactive(api, token)
    assert inactive(api, with_mac(header | {"kid": KID_A}, parts(proof)[1]))
    assert inactive(api, with_mac(HEADER, parts(proof)[1]))
    assert inactive(api, with_signature(HEADER, claims)), (
        "the claims of a challenge token, signed with the proof key"
    )


def test_an_invalid_signature_result_of_kms_is_inactive(api: Api) -> None:
    """KMS returns SignatureValid or raises, so the value false must not count as valid."""
    proof = api.proof()
    assert inactive(replace(api, kms=RecordingClient({"verify": {"SignatureValid": False}})), proof)


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", [], "x", 1, None])
def test_a_signed_payload_that_is_no_object_is_inactive(api: Api, payload: object) -> None:
    assert inactive(api, with_signature(HEADER, payload))
