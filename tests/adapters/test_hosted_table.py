"""Sign-ins and grants: one contract in memory and in DynamoDB, where they are encrypted."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from passcode.adapters.hosted_table import HostedTable
from passcode.adapters.kms import KmsEncryption
from passcode.hosted.ports import HostedStore
from passcode.hosted.state import (
    AuthorizationRequest,
    Grant,
    Notice,
    SignInPhase,
    SignInState,
    key_of_code,
    key_of_cookie,
)
from passcode.token_service.refusal import Unavailable
from tests.support.dynamodb import made
from tests.support.events import NOW, SUB
from tests.support.hosted_in_memory import BACK, MemoryTable, shown

AWS: dict[str, Any] = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
REQUEST = AuthorizationRequest("cognito", BACK, "the state", "the nonce", "", 3)
STATE = replace(
    SignInState(REQUEST, SignInPhase.CODE, "ann@example.com", "the session " * 900, shown(), Notice.QUOTA),
    retry_after=420,
    expires_at=NOW + 900,
    with_password=True,
)
GRANT = Grant("cognito", BACK, "n", "", "ann@example.com", SUB, NOW, "email", with_password=False)


@pytest.fixture
def table() -> Iterator[HostedTable]:
    with mock_aws():
        dynamodb, kms = boto3.client("dynamodb", **AWS), boto3.client("kms", **AWS)
        key = kms.create_key(KeySpec="SYMMETRIC_DEFAULT")["KeyMetadata"]["KeyId"]
        yield HostedTable(dynamodb, made(dynamodb), KmsEncryption(kms, key))


@pytest.fixture(params=["memory", "moto"])
def sign_ins(request: pytest.FixtureRequest) -> HostedStore:
    found: HostedStore = MemoryTable() if request.param == "memory" else request.getfixturevalue("table")
    return found


def test_a_sign_in_with_a_long_session_is_unchanged_after_writing_and_reading(sign_ins: HostedStore) -> None:
    assert sign_ins.write("cookie", STATE)
    assert sign_ins.read("cookie", NOW) == replace(STATE, version=1)


def test_another_cookie_or_an_expired_sign_in_finds_nothing(sign_ins: HostedStore) -> None:
    sign_ins.write("cookie", STATE)
    assert sign_ins.read("another", NOW) is None
    assert sign_ins.read("cookie", NOW + 900) is None


def test_only_one_of_two_changes_to_a_version_is_accepted(sign_ins: HostedStore) -> None:
    sign_ins.write("cookie", STATE)
    seen = sign_ins.read("cookie", NOW)
    assert seen
    assert sign_ins.increment_version("cookie", seen)
    assert not sign_ins.increment_version("cookie", seen)
    assert not sign_ins.write("cookie", seen)
    assert sign_ins.write("cookie", replace(seen, version=seen.version + 1))


def test_a_new_sign_in_cannot_replace_an_existing_one(sign_ins: HostedStore) -> None:
    sign_ins.write("cookie", STATE)
    assert not sign_ins.write("cookie", STATE)


def test_a_sign_in_that_does_not_exist_cannot_be_changed(sign_ins: HostedStore) -> None:
    assert not sign_ins.increment_version("cookie", STATE)
    assert not sign_ins.write("cookie", replace(STATE, version=1))


def test_a_grant_is_redeemed_once(sign_ins: HostedStore) -> None:
    sign_ins.grant("one", GRANT, NOW)
    assert sign_ins.redeem("one", "use", NOW + 1) == GRANT
    assert sign_ins.redeem("one", "other", NOW + 1) is None
    assert sign_ins.redeem("another", "use", NOW) is None


def test_a_repeated_use_gets_the_grant_for_15_seconds(sign_ins: HostedStore) -> None:
    sign_ins.grant("one", GRANT, NOW)
    at = [50, 51, 64, 65, 66]  # the code expires at 60
    assert [sign_ins.redeem("one", "use", NOW + later) for later in at] == [GRANT] * 4 + [None]
    assert sign_ins.redeem("one", "other", NOW + 52) is None


def test_a_repeated_write_recognises_itself(table: HostedTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client repeats a write after a lost response, with the id of the write."""
    monkeypatch.setattr("passcode.adapters.hosted_table.secrets.token_hex", lambda _: "the id")
    assert [table.write("cookie", STATE) for _ in range(2)] == [True, True]
    written = replace(STATE, version=1)
    assert [table.increment_version("cookie", written) for _ in range(2)] == [True, True]
    found = table.read("cookie", NOW)
    assert found == replace(STATE, version=2)
    monkeypatch.setattr("passcode.adapters.hosted_table.secrets.token_hex", lambda _: "another id")
    assert not table.write("cookie", STATE)
    assert not table.increment_version("cookie", written)


