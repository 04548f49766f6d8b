"""The claims of notices with one contract, in memory and in a table, and the time of a newer message."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from passcode.adapters.delivery_table import DeliveryTable
from passcode.channels.channel import Destination
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.delivery.dispatcher import NoticeClaims
from passcode.delivery.envelope import ChangeNotice
from passcode.token_service.policy import DAY
from passcode.token_service.store import Record
from tests.support.dynamodb import item_of, moto_table
from tests.support.memory_counters import MemoryNoticeClaims

NOW = 1_800_000_000


@pytest.fixture(scope="module", params=["moto", "ministack"])
def table(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str]]:
    if request.param == "moto":
        with moto_table() as table:
            yield table
    else:
        stack = request.getfixturevalue("local_stack")
        yield stack.client("dynamodb"), stack.table


@pytest.fixture(scope="module", params=["memory", "moto", "ministack"])
def claims(request: pytest.FixtureRequest) -> Iterator[NoticeClaims]:
    if request.param == "memory":
        yield MemoryNoticeClaims()
    elif request.param == "moto":
        with moto_table() as table:
            yield DeliveryTable(*table)
    else:
        stack = request.getfixturevalue("local_stack")
        yield DeliveryTable(stack.client("dynamodb"), stack.table)


@pytest.fixture
def notice() -> ChangeNotice:
    """A notice for a new user."""
    to = (Destination(SMS, "+12025550147"),)
    return ChangeNotice(EMAIL, to, "", secrets.token_hex(16), "a" * 32, "1" * 16)


def test_a_change_is_claimed_by_one_challenge(claims: NoticeClaims, notice: ChangeNotice) -> None:
    assert claims.claim(notice, NOW)
    assert not claims.claim(notice._replace(nonce="b" * 32), NOW + 1)


def test_the_same_challenge_may_claim_again(claims: NoticeClaims, notice: ChangeNotice) -> None:
    for later in range(3):
        assert claims.claim(notice, NOW + later)


def test_another_change_is_claimed_again(claims: NoticeClaims, notice: ChangeNotice) -> None:
    other, back = (notice._replace(nonce=each * 32, address_id=to * 16) for each, to in ("b2", "c1"))
    assert [claims.claim(each, NOW) for each in (notice, other, back)] == [True] * 3
    assert not claims.claim(back._replace(nonce="d" * 32), NOW)


def test_channels_and_users_have_separate_claims(claims: NoticeClaims, notice: ChangeNotice) -> None:
    others = [notice._replace(nonce="b" * 32, channel=SMS), notice._replace(nonce="c" * 32, subject="other")]
    assert claims.claim(notice, NOW)
    assert [claims.claim(each, NOW) for each in others] == [True, True]


def test_a_claim_is_kept_longer_than_a_record(table: tuple[Any, str], notice: ChangeNotice) -> None:
    DeliveryTable(*table).claim(notice, NOW)
    client, name = table
    item = client.get_item(TableName=name, Key={"pk": {"S": f"notice#{notice.subject}"}})["Item"]
    del item["pk"]
    assert item == {
        "email": {"S": "1" * 16},
        "email_by": {"S": "a" * 32},
        "ttl": {"N": str(NOW + 40 * DAY)},
    }


def test_the_time_of_the_newest_message_is_read(table: tuple[Any, str]) -> None:
    client, name = table
    key = f"token#{secrets.token_hex(16)}"
    assert DeliveryTable(client, name).newest_sent_at(key) == 0
    client.put_item(TableName=name, Item={"pk": {"S": key}, **item_of(Record(issued=1, sent_at=NOW))})
    assert DeliveryTable(client, name).newest_sent_at(key) == NOW
