"""What every keeper of Idempotency-Keys promises: in memory, on moto and on the local stack's DynamoDB."""

import secrets
from collections.abc import Iterator
from dataclasses import replace

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


def test_a_claim_is_made_once_and_the_next_one_finds_it(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    assert requests.claim(claim, "first", NOW) is None
    assert requests.claim(claim, "second", NOW) == replace(claim, nonce="first")
    assert requests.claim(replace(claim, content="other"), "third", NOW + DAY) == replace(
        claim, nonce="first"
    )


def test_a_claim_repeated_after_a_lost_answer_is_still_ones_own(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    assert requests.claim(claim, "first", NOW) is None
    assert requests.claim(claim, "first", NOW) is None
    assert requests.claim(claim, "second", NOW) == replace(claim, nonce="first")


@pytest.mark.parametrize(("later", "stands"), [(DAY - 1, True), (DAY, True), (DAY + 1, False)])
def test_a_claim_stands_for_a_day_whether_or_not_it_was_swept(
    requests: IdempotencyStore, claim: IdempotencyClaim, later: int, stands: bool
) -> None:
    requests.claim(claim, "first", NOW)
    found = requests.claim(replace(claim, content="other"), "second", NOW + later)
    assert found == (replace(claim, nonce="first") if stands else None)


def test_a_claim_that_took_the_place_of_an_old_one_is_whole(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    requests.claim(claim, "first", NOW)
    requests.claim(replace(claim, content="other"), "second", NOW + DAY + 1)
    assert requests.claim(claim, "third", NOW + 2 * DAY) == IdempotencyClaim(claim.key, "other", "second")


def test_a_claim_that_was_given_back_may_be_made_again(
    requests: IdempotencyStore, claim: IdempotencyClaim
) -> None:
    requests.claim(claim, "first", NOW)
    requests.release(claim, "first")
    assert requests.claim(claim, "second", NOW) is None


def test_nobody_elses_claim_is_given_back(requests: IdempotencyStore, claim: IdempotencyClaim) -> None:
    """A giving back whose answer was lost is repeated, and the key may be another request's by then."""
    requests.claim(claim, "first", NOW)
    requests.release(claim, "first")
    requests.claim(claim, "second", NOW)
    requests.release(claim, "first")
    assert requests.claim(claim, "third", NOW) == replace(claim, nonce="second")


def test_what_is_not_there_may_be_given_back(requests: IdempotencyStore, claim: IdempotencyClaim) -> None:
    requests.release(claim, "first")
    assert requests.claim(claim, "first", NOW) is None


def test_one_claim_is_not_another(requests: IdempotencyStore, claim: IdempotencyClaim) -> None:
    requests.claim(claim, "first", NOW)
    assert requests.claim(replace(claim, key=claim.key[::-1]), "second", NOW) is None
