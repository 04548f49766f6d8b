"""status and unlock, on the counters that the Lambda functions write."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from passcode.adapters.record_table import RecordTable
from passcode.channels.channel import Destination
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS
from passcode.confirmation.create import CodeRequest, CodeRequests
from passcode.confirmation.recipient import of_address, of_user
from passcode.token_service.challenge import Challenge
from passcode.token_service.check import check
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal
from tests.support.memory_stores import MemoryIdempotencyStore, code_mac
from tools.pool_admin.cli import app
from tools.pool_admin.users.commands import UserCommands
from tools.pool_admin.users.counter_keys import Purpose, Subject, address_hash
from tools.pool_admin.users.counters import CounterTable

SUB = "0d5f6e0a-1111-4222-8333-444455556666"
SALT, NOW, NONCE = "the-id-of-a-key", 1_900_000_000, "0" * 32
ADA, NUMBER = "Ada+1@people.example", "+12065550100"
POLICY = Policy(free_failures=3)


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", "eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_table(
            TableName="records",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        yield client


@pytest.fixture
def users(dynamodb: Any) -> UserCommands:
    return UserCommands(None, "pool", SALT, CounterTable(dynamodb, "records", POLICY), limits_known=True)


def _read(address: str) -> Destination:
    destination = (SMS if address.startswith("+") else EMAIL).destination(address)
    assert destination
    return destination


def _issue(dynamodb: Any, address: str, sub: str = "") -> Challenge:
    """A code as /createToken issues it, or with a `sub` as /step-up does."""
    attributes = {"sub": sub, "email": address, "email_verified": "true"}
    recipient = (
        of_user(attributes, tuple(CHANNELS.values()), SALT) if sub else of_address(_read(address), "", SALT)
    )
    table = RecordTable(dynamodb, "records", POLICY)
    confirmations = CodeRequests(table, MemoryIdempotencyStore(), lambda _delivery: None, POLICY)
    return confirmations.send_code(recipient, CodeRequest("", "pay", "shop"), NONCE, NOW, None).challenge


def _verify(dynamodb: Any, challenge: Challenge) -> Refusal | None:
    table = RecordTable(dynamodb, "records", POLICY)
    return check(challenge, "000000", code_mac=code_mac, store=table, policy=POLICY, now=NOW).refusal


@pytest.mark.parametrize(
    ("purpose", "address", "sub", "named"),
    [
        (Purpose.TOKEN, ADA, "", ADA),
        (Purpose.TOKEN, ADA, "", "ada@PEOPLE.example"),
        (Purpose.TOKEN, NUMBER, "", NUMBER),
        (Purpose.STEP_UP, ADA, SUB, SUB),
    ],
)
def test_a_locked_user_or_address_is_unlocked(
    dynamodb: Any, users: UserCommands, purpose: Purpose, address: str, sub: str, named: str
) -> None:
    challenge = _issue(dynamodb, address, sub)
    found = [_verify(dynamodb, challenge) for _ in range(4)]
    assert found == [Refusal.WRONG] * 3 + [Refusal.LOCKED]
    state = users.status(named, purpose)
    assert (state.codes_sent, state.wrong_answers, bool(state.answer_wait)) == (1, 3, True)
    assert users.unlock(named, purpose) == (Subject(purpose, challenge.subject), True)
    assert users.status(named, purpose).wrong_answers == 0
    assert _verify(dynamodb, challenge) is Refusal.WRONG


def test_each_purpose_is_unlocked_separately(dynamodb: Any, users: UserCommands) -> None:
    challenge = _issue(dynamodb, ADA, SUB)
    _verify(dynamodb, challenge)
    assert users.unlock(SUB, Purpose.SIGN_IN) == (Subject(Purpose.SIGN_IN, SUB), False)
    assert users.unlock(ADA, Purpose.TOKEN)[1] is False
    assert users.status(SUB, Purpose.STEP_UP).wrong_answers == 1


@pytest.mark.parametrize("command", ["status", "unlock"])
@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("known", [True, False])
def test_no_address_is_printed(
    dynamodb: Any,
    users: UserCommands,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    form: tuple[str, ...],
    known: bool,
) -> None:
    monkeypatch.setattr(UserCommands, "of", lambda *_options: users)
    if known:
        _issue(dynamodb, ADA)
    done = CliRunner().invoke(app, [command, ADA, "--stack", "s", "--purpose", "token", *form])
    assert done.exit_code == 0
    assert not any(part in done.output.lower() for part in ("ada", "people.example"))
    if form:
        assert f'"subject": "{address_hash(ADA, SALT)}", "purpose": "token"' in done.output
    else:
        assert ("This address has no counters for token codes" in done.output) is not known
