"""The lifetime of a record: on moto and on the DynamoDB of the local stack."""

import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from passcode.adapters.record_table import RecordTable, read_record
from passcode.token_service.policy import DAY, Policy, day_of
from passcode.token_service.store import Attempt, Failure, Record
from tests.support.dynamodb import item_of, made

NOW = 1_800_000_000
OPEN = Record(
    issued=3,
    spent=2,
    nonce="n",
    digits=8,
    expires_at=NOW + 300,
    sent_at=NOW - 60,
    send_tat=NOW - 60,
    channel="email",
    sent_to={"email": "b" * 16},
)


@pytest.fixture(scope="module", params=["moto", "ministack"])
def table(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str]]:
    if request.param == "moto":
        with mock_aws():
            client = boto3.client(
                "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
            )
            yield client, made(client)
    else:
        stack = request.getfixturevalue("local_stack")
        yield stack.client("dynamodb"), stack.table


def test_every_write_sets_the_ttl_of_the_record(table: tuple[Any, str]) -> None:
    """If TTL deletes a record, its counts of wrong answers are lost."""
    client, name = table
    key = f"sign_in_code#{secrets.token_hex(8)}"
    store = RecordTable(client, name, Policy())

    def ttl() -> int:
        return int(client.get_item(TableName=name, Key={"pk": {"S": key}})["Item"]["ttl"]["N"])

    assert store.start_challenge(key, OPEN._replace(nonce="d"), 100, NOW).accepted
    assert ttl() == NOW + 30 * DAY
    client.put_item(TableName=name, Item={"pk": {"S": key}} | item_of(OPEN))
    assert store.replace_challenge(key, OPEN, OPEN, NOW + 1).accepted
    assert ttl() == NOW + 1 + 30 * DAY
    wrong = Attempt(counter=3, nonce="n", id="1", is_short=True, channel="", now=NOW + 2)
    assert store.record_attempt(key, wrong).accepted
    assert ttl() == NOW + 2 + 30 * DAY
    assert store.record_attempt(key, wrong._replace(id="2", is_short=False, now=NOW + 3)).accepted
    assert ttl() == NOW + 3 + 30 * DAY
    right = wrong._replace(channel="sms", client_id="client", now=NOW + 4)
    assert store.record_attempt(key, right).accepted
    assert ttl() == NOW + 4 + 30 * DAY


def test_the_largest_record_costs_one_write_unit() -> None:
    """An item of DynamoDB has the size of its names and values. One WCU pays for 1,024 bytes."""
    channels = ("email", "sms", "voice")
    to = dict.fromkeys(channels, "e" * 16)
    largest = OPEN._replace(
        issued=10**6,
        spent=10**6,
        nonce="n" * 32,
        prev_nonce="p" * 32,
        issue_id="i" * 32,
        refund_id="r" * 32,
        context="c" * 16,
        failures=100,
        failed_id="f" * 16,
        spent_id="s" * 16,
        spent_at=NOW,
        sent_to=to,
        sent_to_before=to,
        wrong={day_of(NOW): 10},
        accepted={(channel, day_of(NOW)): 100 for channel in channels},
        failed=dict.fromkeys(channels, Failure(NOW, "e" * 16)),
    )
    item = item_of(largest) | {"pk": {"S": f"sign_in_password#{'s' * 36}"}, "ttl": {"N": str(NOW)}}
    for name in ("first_" + "c" * 26, "last_" + "c" * 26):
        item[name] = {"S": f"{NOW} email"}
    # A number has a byte for two digits, and one or two more.
    size = sum(
        len(name) + (len(value["S"]) if "S" in value else len(value["N"]) // 2 + 2)
        for name, value in item.items()
    )
    assert size < 1_024


@pytest.mark.parametrize(
    "value",
    [
        {"S": ""},
        {"S": "yesterday"},
        {"S": f"-5 {'e' * 16}"},
        {"S": f"{'9' * 40} {'e' * 16}"},
        {"N": "5"},
        {"N": "1.5"},
        {"B": b"5"},
        {"NULL": True},
        {"M": {"S": {"S": "x"}}},
    ],
    ids=str,
)
def test_no_value_of_a_failure_makes_a_record_unreadable(value: dict[str, Any]) -> None:
    """`delivery_events` may write any value there. An error would keep the user from signing in."""
    record = Record(issued=3, failed_id="f" * 16, failed={"sms": Failure(5, "e" * 16)})
    assert read_record({**item_of(record), "failed_email": value}) == record