def test_an_authorization_code_expires_after_a_minute_and_a_late_redeem_does_not_use_it(
    sign_ins: HostedStore,
) -> None:
    sign_ins.grant("one", GRANT, NOW)
    # The clocks of two containers differ, so a code may be expired for only one of them.
    assert sign_ins.redeem("one", "use", NOW + 60) is None
    assert sign_ins.redeem("one", "use", NOW + 59) == GRANT


def test_an_authorization_code_keeps_its_first_grant(sign_ins: HostedStore) -> None:
    sign_ins.grant("one", GRANT, NOW)
    sign_ins.grant("one", replace(GRANT, user_name="another user"), NOW)
    assert sign_ins.redeem("one", "use", NOW) == GRANT
    sign_ins.grant("one", GRANT, NOW)
    assert sign_ins.redeem("one", "other", NOW) is None


def test_the_table_contains_no_readable_name_session_code_or_cookie(table: HostedTable) -> None:
    table.write("the cookie", STATE)
    table.grant("the code", GRANT, NOW)
    everything = str(table.client.scan(TableName=table.name)["Items"])
    for secret in ("ann@example.com", "the session", "the code", "the cookie"):
        assert secret not in everything


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        *((name, None) for name in ("kept", "sealed", "expires_at", "version")),
        *(("kept", {"S": text}) for text in ("", "{}", "[]", '{"v":2}')),
        ("sealed", {"L": []}),
    ],
)
def test_a_sign_in_that_another_release_stored_in_an_unknown_form_is_none(
    table: HostedTable, attribute: str, value: dict[str, Any] | None
) -> None:
    table.write("cookie", STATE)
    assert table.read("cookie", NOW)
    change(table, key_of_cookie("cookie"), attribute, value)
    assert table.read("cookie", NOW) is None


@pytest.mark.parametrize("content", ["{}", "[]", '["ann@example.com", "the session"]', '{"v": 2}'])
def test_a_secret_or_a_grant_of_another_version_is_none(table: HostedTable, content: str) -> None:
    table.write("cookie", STATE)
    table.grant("code", GRANT, NOW)
    for key in (key_of_cookie("cookie"), key_of_code("code")):
        sealed = table.encryption.encrypt(content, key)
        change(table, key, "sealed", {"L": [{"B": part} for part in sealed]})
    assert table.read("cookie", NOW) is None
    assert table.redeem("code", "use", NOW) is None


def test_a_grant_without_an_expiry_or_its_content_is_none(table: HostedTable) -> None:
    for code, attribute in (("one", "expires_at"), ("two", "sealed")):
        table.grant(code, GRANT, NOW)
        change(table, key_of_code(code), attribute, None)
        assert table.redeem(code, "use", NOW) is None


def change(table: HostedTable, key: str, attribute: str, value: dict[str, Any] | None) -> None:
    """Replace an attribute of a stored item; None removes it."""
    item = table.client.get_item(TableName=table.name, Key={"pk": {"S": key}})["Item"]
    item.pop(attribute)
    table.client.put_item(TableName=table.name, Item=item | ({attribute: value} if value else {}))


def test_a_value_encrypted_for_one_item_cannot_be_decrypted_for_another(table: HostedTable) -> None:
    sealed = table.encryption.encrypt("the session", "hosted#1")
    with pytest.raises(Unavailable):
        table.encryption.decrypt(sealed, "hosted#2")
