"""Sign-ins and grants in DynamoDB, on moto with its KMS: kept, sealed, taken once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from adapters.hosted_table import HostedTable
from adapters.sealer import Sealer
from tests.contract.conftest import made
from tests.doors.kit import NOW
from tests.hosted.world import BACK, shown
from token_service.hosted_state import CODE_LIFE, AuthRequest, Grant, Notice, SignInState, Stage
from token_service.refusal import Unavailable

PLACE: dict[str, Any] = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
REQUEST = AuthRequest("cognito", BACK, "the state", "the nonce", "")
STATE = SignInState(
    REQUEST, Stage.CODE, "ann@example.com", "the session " * 900, shown(), Notice.WAIT, 7, NOW + 900
)
GRANT = Grant("cognito", BACK, "n", "", "ann@example.com", NOW, "email", with_password=False)


@pytest.fixture
def table() -> Iterator[HostedTable]:
    with mock_aws():
        dynamodb, kms = boto3.client("dynamodb", **PLACE), boto3.client("kms", **PLACE)
        key = kms.create_key(KeySpec="SYMMETRIC_DEFAULT")["KeyMetadata"]["KeyId"]
        yield HostedTable(dynamodb, made(dynamodb), Sealer(kms, key))


def test_a_sign_in_comes_back_as_it_was_however_long_its_session(table: HostedTable) -> None:
    assert table.write("cookie", STATE)
    assert table.read("cookie", NOW) == replace(STATE, version=1)


def test_there_is_no_sign_in_of_another_cookie_or_after_its_time(table: HostedTable) -> None:
    table.write("cookie", STATE)
    assert table.read("another", NOW) is None
    assert table.read("cookie", NOW + 900) is None


def test_of_two_changes_of_one_version_one_is_kept(table: HostedTable) -> None:
    table.write("cookie", STATE)
    seen = table.read("cookie", NOW)
    assert seen
    assert table.take("cookie", seen)
    assert not table.take("cookie", seen)
    assert not table.write("cookie", seen)
    assert table.write("cookie", replace(seen, version=seen.version + 1))


def test_nobody_begins_over_a_sign_in_that_is_there(table: HostedTable) -> None:
    table.write("cookie", STATE)
    assert not table.write("cookie", STATE)


def test_a_grant_is_given_once_and_in_time(table: HostedTable) -> None:
    table.grant("one", GRANT, NOW)
    table.grant("two", GRANT, NOW)
    assert table.redeem("one", NOW + 1) == GRANT
    assert table.redeem("one", NOW + 1) is None
    assert table.redeem("two", NOW + CODE_LIFE) is None
    assert table.redeem("three", NOW) is None


def test_who_reads_the_table_finds_neither_name_nor_session_nor_code_nor_cookie(table: HostedTable) -> None:
    table.write("the cookie", STATE)
    table.grant("the code", GRANT, NOW)
    everything = str(table.client.scan(TableName=table.name)["Items"])
    for secret in ("ann@example.com", "the session", "the code", "the cookie"):
        assert secret not in everything


def test_what_was_sealed_for_one_item_does_not_open_for_another(table: HostedTable) -> None:
    sealed = table.sealer.seal("the session", "hosted#1")
    with pytest.raises(Unavailable):
        table.sealer.open(sealed, "hosted#2")
