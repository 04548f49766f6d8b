"""Whose counters: users and addresses by name and by what the logs call them, and how they stand."""

from typing import Any

import pytest

from passcode.token_service.policy import Policy
from tests.support.pool_admin_world import refusal
from tools.pool_admin.errors import AdminError
from tools.pool_admin.users.counter_keys import Purpose, Subject, hash_of, sub_of
from tools.pool_admin.users.counters import Counters

SUB = "0d5f6e0a-1111-4222-8333-444455556666"
SALT, ADA = "the-id-of-a-key", "ada@people.example"


class Items:
    """A table of one item."""

    def __init__(self, item: dict[str, int]) -> None:
        self.item = item

    def get_item(self, **_asked: Any) -> dict[str, Any]:
        return {"Item": {name: {"N": str(value)} for name, value in self.item.items()}} if self.item else {}


class Nobody:
    """A pool without users."""

    def admin_get_user(self, **_asked: Any) -> None:
        raise refusal("UserNotFoundException", "AdminGetUser")


def test_how_a_user_stands() -> None:
    now, user = 1_000_000, Subject(Purpose.SIGN_IN, SUB)
    item = {
        "issued": 7,
        "spent": 6,
        "expires_at": now + 60,
        "failures": 12,
        "failed_at": now - 100,
        "sent_at": now - 9,
    }
    standing = Counters(Items(item), "t", Policy()).standing(user, now)
    assert (standing.codes_sent, standing.open_until, standing.wrong_answers) == (7, now + 60, 12)
    assert (standing.answer_wait, standing.send_wait) == (200, 0)
    used = Counters(Items(item | {"spent": 7}), "t", Policy()).standing(user, now)
    assert used.open_until == 0
    assert Counters(Items({}), "t", Policy()).standing(user, now).known is False
    paused = Counters(Items({"failures": 100}), "t", Policy(pause_seconds=0)).standing(user, now)
    assert paused.answer_wait is None


def test_each_purpose_has_a_record_of_its_own() -> None:
    keys = [Subject(purpose, "s").key for purpose in Purpose]
    assert keys == ["sign_in#s", "step_up#s", "token#s"]


def test_a_subject_needs_no_stack() -> None:
    assert sub_of(None, "", SUB) == SUB
    assert hash_of("0f" * 16, "") == "0f" * 16


def test_a_name_that_is_nobodys() -> None:
    with pytest.raises(AdminError, match=r"no user who signs in .* add --purpose token"):
        sub_of(Nobody(), "pool", ADA)
    with pytest.raises(AdminError, match="With --table an address is named by its subject"):
        hash_of(ADA, "")


@pytest.mark.parametrize("typed", ["ada", SUB, "1 206 555 0100", "+0", "0F" * 16, ""])
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(AdminError, match="That is no address") as refused:
        hash_of(typed, SALT)
    assert not typed or f" {typed} " not in str(refused.value)
