"""The three record stores with one contract: in memory, on moto, and on the DynamoDB of the local stack."""

import secrets
from collections.abc import Iterator

import pytest

from tests.support.dynamodb import moto_table
from tests.support.handlers import output
from tests.support.memory_stores import MemoryStore
from tests.support.record_stores import POLICY, StoreUnderTest, table_store

__all__ = ["output"]


@pytest.fixture(scope="module", params=["memory", "moto", "ministack"])
def under_test(request: pytest.FixtureRequest) -> Iterator[StoreUnderTest]:
    if request.param == "memory":
        memory = MemoryStore(POLICY)
        yield StoreUnderTest(memory, memory.records.__setitem__, memory.read_evidence)
    elif request.param == "moto":
        with moto_table() as table:
            yield table_store(*table)
    else:
        stack = request.getfixturevalue("local_stack")
        yield table_store(stack.client("dynamodb"), stack.table)


@pytest.fixture
def key() -> str:
    """A key without a record."""
    return f"sign_in_code#{secrets.token_hex(8)}"
