"""Reading the fields of Cognito's events: present, absent, null, or of another type."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from passcode.sign_in import events

ABSENT: list[dict[str, Any]] = [
    {},
    {"request": None},
    {"request": []},
    {"callerContext": None, "userName": None},
]


@pytest.mark.parametrize(
    ("read", "event", "value"),
    [
        (events.encrypted_code, {"request": {"code": "c2VhbGVk"}}, "c2VhbGVk"),
        (events.sender_type, {"request": {"type": "customSMSSenderRequestV1"}}, "customSMSSenderRequestV1"),
        (events.client_id, {"callerContext": {"clientId": "client"}}, "client"),
        (events.user_name, {"userName": "ada"}, "ada"),
    ],
)
def test_a_missing_text_is_read_as_empty(
    read: Callable[[Mapping[str, Any]], str], event: Mapping[str, Any], value: str
) -> None:
    assert read(event) == value
    null = {key: dict.fromkeys(part) if isinstance(part, dict) else None for key, part in event.items()}
    assert [read(missing) for missing in (*ABSENT, null)] == [""] * 5


def test_an_entry_of_the_history_that_is_not_an_object_becomes_an_empty_one() -> None:
    history = events.history({"request": {"session": ["CUSTOM_CHALLENGE", {"challengeName": "SRP_A"}, None]}})
    assert history == [{}, {"challengeName": "SRP_A"}, {}]


@pytest.mark.parametrize(
    ("name", "result", "proven"),
    [
        ("PASSWORD_VERIFIER", True, True),
        ("PASSWORD_VERIFIER", False, False),
        ("PASSWORD_VERIFIER", "true", False),
        ("SRP_A", True, False),
        ("CUSTOM_CHALLENGE", True, False),
    ],
)
def test_only_a_passed_password_verifier_proves_the_password(name: str, result: object, proven: bool) -> None:
    session = [{"challengeName": name, "challengeResult": result}]
    assert events.password_was_proven({"request": {"session": session}}) is proven


@pytest.mark.parametrize("found", [None, "email", ["email"], 7])
def test_attributes_that_are_not_an_object_are_read_as_empty(found: object) -> None:
    assert events.attributes({"request": {"userAttributes": found}}) == {}
