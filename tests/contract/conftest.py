"""The three stores that must keep one contract: in memory, on moto, on the local stack's DynamoDB."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import boto3
import pytest
from moto import mock_aws

from adapters.table import Table
from tests.fakes import MemoryStore
from token_service.policy import Policy
from token_service.ports import Store
from token_service.record import Record

POLICY = Policy()


@dataclass
class Kept:
    """A store, and a way to say what stands in it before."""

    store: Store
    put: Callable[[str, Record], None]


@pytest.fixture(scope="session", params=["memory", "moto", "ministack"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    if request.param == "memory":
        memory = MemoryStore(POLICY)
        yield Kept(memory, memory.records.__setitem__)
    elif request.param == "moto":
        with moto_table() as table:
            yield _table(*table)
    else:
        stack = request.getfixturevalue("local_stack")
        yield _table(stack.client("dynamodb"), stack.table)


@contextmanager
def moto_table() -> Iterator[tuple[Any, str]]:
    """A client and the name of an empty table, in this process."""
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        yield client, made(client)


def made(client: Any) -> str:
    client.create_table(
        TableName="records",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return "records"


def _table(client: Any, name: str) -> Kept:
    def put(key: str, record: Record) -> None:
        client.put_item(TableName=name, Item={"pk": {"S": key}} | item_of(record))

    return Kept(Table(client, name, POLICY), put)


def item_of(record: Record) -> dict[str, dict[str, str]]:
    """A record as the table holds it: what never happened is absent, but a record has its three counters."""
    always = ("issued", "spent", "failures")
    values = {f.name: getattr(record, f.name) for f in fields(record)}
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)}
        for name, value in values.items()
        if value or name in always
    }


@pytest.fixture
def key() -> str:
    """A key that nothing stands under."""
    return f"sign_in#{secrets.token_hex(8)}"
