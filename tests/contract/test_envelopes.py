"""Recorded messages between functions, read with an additional and with a missing field.

`envelopes/` has one message of each kind. During a deployment the functions of two releases run side by side,
so each reader must accept the messages of the other release.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from passcode.cognito_messages.message import CognitoMessage
from passcode.delivery.envelope import Delivery
from passcode.sign_in.steps import decode_metadata, encode_metadata
from passcode.token_service.challenge import Challenge
from tests.support import handlers

unpack = handlers.deliver.unpack  # type: ignore[attr-defined]
RECORDED = Path(__file__).with_name("envelopes")
Json = dict[str, Any]


def recorded(name: str) -> str:
    """Return a message as a function wrote it."""
    return (RECORDED / name).read_text().rstrip("\n")


def without(name: str, field: str) -> str:
    """Return a recorded message without one of its fields."""
    return changed(name, lambda fields: fields.pop(field))


def changed(name: str, change: Callable[[Json], object]) -> str:
    """Return a recorded message with changed fields."""
    fields: Json = json.loads(recorded(name))
    change(fields)
    return json.dumps(fields)


Body = type[Delivery | CognitoMessage]
BODIES: dict[str, Body] = {"queue_code.json": Delivery, "queue_cognito.json": CognitoMessage}
OPTIONAL = {
    "queue_code.json": {"locale"},
    "queue_cognito.json": {"locale", "subject", "name"},
    "challenge.json": {"issued_at", "channel", "bound", "decoy"},
}


@pytest.mark.parametrize(("name", "kind"), BODIES.items())
def test_a_queue_body_is_unchanged_after_reading_and_writing(name: str, kind: Body) -> None:
    message = unpack(recorded(name))
    assert isinstance(message, kind)
    assert json.loads(message.pack()) == json.loads(recorded(name))


@pytest.mark.parametrize("name", BODIES)
def test_an_additional_field_of_a_queue_body_is_ignored(name: str) -> None:
    later = changed(
        name, lambda fields: fields.update(priority=1, to=[to | {"since": 1} for to in fields["to"]])
    )
    assert unpack(later) == unpack(recorded(name))


@pytest.mark.parametrize("name", BODIES)
def test_only_optional_fields_of_a_queue_body_may_be_missing(name: str) -> None:
    for field in json.loads(recorded(name)):
        earlier = without(name, field)
        if field in OPTIONAL[name]:
            assert getattr(unpack(earlier), field) == ""
        else:
            with pytest.raises((ValueError, KeyError, TypeError)):
                unpack(earlier)


@pytest.mark.parametrize("name", BODIES)
def test_a_queue_body_of_another_version_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="another version"):
        unpack(changed(name, lambda fields: fields.update(v=2)))


def test_a_challenge_is_unchanged_after_reading_and_writing() -> None:
    assert Challenge.unpack(recorded("challenge.json")).pack() == recorded("challenge.json")


def test_an_additional_field_of_a_challenge_is_ignored() -> None:
    later = changed("challenge.json", lambda fields: fields.update(v=2, digits=20))
    assert Challenge.unpack(later) == Challenge.unpack(recorded("challenge.json"))


def test_only_optional_fields_of_a_challenge_may_be_missing() -> None:
    for field in json.loads(recorded("challenge.json")):
        earlier = without("challenge.json", field)
        if field in OPTIONAL["challenge.json"]:
            assert not getattr(Challenge.unpack(earlier), field)
        else:
            with pytest.raises(ValueError, match="challenge"):
                Challenge.unpack(earlier)


def test_round_metadata_is_unchanged_after_reading_and_writing() -> None:
    assert encode_metadata(decode_metadata(recorded("metadata.txt"))) == recorded("metadata.txt")
    assert Challenge.unpack(decode_metadata(recorded("metadata.txt")).challenge).counter == 1


def test_round_metadata_may_have_additional_fields_and_lack_optional_ones() -> None:
    later = decode_metadata(recorded("metadata.txt").replace("v=1;", "v=2;channel_asked=1;"))
    assert (later.answers, later.resends, later.resend_at) == (2, 1, 1767225630)
    earlier = decode_metadata(recorded("metadata.txt").replace("resend_at=1767225630;", ""))
    assert (earlier.answers, earlier.resends, earlier.resend_at) == (2, 1, 0)
    for field in ("v=1;", "answers=2;", "resends=1;"):
        with pytest.raises(ValueError, match="metadata"):
            decode_metadata(recorded("metadata.txt").replace(field, ""))
