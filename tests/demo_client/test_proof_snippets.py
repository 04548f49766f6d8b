"""The snippets that check a proof, with keys and proofs made here: only the right proof passes."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.clients.proof import REFUSED, by_jose, by_pyjwt
from tests.support.fake_token_service import FakeResponse, serve

Check = Callable[..., dict[str, Any]]
ISSUER = "https://a1.execute-api.eu-west-1.amazonaws.com/v1"
WANTED = {"subject": "the-subject", "purpose": "approve a payment of 20 EUR"}
OLD, NEW, FOREIGN = (rsa.generate_private_key(65537, 2048) for _ in range(3))

each_library = pytest.mark.parametrize("check", [by_pyjwt, pytest.param(by_jose, marks=pytest.mark.node)])


@pytest.fixture
def keys_url() -> Iterator[str]:
    """A URL that publishes two keys, as in the middle of a rotation."""
    published = [
        json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig", "alg": "RS256"}
        for kid, key in (("old", OLD), ("new", NEW))
    ]
    with serve(
        *[FakeResponse({"keys": published}, headers={"Content-Type": "application/json"})] * 3
    ) as server:
        yield f"{server.url}/.well-known/jwks.json"


def proof(key: Any = OLD, kid: str = "old", algorithm: str = "RS256", **changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": WANTED["subject"], "aud": "payments", "iat": now, "exp": now + 300}
    claims |= {"jti": "j", "amr": ["otp"], "otp_channel": "email", "purpose": WANTED["purpose"]} | changed
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm, {"kid": kid})


@each_library
@pytest.mark.parametrize(("key", "kid"), [(OLD, "old"), (NEW, "new")], ids=["old", "new"])
def test_a_proof_of_either_key_is_accepted(check: Check, key: Any, kid: str, keys_url: str) -> None:
    claims = check(keys_url, ISSUER, proof=proof(key, kid), **WANTED)
    assert (claims["sub"], claims["otp_channel"]) == ("the-subject", "email")


@each_library
@pytest.mark.parametrize(
    "changed",
    [
        {"key": FOREIGN},
        {"kid": "unknown"},
        {"key": "", "algorithm": "none"},
        {"key": "a secret that a verifier could take for its own", "algorithm": "HS256"},
        {"algorithm": "RS512"},
        {"iss": "https://example.com"},
        {"aud": "another"},
        {"sub": "another-subject"},
        {"purpose": "approve a payment of 2000 EUR"},
        {"purpose": None},
        {"exp": 1},
        {"exp": None},
        {"jti": None},
    ],
    ids="-".join,
)
def test_a_proof_with_another_key_or_claim_is_refused(
    check: Check, changed: dict[str, Any], keys_url: str
) -> None:
    assert check(keys_url, ISSUER, proof=proof(**changed), **WANTED) == REFUSED


@each_library
def test_a_changed_proof_is_refused(check: Check, keys_url: str) -> None:
    head, claims, signature = proof().split(".")
    other = proof(purpose="approve a payment of 2000 EUR").split(".")[1]
    assert check(keys_url, ISSUER, proof=f"{head}.{other}.{signature}", **WANTED) == REFUSED
    assert check(keys_url, ISSUER, proof=f"{head}.{claims}.{signature}", **WANTED) != REFUSED
