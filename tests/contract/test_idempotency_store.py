"""The contract of every store of Idempotency-Keys: in memory, on moto, and on the local DynamoDB."""

import secrets
from collections.abc import Iterator

import pytest

from passcode.adapters.confirmation_tables import IdempotencyTable
from passcode.confirmation.idempotency import IdempotencyClaim, IdempotencyStore
from passcode.token_service.policy import DAY
from tests.support.dynamodb import moto_table
from tests.support.memory_stores import MemoryIdempotencyStore

NOW = 1_800_000_000


@pytest.fixture(scope="module", params=["memory", "moto", "ministack"])
def requests(request: pytest.FixtureRequest) -> Iterator[IdempotencyStore]:
    if request.param == "memory":
        yield MemoryIdempotencyStore()
    elif request.param == "moto":
        with moto_table() as (client, name):
            yield IdempotencyTable(client, name)
    else:
        stack = request.getfixturevalue("local_stack")
        yield IdempotencyTable(stack.client("dynamodb"), stack.table)


@pytest.fixture
def claim() -> IdempotencyClaim:
    return IdempotencyClaim(secrets.token_hex(16), "content")


def test_a_second_claim_gets_the_first_one(requests: IdempotencyStore, claim: IdempotencyClaim) -> None:
    assert requests.claim(claim, "first", NOW) is None
    assert requests.claim(claim, "second", NOW) == claim._replace(nonce="first", made_at=NOW)
    assert requests.claim(claim._replace(content="other"), "third", NOW + DAY) == claim._replace(
        nonce="first", made_at=NOW
    )


def test_a_request_may_repeat_its_claim_after_a_lost_response(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    assert requests.claim(claim, "first", NOW) is None
    assert requests.claim(claim, "first", NOW) is None
    assert requests.claim(claim, "second", NOW) == claim._replace(nonce="first", made_at=NOW)


@pytest.mark.parametrize(("later", "is_valid"), [(DAY - 1, True), (DAY, True), (DAY + 1, False)])
def test_a_claim_is_valid_for_a_day_even_before_ttl_deletes_it(
    requests: IdempotencyStore, claim: IdempotencyClaim, later: int, is_valid: bool
) -> None:
    requests.claim(claim, "first", NOW)
    found = requests.claim(claim._replace(content="other"), "second", NOW + later)
    assert found == (claim._replace(nonce="first", made_at=NOW) if is_valid else None)


def test_a_claim_that_replaces_an_expired_one_has_all_its_values(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    requests.claim(claim, "first", NOW)
    requests.claim(claim._replace(content="other"), "second", NOW + DAY + 1)
    assert requests.claim(claim, "third", NOW + 2 * DAY) == IdempotencyClaim(
        claim.key, "other", "second", NOW + DAY + 1
    )


def test_a_released_claim_may_be_made_again(requests: IdempotencyStore, claim: IdempotencyClaim) -> None:
    requests.claim(claim, "first", NOW)
    requests.release(claim, "first")
    assert requests.claim(claim, "second", NOW) is None


def test_a_repeated_release_does_not_release_a_claim_of_another_request(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    """A release is repeated after a lost response. By then, another request may have the key."""
    requests.claim(claim, "first", NOW)
    requests.release(claim, "first")
    requests.claim(claim, "second", NOW)
    requests.release(claim, "first")
    assert requests.claim(claim, "third", NOW) == claim._replace(nonce="second", made_at=NOW)


def test_a_claim_that_does_not_exist_may_be_released(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    requests.release(claim, "first")
    assert requests.claim(claim, "first", NOW) is None


def test_claims_with_different_keys_are_separate(requests: IdempotencyStore, claim: IdempotencyClaim) -> None:
    requests.claim(claim, "first", NOW)
    assert requests.claim(claim._replace(key=claim.key[::-1]), "second", NOW) is None
