"""The marks of used proofs: on moto and on the DynamoDB of the local stack."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from passcode.adapters.confirmation_tables import IdempotencyTable, UsedProofTable
from passcode.confirmation.idempotency import IdempotencyClaim
from passcode.confirmation.tokens import Proof
from tests.support.dynamodb import moto_table

NOW = 1_800_000_000


@pytest.fixture(scope="module", params=["moto", "ministack"])
def table(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str]]:
    if request.param == "moto":
        with moto_table() as found:
            yield found
    else:
        stack = request.getfixturevalue("local_stack")
        yield stack.client("dynamodb"), stack.table


def a_proof() -> Proof:
    return Proof(secrets.token_hex(16), NOW, {})


def test_a_proof_can_be_used_once(table: tuple[Any, str]) -> None:
    proofs, proof = UsedProofTable(*table), a_proof()
    assert [proofs.use(proof, use, NOW) for use in ("a", "b", "c")] == [True, False, False]
    assert proofs.use(a_proof(), "a", NOW), "each proof has a separate mark"


def test_a_repeated_use_recognises_its_mark_for_15_seconds(table: tuple[Any, str]) -> None:
    proofs, proof = UsedProofTable(*table), a_proof()
    assert [proofs.use(proof, "a", NOW + seconds) for seconds in (0, 1, 14, 15, 16)] == [True] * 4 + [False]
    assert not proofs.use(proof, "b", NOW + 1)


def test_the_ttl_of_a_mark_is_one_hour_after_the_proof_expires(table: tuple[Any, str]) -> None:
    client, name = table
    proof = a_proof()
    UsedProofTable(client, name).use(proof, "a", NOW)
    item = client.get_item(TableName=name, Key={"pk": {"S": f"proof#{proof.jti}"}})["Item"]
    assert int(item["ttl"]["N"]) == NOW + 3_600
    assert set(item) == {"pk", "ttl", "use_id", "used_at"}, "the item contains nothing else of the proof"


def test_a_claim_contains_only_hashes_and_has_a_ttl_of_a_day(table: tuple[Any, str]) -> None:
    client, name = table
    key = secrets.token_hex(16)
    IdempotencyTable(client, name).claim(IdempotencyClaim(key, "content"), "nonce", NOW)
    item = client.get_item(TableName=name, Key={"pk": {"S": f"request#{key}"}})["Item"]
    assert set(item) == {"pk", "ttl", "content", "nonce"}
    assert int(item["ttl"]["N"]) == NOW + 86_400
