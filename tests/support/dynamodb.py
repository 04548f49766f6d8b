"""Tables in DynamoDB for tests."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from passcode.token_service.store import Record


@contextmanager
def moto_table() -> Iterator[tuple[Any, str]]:
    """A client and the name of an empty table (moto), in this process."""
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        yield client, made(client)


def made(client: Any) -> str:
    """Make an empty table and return its unique name."""
    name = f"records-{secrets.token_hex(8)}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return name


def item_of(record: Record) -> dict[str, dict[str, str]]:
    """A record as the table stores it: unset values are absent, except for the three counters."""
    always = ("issued", "spent", "failures")
    scalars = {name: value for name, value in record._asdict().items() if isinstance(value, int | str)}
    values = {name: value for name, value in scalars.items() if value or name in always}
    values |= {f"to_{channel}": to for channel, to in record.sent_to.items()}
    values |= {f"prev_to_{channel}": to for channel, to in record.sent_to_before.items()}
    values |= {
        f"failed_{channel}": f"{failure.at} {failure.to}" for channel, failure in record.failed.items()
    }
    values |= {f"w{day}": count for day, count in record.wrong.items()}
    values |= {f"ok_{channel}_{day}": count for (channel, day), count in record.accepted.items()}
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in values.items()
    }
