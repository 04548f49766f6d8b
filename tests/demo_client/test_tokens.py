"""Both tokens are verified in every respect before a user counts as signed in."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from demo_client.cognito.challenge import Tokens
from demo_client.cognito.pool_config import PoolConfig
from demo_client.cognito.tokens import fetch_keys, verify
from demo_client.errors import UNREACHABLE, CliError
from tests.support.demo_pool import POOL

MakeToken = Callable[[dict[str, Any]], str]


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _jwks() -> jwt.PyJWKSet:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(_key("pool").public_key(), as_dict=True)
    return jwt.PyJWKSet.from_dict({"keys": [public | {"kid": "k1", "alg": "RS256", "use": "sig"}]})


def signed(claims: dict[str, Any], key: str = "pool", kid: str = "k1") -> str:
    return jwt.encode(claims, _key(key), algorithm="RS256", headers={"kid": kid})


def id_claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    base = {"sub": "ada", "iss": POOL.issuer, "iat": now, "exp": now + 3600, "token_use": "id"}
    return base | {"aud": "client-both", "email": "ada@example.com"} | changed


def access_claims(**changed: Any) -> dict[str, Any]:
    return _without(id_claims(token_use="access", client_id="client-both"), "aud", "email") | changed


def _without(claims: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in names}


def check(id_token: str, access_token: str) -> Any:
    return verify(Tokens("client-both", id_token, access_token, "refresh"), POOL, _jwks())


def test_valid_tokens_give_the_user() -> None:
    claims = access_claims()
    new_visitor = check(signed(id_claims()), signed(claims))
    assert (new_visitor.sub, new_visitor.email, new_visitor.expires_at) == (
        "ada",
        "ada@example.com",
        claims["exp"],
    )


BAD_ID_TOKENS = {
    "issuer": signed(id_claims(iss="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another")),
    "audience": signed(id_claims(aud="another-client")),
    "no audience": signed(_without(id_claims(), "aud")),
    "use": signed(id_claims(token_use="access")),
    "another person": signed(id_claims(sub="grace")),
    "no expiry": signed(_without(id_claims(), "exp")),
    "from the future": signed(id_claims(iat=int(time.time()) + 86400)),
    "forged": signed(id_claims(), key="forger"),
    "unknown key": signed(id_claims(), kid="k2"),
    "no key": jwt.encode(id_claims(), _key("pool"), algorithm="RS256"),
    "broken signature": signed(id_claims())[:-8] + "AAAAAAAA",
    "alg none": jwt.encode(id_claims(), "", algorithm="none", headers={"kid": "k1"}),
    "HS256": jwt.encode(id_claims(), "s" * 32, algorithm="HS256", headers={"kid": "k1"}),
    "RS512": jwt.encode(id_claims(), _key("pool"), algorithm="RS512", headers={"kid": "k1"}),
    "garbage": "not.a.token",
    "empty": "",
}


@pytest.mark.parametrize("id_token", BAD_ID_TOKENS.values(), ids=BAD_ID_TOKENS.keys())
def test_an_id_token_that_is_not_valid_is_refused(id_token: str) -> None:
    with pytest.raises(CliError, match=r"The tokens were refused"):
        check(id_token, signed(access_claims()))


@pytest.mark.parametrize(
    "changed", [{"client_id": "another-client"}, {"token_use": "id"}, {"client_id": None}, {"iss": "x"}]
)
def test_an_access_token_that_is_not_valid_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(CliError, match="The tokens were refused"):
        check(signed(id_claims()), signed(access_claims(**changed)))


def test_expired_tokens_are_refused() -> None:
    past = {"iat": 1, "exp": int(time.time()) - 31}
    with pytest.raises(CliError, match="has expired"):
        check(signed(id_claims(**past)), signed(access_claims(**past)))


def test_without_the_pools_keys_no_token_is_accepted() -> None:
    unreachable = PoolConfig("eu-west-1", POOL.user_pool_id, "a", "b", "http://127.0.0.1:9", POOL.token_dir)
    with pytest.raises(CliError, match="public keys cannot be read") as raised:
        fetch_keys(unreachable)
    assert raised.value.exit_code == UNREACHABLE
