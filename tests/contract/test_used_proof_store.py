"""The marks of used proofs: on moto and on the local stack's DynamoDB."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from passcode.adapters.confirmation_tables import IdempotencyTable, UsedProofTable
from passcode.confirmation.idempotency import IdempotencyClaim
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


def test_a_proof_is_used_once(table: tuple[Any, str]) -> None:
    proofs, jti = UsedProofTable(*table), secrets.token_hex(16)
    assert [proofs.use(jti, NOW) for _ in range(3)] == [True, False, False]
    assert proofs.use(secrets.token_hex(16), NOW), "another one's mark is its own"


def test_the_mark_is_swept_after_the_proof_has_expired_and_not_before(table: tuple[Any, str]) -> None:
    client, name = table
    jti = secrets.token_hex(16)
    UsedProofTable(client, name).use(jti, NOW)
    item = client.get_item(TableName=name, Key={"pk": {"S": f"proof#{jti}"}})["Item"]
    assert int(item["ttl"]["N"]) == NOW + 3_600
    assert set(item) == {"pk", "ttl"}, "nothing of the proof is kept"


def test_a_claim_keeps_nothing_but_hashes_and_is_swept_after_a_day(table: tuple[Any, str]) -> None:
    client, name = table
    key = secrets.token_hex(16)
    IdempotencyTable(client, name).claim(IdempotencyClaim(key, "content"), "nonce", NOW)
    item = client.get_item(TableName=name, Key={"pk": {"S": f"request#{key}"}})["Item"]
    assert set(item) == {"pk", "ttl", "content", "nonce"}
    assert int(item["ttl"]["N"]) == NOW + 86_400
