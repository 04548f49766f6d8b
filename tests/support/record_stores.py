"""A record store under test, and a function to fill it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from passcode.adapters.record_table import EvidenceTable, RecordTable
from passcode.token_service.policy import Policy
from passcode.token_service.store import Evidence, Record, RecordStore
from tests.support.dynamodb import item_of

POLICY = Policy()


@dataclass
class StoreUnderTest:
    """A store, a function that writes records to it before the test, and the reader of its evidence."""

    store: RecordStore
    put: Callable[[str, Record], None]
    read_evidence: Callable[[str, str, str], tuple[Evidence | None, Evidence | None]]


def table_store(client: Any, name: str) -> StoreUnderTest:
    def put(key: str, record: Record) -> None:
        client.put_item(TableName=name, Item={"pk": {"S": key}} | item_of(record))

    return StoreUnderTest(RecordTable(client, name, POLICY), put, EvidenceTable(client, name).read)
