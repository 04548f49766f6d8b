"""The AWS calls of the composed `token_api`, and the meaning of its settings."""

import secrets
from collections import Counter
from collections.abc import Iterator

import jwt
import pytest

from tests.support.openapi_checks import ISSUER
from tests.support.token_api_on_moto import TokenApiHandler, composed
from tests.support.users import another_code


@pytest.fixture(scope="module")
def api() -> Iterator[TokenApiHandler]:
    with composed() as found:
        yield found


@pytest.fixture
def email() -> str:
    """An address that no other test uses."""
    return f"{secrets.token_hex(8)}@people.example"


def test_a_confirmation_makes_one_write_per_step(api: TokenApiHandler, email: str) -> None:
    """Each step writes once and reads nothing from the table. AWS bills each call."""
    created = api.post("/createToken", {"email": email})
    assert Counter(api.aws_calls) == {"UpdateItem": 1, "GenerateMac": 1, "SendMessage": 1}
    verified = api.verify(created.body["token"])
    assert verified.body["verified"] is True
    assert Counter(api.aws_calls) == {"GenerateMac": 2, "UpdateItem": 1, "Sign": 1}
    introspected = api.post("/introspect", {"proof": verified.body["proof"]})
    assert introspected.body["active"] is True
    assert Counter(api.aws_calls) == {"Verify": 1, "UpdateItem": 1}
    assert api.post("/introspect", {"proof": verified.body["proof"]}).body == {"active": False}


def test_refused_requests_make_few_aws_calls(api: TokenApiHandler, email: str) -> None:
    first = {"email": email}
    token = api.post("/createToken", first).body["token"]
    costs: dict[str, Counter[str]] = {}
    for name, path, body in (
        ("rejoined", "/createToken", first),
        ("refused", "/createToken", first | {"purpose": "other"}),
        (
            "wrong",
            "/verifyToken",
            {"token": token, "verification_code": another_code(api.code(token))},
        ),
        ("no code", "/verifyToken", {"token": token, "verification_code": "12"}),
        ("no token", "/verifyToken", {"token": "x", "verification_code": "123456"}),
        ("no proof", "/introspect", {"proof": token}),
    ):
        api.post(path, body)
        costs[name] = Counter(api.aws_calls)
    assert costs == {
        "rejoined": {"UpdateItem": 1, "GenerateMac": 1, "SendMessage": 1},
        "refused": {"UpdateItem": 1},
        "wrong": {"GenerateMac": 2, "UpdateItem": 1},
        "no code": {"GenerateMac": 1},
        "no token": {},
        "no proof": {},
    }


def test_an_idempotency_key_costs_one_more_write(api: TokenApiHandler, email: str) -> None:
    key = {"headers": {"Idempotency-Key": email}}
    assert api.post("/createToken", {"email": email}, **key).body["status"] == "SENT"
    assert Counter(api.aws_calls) == {"UpdateItem": 2, "GenerateMac": 1, "SendMessage": 1}
    assert api.post("/createToken", {"email": email}, **key).body["status"] == "WAITING"
    assert Counter(api.aws_calls) == {"UpdateItem": 1, "GetItem": 1, "GenerateMac": 1, "SendMessage": 1}
    assert api.post("/createToken", {"email": "bob@example.com"}, **key).status == 422
    assert Counter(api.aws_calls) == {"UpdateItem": 1}


def test_the_health_checks_change_nothing_in_aws(api: TokenApiHandler) -> None:
    assert api.call("GET", "/health").body == {"status": "ok"}
    assert api.call("GET", "/openapi.json").status == 200
    assert api.aws_calls == []
    ready = api.call("GET", "/health/ready")
    assert (ready.status, set(ready.body["checks"].values())) == (200, {"ok"})
    assert set(ready.body["checks"]) == {"table", "queue", "code_key", "token_key", "proof_key"}
    assert not set(api.aws_calls) & {"UpdateItem", "PutItem", "DeleteItem", "SendMessage", "Sign"}, (
        "a health check changes nothing"
    )


def test_the_published_keys_verify_a_proof_and_are_cached(api: TokenApiHandler, email: str) -> None:
    keys = jwt.PyJWKSet.from_dict(api.call("GET", "/.well-known/jwks.json").body)
    assert api.aws_calls == ["GetPublicKey", "GetPublicKey"]
    assert api.call("GET", "/.well-known/jwks.json").status == 200
    assert api.aws_calls == []
    token = api.post("/createToken", {"email": email, "purpose": "pay"}).body["token"]
    verified = api.verify(token).body
    key = keys[jwt.get_unverified_header(verified["proof"])["kid"]]
    claims = jwt.decode(
        verified["proof"], key, ["RS256"], audience=ISSUER, issuer=ISSUER, options={"verify_exp": False}
    )
    assert (claims["purpose"], claims["exp"] - claims["iat"]) == ("pay", 120)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        *(("+12025550147", 200), ("+4915123456789", 200)),  # SMS_COUNTRIES allows US and DE
        *(("+447400123456", 422), ("+33612345678", 422)),  # mobile numbers of other countries
        *(("+14165550123", 422), ("+18765550123", 422)),  # +1 has several countries
        *(("+19005550123", 422), ("+18005550123", 422), ("+4930123456", 422)),  # not mobile
        *(("+999123456789", 422), ("+1202555014", 422)),  # not valid numbers
        ("+49015123456789", 200),  # the second with its trunk prefix, which shares its budget
        ("+112025550147", 422),  # not in the canonical form, which would get a separate budget
    ],
)
def test_only_mobile_numbers_of_the_allowed_countries_get_an_sms(
    api: TokenApiHandler, number: str, status: int
) -> None:
    response = api.post("/createToken", {"phone_number": number})
    assert (response.status, response.problem) == (status, "destination-not-allowed" if status == 422 else "")
    assert ("SendMessage" in api.aws_calls) is (status == 200)


def test_an_answered_sms_restores_the_budget_of_its_country(api: TokenApiHandler) -> None:
    token = api.post("/createToken", {"phone_number": "+12025550148"}).body["token"]
    verified = api.verify(token)
    assert verified.body["channel"] == "sms"
    assert Counter(api.aws_calls) == {"GenerateMac": 2, "UpdateItem": 2, "Sign": 1}


def test_each_challenge_has_a_new_nonce(api: TokenApiHandler) -> None:
    responses = [api.post("/createToken", {"email": f"nonce-{n}@people.example"}) for n in range(9)]
    found = {jwt.decode(a.body["token"], options={"verify_signature": False})["jti"] for a in responses}
    assert len(found) == 9
    assert all(len(jti) == 32 and int(jti, 16) for jti in found)
