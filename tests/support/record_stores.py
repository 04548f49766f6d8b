"""A record store under test, and a way to fill it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from passcode.adapters.record_table import Table
from tests.support.dynamodb import item_of
from token_service.policy import Policy
from token_service.ports import Store
from token_service.record import Record

POLICY = Policy()


@dataclass
class Kept:
    """A store, and a way to say what stands in it before."""

    store: Store
    put: Callable[[str, Record], None]


def table_store(client: Any, name: str) -> Kept:
    def put(key: str, record: Record) -> None:
        client.put_item(TableName=name, Item={"pk": {"S": key}} | item_of(record))

    return Kept(Table(client, name, POLICY), put)
