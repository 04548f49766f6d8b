"""The counters of users and addresses, and their keys."""

from typing import Any

import pytest

from passcode.token_service.policy import Policy
from tests.support.account_in_memory import refusal
from tools.pool_admin.errors import AdminError
from tools.pool_admin.users.counter_keys import Purpose, Subject, address_hash, find_sub
from tools.pool_admin.users.counters import CounterTable

SUB = "0d5f6e0a-1111-4222-8333-444455556666"
SALT, ADA = "the-id-of-a-key", "ada@people.example"


class OneItemTable:
    """A table of one item."""

    def __init__(self, item: dict[str, int]) -> None:
        self.item = item

    def get_item(self, **_request: Any) -> dict[str, Any]:
        return {"Item": {name: {"N": str(value)} for name, value in self.item.items()}} if self.item else {}


class EmptyPool:
    """A pool without users."""

    def admin_get_user(self, **_request: Any) -> None:
        raise refusal("UserNotFoundException", "AdminGetUser")


def table(item: dict[str, int], policy: Policy | None = None) -> CounterTable:
    dynamodb: Any = OneItemTable(item)
    return CounterTable(dynamodb, "t", policy or Policy())


def test_the_counters_of_a_user_are_read() -> None:
    now, user = 1_000_000, Subject(Purpose.SIGN_IN, SUB)
    item = {
        "issued": 7,
        "spent": 6,
        "expires_at": now + 60,
        "failures": 12,
        "failed_at": now - 100,
        "sent_at": now - 9,
    }
    state = table(item).state(user, now)
    assert (state.codes_sent, state.open_until, state.wrong_answers) == (7, now + 60, 12)
    assert (state.answer_wait, state.send_wait) == (200, 0)
    used = table(item | {"spent": 7}).state(user, now)
    assert used.open_until == 0
    assert table({}).state(user, now).known is False
    paused = table({"failures": 100}, Policy(pause_seconds=0)).state(user, now)
    assert paused.answer_wait is None


def test_each_purpose_has_a_separate_record() -> None:
    keys = [Subject(purpose, "s").record_key for purpose in Purpose]
    assert keys == ["sign_in#s", "step_up#s", "token#s"]


def test_a_subject_needs_no_stack() -> None:
    assert find_sub(None, "", SUB) == SUB
    assert address_hash("0f" * 16, "") == "0f" * 16


def test_an_unknown_name_is_refused() -> None:
    cognito: Any = EmptyPool()
    with pytest.raises(AdminError, match=r"no user with that sign-in name.* add --purpose token"):
        find_sub(cognito, "pool", ADA)
    with pytest.raises(AdminError, match="With --table, name the address by its subject"):
        address_hash(ADA, "")


@pytest.mark.parametrize("typed", ["ada", SUB, "1 206 555 0100", "+0", "0F" * 16, ""])
def test_text_that_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(AdminError, match="This is not an address") as refused:
        address_hash(typed, SALT)
    assert not typed or f" {typed} " not in str(refused.value)
