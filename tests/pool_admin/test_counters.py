"""The records of users and addresses, and their keys."""

from typing import Any

import pytest

from passcode.token_service.policy import Policy, day_of
from passcode.token_service.store import Record
from tests.support.account_in_memory import refusal
from tests.support.dynamodb import item_of
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.errors import AdminError
from tools.pool_admin.users.commands import kinds_in_use
from tools.pool_admin.users.counter_keys import Subject, address_hash, find_sub
from tools.pool_admin.users.counters import CounterTable, RecordState

SUB = "0d5f6e0a-1111-4222-8333-444455556666"
SALT, ADA = "the-id-of-a-key", "ada@people.example"
NOW = 1_900_000_000
DAY = day_of(NOW)
OPEN = Record(
    issued=7,
    spent=6,
    nonce="0" * 32,
    digits=8,
    issued_at=NOW - 40,
    expires_at=NOW + 260,
    channel="email",
    sent_at=NOW - 9,
    spent_at=NOW - 900,
)


class OneItemTable:
    """A table of one item."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item

    def get_item(self, **_asked: Any) -> dict[str, Any]:
        return {"Item": self.item} if self.item else {}


class EmptyPool:
    """A pool without users."""

    def admin_get_user(self, **_request: Any) -> None:
        raise refusal("UserNotFoundException", "AdminGetUser")


def state(record: Record | None, policy: Policy | None = None) -> RecordState:
    dynamodb: Any = OneItemTable(item_of(record) if record else {})
    return CounterTable(dynamodb, "t", policy or Policy()).state(Subject(SUB), "sign_in_code", NOW)


def test_the_counters_of_a_user() -> None:
    found = state(
        OPEN._replace(
            failures=12,
            wrong={DAY: 3, DAY - 1: 9},
            accepted={("email", DAY): 4, ("sms", DAY): 1, ("sms", DAY - 1): 7},
        )
    )
    assert (found.known, found.codes_issued, found.last_accepted_at) == (True, 7, NOW - 900)
    assert (found.last_issued_at, found.last_message_at, found.last_channel) == (NOW - 40, NOW - 9, "email")
    assert (found.open_until, found.open_digits) == (NOW + 260, 8)
    assert (found.wrong_today, found.wrong_in_a_row, found.answers_left) == (3, 12, 7)
    assert found.accepted_today == {"email": 4, "sms": 1}


def test_a_used_or_expired_code_is_not_open() -> None:
    for record in (OPEN._replace(spent=7), OPEN._replace(expires_at=NOW)):
        assert (state(record).open_until, state(record).open_digits) == (0, 0)
    assert state(None).known is False


@pytest.mark.parametrize(
    ("record", "is_long"),
    [
        (OPEN, False),
        (OPEN._replace(wrong={DAY: 4}), False),
        (OPEN._replace(wrong={DAY: 5}), True),
        (OPEN._replace(wrong={DAY - 1: 5}), False),
        (OPEN._replace(failures=99), False),
        (OPEN._replace(failures=100), True),
        (OPEN._replace(digits=20), True),
        (OPEN._replace(digits=20, spent=7), False),
        (OPEN._replace(digits=20, expires_at=NOW), False),
    ],
)
def test_the_length_of_the_next_code(record: Record, is_long: bool) -> None:
    assert state(record).next_is_long is is_long


@pytest.mark.parametrize(
    ("send_tat", "left", "wait"),
    [(0, 5, 0), (NOW, 5, 0), (NOW + 600, 4, 0), (NOW + 2400, 1, 0), (NOW + 2401, 0, 1), (NOW + 3000, 0, 600)],
)
def test_the_messages_that_the_rate_allows(send_tat: int, left: int, wait: int) -> None:
    found = state(OPEN._replace(send_tat=send_tat))
    assert (found.messages_left, found.message_wait) == (left, wait)


def test_each_kind_has_its_own_record() -> None:
    user, address = Subject("s"), Subject("s", is_address=True)
    keys = [each.record_key(kind) for each in (user, address) for kind in each.kinds]
    assert keys == ["sign_in_password#s", "sign_in_code#s", "step_up#s", "token#s"]


@pytest.mark.parametrize(
    ("parameters", "outputs", "inner_client", "kinds"),
    [
        ({"AppClients": "PASSWORD_AND_CODE"}, {}, "", ("sign_in_password",)),
        ({"AppClients": "CODE_ONLY"}, {"CodeOnlyClientId": "c"}, "", ("sign_in_code",)),
        (
            {"AppClients": "BOTH", "TokenService": "ON"},
            {"CodeOnlyClientId": "c"},
            "",
            ("sign_in_password", "sign_in_code", "step_up", "token"),
        ),
        ({"UserPoolId": "p"}, {}, "", ("sign_in_password",)),
        ({"UserPoolId": "p", "CodeOnlyClientIds": "c"}, {}, "", ("sign_in_password", "sign_in_code")),
        (
            {"UserPoolId": "p", "HostedSignInMode": "CODE_ONLY"},
            {},
            "inner",
            ("sign_in_password", "sign_in_code"),
        ),
        (
            {"AppClients": "CODE_ONLY", "HostedSignInMode": "PASSWORD_AND_CODE"},
            {"CodeOnlyClientId": "c"},
            "inner",
            ("sign_in_password", "sign_in_code"),
        ),
    ],
)
def test_the_kinds_that_the_clients_of_a_stack_use(
    parameters: dict[str, str], outputs: dict[str, str], inner_client: str, kinds: tuple[str, ...]
) -> None:
    assert kinds_in_use(DeployedStack("s", parameters, outputs, {}, inner_client=inner_client)) == kinds


def test_a_subject_needs_no_stack() -> None:
    assert find_sub(None, "", SUB) == SUB
    assert address_hash("0f" * 16, "") == "0f" * 16


def test_an_unknown_name_is_refused() -> None:
    cognito: Any = EmptyPool()
    with pytest.raises(AdminError, match=r"no user with that sign-in name.* add --address"):
        find_sub(cognito, "pool", ADA)
    with pytest.raises(AdminError, match="With --table, name the address by its subject"):
        address_hash(ADA, "")


@pytest.mark.parametrize("typed", ["ada", SUB, "1 206 555 0100", "+0", "0F" * 16, ""])
def test_text_that_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(AdminError, match="This is not an address") as refused:
        address_hash(typed, SALT)
    assert not typed or f" {typed} " not in str(refused.value)
