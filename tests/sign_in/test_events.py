"""What the fields of Cognito's events are read as, if they are there, absent, null or of another type."""

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
        (events.sealed_code, {"request": {"code": "c2VhbGVk"}}, "c2VhbGVk"),
        (events.sender_type, {"request": {"type": "customSMSSenderRequestV1"}}, "customSMSSenderRequestV1"),
        (events.client_id, {"callerContext": {"clientId": "client"}}, "client"),
        (events.user_name, {"userName": "ada"}, "ada"),
    ],
)
def test_a_text_is_read_and_is_empty_if_it_is_missing(
    read: Callable[[Mapping[str, Any]], str], event: Mapping[str, Any], value: str
) -> None:
    assert read(event) == value
    null = {key: dict.fromkeys(part) if isinstance(part, dict) else None for key, part in event.items()}
    assert [read(missing) for missing in (*ABSENT, null)] == [""] * 5
