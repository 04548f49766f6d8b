"""/introspect: a proof is active once, for its audience, purpose and subject. A mismatch does not use it."""

from dataclasses import replace

import pytest

from tests.support.jwt_tampering import parts, with_signature
from tests.support.kms_stubs import used_proofs
from tests.support.openapi_checks import ISSUER
from tests.support.token_api_in_memory import HEADER, LIFE, Api, ApiOutput, FakeClock, inactive


def test_a_proof_is_active_once_and_returns_its_claims(api: Api, output: ApiOutput) -> None:
    proof = api.proof(purpose="pay 20 EUR")
    first = api.introspect(proof)
    assert first.status == 200
    assert first.body == {"active": True} | parts(proof)[1]
    assert inactive(api, proof)
    assert inactive(replace(api), proof), "also for another instance"
    assert output.metrics()[-3:] == [("proofs", "used"), ("proofs", "refused"), ("proofs", "refused")]


def test_a_proof_is_marked_as_used_by_its_id(api: Api) -> None:
    proof = api.proof(purpose="pay", audience="payments")
    assert api.introspect(proof, audience="payments").body["active"] is True
    assert api.introspect(proof, audience="payments", purpose="pay").body == {"active": False}
    (marked,) = {call["Key"]["pk"]["S"] for call in api.proofs.sent("update_item")}
    assert marked == f"proof#{parts(proof)[1]['jti']}"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        *(("audience", each) for each in ("payments", ISSUER + "/", "*")),
        *(("purpose", each) for each in ("other", "", "pay 20 EUR.")),
        *(("subject", each) for each in ("0" * 32, "1b2c3d4e-0000-4000-8000-000000000000")),
    ],
)
def test_a_mismatch_of_audience_purpose_or_subject_does_not_use_the_proof(
    api: Api, name: str, other: str
) -> None:
    proof = api.proof(purpose="pay 20 EUR")
    right = {"audience": ISSUER, "purpose": "pay  20 EUR", "subject": str(parts(proof)[1]["sub"])}
    for wanted in ({name: other}, right | {name: other}):
        assert api.introspect(proof, **wanted).body == {"active": False}
    assert api.proofs.calls == []
    assert api.introspect(proof, **right).body["active"] is True


def test_a_proof_of_another_subject_is_inactive(api: Api) -> None:
    """Otherwise, an attacker with a proof for another address could approve the user's request."""
    ann, eve = api.create("ann@example.com").body, api.create("eve@example.com").body
    proof = str(api.verify(eve["token"]).body["proof"])
    assert api.introspect(proof, subject=ann["subject"]).body == {"active": False}
    assert api.introspect(proof, subject=eve["subject"]).body["active"] is True


def test_a_proof_for_another_audience_is_inactive_without_an_audience(api: Api) -> None:
    proof = api.proof(audience="payments")
    assert inactive(api, proof)
    assert api.introspect(proof, audience="payments").body["active"] is True


@pytest.mark.parametrize(("later", "active"), [(LIFE - 1, True), (LIFE, False), (10**9, False)])
def test_a_proof_expires(api: Api, clock: FakeClock, later: int, active: bool) -> None:
    proof = api.proof()
    clock.now += later
    assert api.introspect(proof).body["active"] is active
    assert len(api.proofs.calls) == active


@pytest.mark.parametrize("exp", [None, "x", "99999999999", [], 1.5, {}])
def test_a_proof_without_a_valid_expiry_is_inactive(api: Api, exp: object) -> None:
    claims = parts(api.proof())[1]
    assert inactive(api, with_signature(HEADER, claims | {"exp": exp}))
    assert inactive(
        api, with_signature(HEADER, {name: value for name, value in claims.items() if name != "exp"})
    )


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"v": "1"}, {"v": True}, {"jti": None}, {"jti": 1}, {"sub": None}, {"exp": True}]
)
def test_a_proof_of_another_version_or_with_a_wrong_claim_is_not_active(
    api: Api, change: dict[str, object]
) -> None:
    claims = parts(api.proof())[1]
    assert inactive(api, with_signature(HEADER, claims | change))
    assert inactive(
        api, with_signature(HEADER, {name: v for name, v in claims.items() if name not in change})
    )


@pytest.mark.parametrize("iss", [None, "", ISSUER + "/", "https://evil.example/v1"])
def test_a_proof_of_another_issuer_is_inactive(api: Api, iss: object) -> None:
    """If two stacks share a key, only the issuer separates their proofs."""
    assert inactive(api, with_signature(HEADER, parts(api.proof())[1] | {"iss": iss}))


def test_the_mark_of_a_used_proof_expires_after_the_proof(api: Api) -> None:
    proof = api.proof()
    api.introspect(proof)
    (call,) = api.proofs.sent("update_item")
    exp = parts(proof)[1]["exp"]
    assert isinstance(exp, int)
    assert int(call["ExpressionAttributeValues"][":ttl"]["N"]) >= exp


def test_a_repeat_with_the_same_key_by_the_same_caller_gets_the_claims_again(api: Api) -> None:
    proof = api.proof()
    first = api.post("/introspect", {"proof": proof}, key="k")
    assert first.body["active"] is True
    assert api.post("/introspect", {"proof": proof}, key="k").body == first.body
    assert api.post("/introspect", {"proof": proof}, key="other").body == {"active": False}
    assert api.post("/introspect", {"proof": proof}, key="k", caller="other").body == {"active": False}
    assert inactive(api, proof), "a request without a key is a new use"


def test_a_step_up_proof_is_active_only_for_its_audience(api: Api) -> None:
    proof = api.verify_step_up(api.step_up(audience="vault").body["token"]).body["proof"]
    assert inactive(api, proof)
    assert api.introspect(proof, audience="vault").body["active"] is True


def test_only_the_table_remembers_used_proofs(api: Api) -> None:
    """Lambda runs many processes, so none of them may remember used proofs."""
    proof = api.proof()
    assert api.introspect(proof).body["active"] is True
    assert replace(api, proofs=used_proofs()).introspect(proof).body["active"] is True
