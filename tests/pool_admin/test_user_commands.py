"""status and reset, on the records that the Lambda functions write."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from passcode.adapters.record_table import EvidenceTable, RecordTable
from passcode.channels.channel import Destination
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS
from passcode.confirmation.create import CodeRequest, CodeRequests
from passcode.confirmation.recipient import of_address, of_user
from passcode.delivery.notices import Notices
from passcode.token_service.challenge import (
    SIGN_IN_CODE,
    SIGN_IN_PASSWORD,
    STEP_UP,
    TOKEN,
    Challenge,
    derive_code,
)
from passcode.token_service.check import Verdict, check
from passcode.token_service.issue import IssueRequest, issue
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.memory_stores import MemoryIdempotencyStore, code_mac
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY
from tools.pool_admin import cli
from tools.pool_admin.exit_codes import DECLINED
from tools.pool_admin.users.commands import UserCommands
from tools.pool_admin.users.counter_keys import Subject, address_hash
from tools.pool_admin.users.counters import CounterTable

SUB = "0d5f6e0a-1111-4222-8333-444455556666"
SALT, NOW = "the-id-of-a-key", 1_900_000_000
ADA, NUMBER = "Ada+1@people.example", "+12065550100"
CALLER, WEB = "arn:aws:sts::123456789012:assumed-role/operator/ada", "web"
POLICY, TO = Policy(), "ab" * 16
USED = (SIGN_IN_PASSWORD, STEP_UP, TOKEN)


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
def users(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> UserCommands:
    found = UserCommands(
        None, "pool", SALT, CounterTable(dynamodb, "records", POLICY), USED, limits_known=True
    )
    monkeypatch.setattr(UserCommands, "of", lambda *_options: found)
    monkeypatch.setattr(cli, "caller_arn", lambda _aws: CALLER)
    monkeypatch.setattr("tools.pool_admin.users.commands.time.time", lambda: NOW)
    return found


def run(*words: str, typed: str = "", code: int = 0) -> Result:
    done = CliRunner().invoke(cli.app, [*words, "--stack", "s"], input=typed)
    assert done.exit_code == code, done.output
    return done


def _read(address: str) -> Destination:
    destination = (SMS if address.startswith("+") else EMAIL).destination(address)
    assert destination
    return destination


def _confirmation(dynamodb: Any, address: str, sub: str = "") -> Challenge:
    """A code as /createToken issues it, or with a `sub` as /step-up does."""
    attributes = {"sub": sub, "email": address, "email_verified": "true"}
    recipient = (
        of_user(attributes, tuple(CHANNELS.values()), SALT)
        if sub
        else of_address(_read(address), tuple(CHANNELS.values()), "", SALT)
    )
    table = RecordTable(dynamodb, "records", POLICY)
    confirmations = CodeRequests(
        table,
        MemoryIdempotencyStore(),
        put=lambda _delivery: None,
        notices=Notices(lambda _notice: None, DISCARDED_TELEMETRY),
        policy=POLICY,
    )
    return confirmations.send_code(recipient, CodeRequest("", "pay", "shop"), "0" * 32, NOW, None).challenge


def _sign_in(dynamodb: Any, kind: str, at: int = NOW, turn: int = 1) -> Challenge:
    ask = IssueRequest(kind, SUB, "email", {"email": TO}, False, f"{turn:032x}", at)
    return issue(ask, RecordTable(dynamodb, "records", POLICY), POLICY).challenge


def _answer(dynamodb: Any, challenge: Challenge, answer: str, turn: int = 0) -> Verdict:
    table = RecordTable(dynamodb, "records", POLICY)
    return check(
        challenge,
        answer,
        round_id=f"{turn:016x}",
        destinations={"email": TO},
        code_mac=code_mac,
        store=table,
        policy=POLICY,
        now=NOW,
        client_id=WEB,
    )


def _right(challenge: Challenge) -> str:
    return derive_code(code_mac(challenge.mac_message()), "email", TO, challenge.digits).reveal()


def _wrong(challenge: Challenge) -> str:
    right = _right(challenge)
    return right[:-1] + str((int(right[-1]) + 1) % 10)


def _guess(dynamodb: Any, challenge: Challenge, times: int) -> list[Refusal | None]:
    return [_answer(dynamodb, challenge, _wrong(challenge), turn).refusal for turn in range(times)]


@pytest.mark.parametrize(("address", "named"), [(ADA, ADA), (ADA, "ada@PEOPLE.example"), (NUMBER, NUMBER)])
def test_the_record_of_an_address_is_reset(
    dynamodb: Any, users: UserCommands, address: str, named: str
) -> None:
    challenge = _confirmation(dynamodb, address)
    assert _guess(dynamodb, challenge, 11) == [Refusal.WRONG] * 10 + [Refusal.LONGER_CODE]
    subject, (state,) = users.status(named, is_address=True)
    assert subject == Subject(challenge.subject, is_address=True)
    assert (state.codes_issued, state.wrong_today, state.answers_left) == (1, 10, 0)
    assert state.next_is_long
    users.reset(users.plan_reset(named, CALLER, is_address=True))
    _, (state,) = users.status(named, is_address=True)
    assert (state.known, state.wrong_today, state.next_is_long) == (False, 0, False)


def test_a_reset_makes_the_codes_of_each_kind_short_again(dynamodb: Any, users: UserCommands) -> None:
    for kind in (SIGN_IN_PASSWORD, SIGN_IN_CODE):
        _guess(dynamodb, _sign_in(dynamodb, kind), 5)
    _guess(dynamodb, _confirmation(dynamodb, ADA, SUB), 5)
    said = run("reset", SUB, "--yes").output
    for kind in (SIGN_IN_PASSWORD, SIGN_IN_CODE, STEP_UP):
        assert f"{kind} (1 code, 5 wrong answers today, 5 in a row)" in said
        assert users.counters.state(Subject(SUB), kind, NOW).known is False
    assert [_sign_in(dynamodb, kind, turn=2).digits for kind in (SIGN_IN_PASSWORD, SIGN_IN_CODE)] == [6, 8]


def test_a_used_code_stays_used_and_the_evidence_stays(dynamodb: Any, users: UserCommands) -> None:
    used = _sign_in(dynamodb, SIGN_IN_PASSWORD)
    assert _answer(dynamodb, used, _right(used)).accepted
    evidence = EvidenceTable(dynamodb, "records").read(SIGN_IN_PASSWORD, SUB, WEB)
    run("reset", SUB, "--yes")
    assert _answer(dynamodb, used, _right(used), turn=1).refusal is Refusal.NO_CHALLENGE
    newer = _sign_in(dynamodb, SIGN_IN_PASSWORD, turn=2)
    assert (newer.counter, newer.nonce) == (1, f"{2:032x}")
    assert _answer(dynamodb, used, _right(used), turn=1).refusal is Refusal.NO_CHALLENGE
    assert _answer(dynamodb, newer, _right(newer), turn=2).accepted
    assert None not in evidence
    # Otherwise, the tokens of a stolen refresh token would look as fresh as the newer sign-in.
    assert EvidenceTable(dynamodb, "records").read(SIGN_IN_PASSWORD, SUB, WEB)[0] == evidence[0]


def test_an_open_code_ends_with_a_reset_and_the_plan_says_so(dynamodb: Any, users: UserCommands) -> None:
    challenge = _sign_in(dynamodb, SIGN_IN_PASSWORD)
    assert "An open code ends. The user has to request a new one." in run("reset", SUB, "--yes").output
    assert _answer(dynamodb, challenge, _right(challenge)).refusal is Refusal.NO_CHALLENGE


def test_a_reset_asks_and_a_no_changes_nothing(dynamodb: Any, users: UserCommands) -> None:
    _guess(dynamodb, _sign_in(dynamodb, SIGN_IN_PASSWORD), 2)
    said = run("reset", SUB, typed="n\n", code=DECLINED).output
    assert "Clear the record sign_in_password: 1 code, 2 wrong answers today, 2 in a row" in said
    assert said.rstrip().endswith("Nothing was changed.")
    assert json.loads(run("reset", SUB, "--json").stdout)["applied"] is False
    assert users.counters.state(Subject(SUB), SIGN_IN_PASSWORD, NOW).wrong_today == 2
    said = run("reset", SUB, typed="y\n").output
    assert f"UTC: {CALLER} cleared the records of user {SUB}: sign_in_password (1 code" in said


def test_a_script_gets_the_audit_of_a_reset(dynamodb: Any, users: UserCommands) -> None:
    _guess(dynamodb, _sign_in(dynamodb, SIGN_IN_PASSWORD), 2)
    done = json.loads(run("reset", SUB, "--json", "--yes").stdout)
    assert done.pop("at") > 0
    assert done == {
        "subject": SUB,
        "recipient": "user",
        "caller": CALLER,
        "applied": True,
        "records": [
            {"kind": SIGN_IN_PASSWORD, "codes_issued": 1, "wrong_today": 2, "wrong_in_a_row": 2},
        ],
    }
    again = json.loads(run("reset", SUB, "--json", "--yes").stdout)
    assert (again["applied"], again["records"]) == (False, [])
    assert "This user has no record. Nothing to reset." in run("reset", SUB).output


def test_the_status_has_the_kinds_in_use_and_each_kind_with_a_record(
    dynamodb: Any, users: UserCommands
) -> None:
    assert "No record: sign_in_password, step_up." in run("status", SUB).output
    challenge = _sign_in(dynamodb, SIGN_IN_CODE)
    _answer(dynamodb, challenge, _right(challenge))
    _guess(dynamodb, _sign_in(dynamodb, SIGN_IN_PASSWORD), 5)
    said = run("status", SUB).output
    for line in (
        "sign_in_code",
        "Codes: 1 issued. Last issued: 2030-03-17 17:46:40 UTC.",
        "Last accepted: 2030-03-17 17:46:40 UTC.",
        "Last message: 2030-03-17 17:46:40 UTC, by email.",
        "Accepted today: 1 by email.",
        "The next code is short. Wrong answers to short codes left today: 10.",
        "Messages left: 5.",
        "Wrong answers: 5 today, 5 in a row.",
        "The open code has 6 digits. It expires at 2030-03-17 17:51:40 UTC.",
        "The next code is long (20 digits). Wrong answers to short codes left today: 5.",
        "Messages left: 4.",
        "No record: step_up.",
    ):
        assert line in [each.strip() for each in said.splitlines()]
    found = json.loads(run("status", SUB, "--json").stdout)
    assert [state["kind"] for state in found["records"]] == [SIGN_IN_PASSWORD, SIGN_IN_CODE, STEP_UP]
    assert [state["next_is_long"] for state in found["records"]] == [True, False, False]


def test_the_wait_for_the_next_message(dynamodb: Any, users: UserCommands) -> None:
    for turn in range(5):
        _sign_in(dynamodb, SIGN_IN_PASSWORD, at=NOW - 200 + 40 * turn, turn=turn + 1)
    assert "Messages left: 0. The next one is allowed in 400 seconds." in run("status", SUB).output


def test_without_a_stack_the_values_of_its_limits_are_left_out(
    dynamodb: Any, users: UserCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_table = UserCommands(None, "", "", users.counters, USED, limits_known=False)
    monkeypatch.setattr(UserCommands, "of", lambda *_options: of_table)
    _sign_in(dynamodb, SIGN_IN_PASSWORD)
    assert "left" not in run("status", SUB).output
    (state, *_) = json.loads(run("status", SUB, "--json").stdout)["records"]
    assert not {"next_is_long", "messages_left", "message_wait", "answers_left"} & state.keys()
    assert state["codes_issued"] == 1


@pytest.mark.parametrize("command", [("status",), ("reset", "--yes")])
@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("known", [True, False])
def test_no_address_is_printed(
    dynamodb: Any, users: UserCommands, command: tuple[str, ...], form: tuple[str, ...], known: bool
) -> None:
    if known:
        _confirmation(dynamodb, ADA)
    said = run(*command, ADA, "--address", *form).output
    assert not any(part in said.lower() for part in ("ada+1", "people.example"))
    if form:
        assert f'"subject": "{address_hash(ADA, SALT)}", "recipient": "address"' in said


def test_status_shows_a_verified_address_that_gets_no_code(
    users: UserCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = {
        "sub": SUB,
        "email": "änn@people.example",
        "email_verified": "true",
        "phone_number": "+447400123456",
        "phone_number_verified": "true",
    }
    pool = RecordingClient(
        {"admin_get_user": {"UserAttributes": [{"Name": n, "Value": v} for n, v in listed.items()]}}
    )
    found = replace(users, cognito=cast(Any, pool), channels=tuple(CHANNELS.values()), countries=("US",))
    monkeypatch.setattr(UserCommands, "of", lambda *_options: found)
    shown = " ".join(run("status", SUB).output.split())
    assert "No code by email (not_ascii): It has letters outside ASCII before the @" in shown
    assert "No code by sms (country): SmsCountries does not have the country of the number." in shown
    assert "people.example" not in shown
    as_json = json.loads(run("status", SUB, "--json").output)
    assert as_json["unusable_addresses"] == {"email": "not_ascii", "sms": "country"}
    assert found.unusable("ann@people.example", is_address=True) == {}
    deleted = RecordingClient(admin_get_user=refused_by_aws("UserNotFoundException"))
    gone = replace(found, cognito=cast(Any, deleted))
    assert gone.unusable(SUB, is_address=False) == {}
