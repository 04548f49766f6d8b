"""The suppression list of SES: `status` shows the entry of an address, and `unsuppress` removes it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws
from typer.testing import CliRunner, Result

from passcode.token_service.policy import Policy
from passcode.token_service.store import Failure, Record
from tests.support.dynamodb import item_of
from tools.pool_admin import cli
from tools.pool_admin.exit_codes import DECLINED
from tools.pool_admin.users.commands import UserCommands
from tools.pool_admin.users.counters import CounterTable
from tools.pool_admin.users.suppression import Suppression, SuppressionList

ADDRESS = "ann@people.example"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENTRY = {"SuppressedDestination": {"EmailAddress": ADDRESS, "Reason": "BOUNCE", "LastUpdateTime": AT}}
SHOWN = "the address has been on the suppression list since 2026-01-02 03:04:05 UTC, reason BOUNCE"


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """The client of SES, whose calls must be exactly those of the test."""
    client: Any = boto3.client("sesv2", "eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
    monkeypatch.setattr("tools.pool_admin.context.AwsAccount.client", lambda _aws, _service: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def run(*words: str, typed: str = "", code: int = 0) -> Result:
    done = CliRunner().invoke(cli.app, list(words), input=typed)
    assert done.exit_code == code, done.output
    return done


def test_an_address_is_removed_after_a_confirmation(ses: Stubber) -> None:
    ses.add_response("get_suppressed_destination", ENTRY, {"EmailAddress": ADDRESS})
    ses.add_response("delete_suppressed_destination", {}, {"EmailAddress": ADDRESS})
    shown = " ".join(run("unsuppress", f" {ADDRESS}", typed="y\n").output.split())
    assert SHOWN in shown
    assert "Removed." in shown


def test_nothing_is_removed_without_a_yes(ses: Stubber) -> None:
    for typed, options, code in (("n\n", (), DECLINED), ("", ("--json",), 0)):
        ses.add_response("get_suppressed_destination", ENTRY, {"EmailAddress": ADDRESS})
        done = run("unsuppress", ADDRESS, *options, typed=typed, code=code)
    assert json.loads(done.output)["applied"] is False


def test_an_address_that_is_not_on_the_list_needs_no_confirmation(ses: Stubber) -> None:
    ses.add_client_error("get_suppressed_destination", "NotFoundException")
    assert "not on the suppression list" in " ".join(run("unsuppress", ADDRESS).output.split())
    assert "Give the email address" in run("unsuppress", "+12065550100", code=3).stderr


def test_status_shows_the_entry_and_the_failed_channels(
    ses: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock_aws():
        dynamodb: Any = boto3.client(
            "dynamodb", "eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        dynamodb.create_table(
            TableName="records",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        now = 1_900_000_000
        monkeypatch.setattr("tools.pool_admin.users.commands.time.time", lambda: now)
        suppressed = SuppressionList(cast(Any, ses.client))
        counters = CounterTable(dynamodb, "records", Policy())
        users = UserCommands(
            None, "pool", "salt", counters, ("token",), limits_known=True, suppressed=suppressed
        )
        monkeypatch.setattr(UserCommands, "of", lambda *_options: users)
        subject, _ = users.status(ADDRESS, is_address=True)
        record = Record(
            issued=1,
            sent_to={"email": "e" * 16, "sms": "f" * 16},
            failed={"email": Failure(now - 60, "e" * 16), "sms": Failure(now - 60, "of an old number")},
        )
        dynamodb.put_item(
            TableName="records", Item={"pk": {"S": subject.record_key("token")}} | item_of(record)
        )
        ses.add_response("get_suppressed_destination", ENTRY, {"EmailAddress": ADDRESS})
        shown = " ".join(run("status", ADDRESS, "--address", "--stack", "s").output.split())
        assert SHOWN in shown
        assert "A message by email failed: 2030-03-17 17:45:40 UTC." in shown
        assert "by sms failed" not in shown
        ses.add_response("get_suppressed_destination", ENTRY, {"EmailAddress": ADDRESS})
        facts = json.loads(run("status", ADDRESS, "--address", "--stack", "s", "--json").output)
        assert facts["suppression"] == {"since": int(AT.timestamp()), "reason": "BOUNCE"}
        assert facts["records"][0]["failed_at"] == {"email": now - 60}


def test_status_works_without_the_permission_to_read_the_list(ses: Stubber) -> None:
    suppressed = SuppressionList(cast(Any, ses.client))
    ses.add_client_error("get_suppressed_destination", "AccessDeniedException")
    assert suppressed.find_if_allowed(ADDRESS) is None
    ses.add_response("get_suppressed_destination", ENTRY)
    assert suppressed.find_if_allowed(ADDRESS) == Suppression(int(AT.timestamp()), "BOUNCE")
    ses.add_client_error("get_suppressed_destination", "TooManyRequestsException")
    with pytest.raises(ClientError):
        suppressed.find_if_allowed(ADDRESS)
