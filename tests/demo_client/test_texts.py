"""The sentences of a sign-in: they name a channel only if the message went to it."""

from dataclasses import replace

import pytest

from demo_client.cognito.challenge import Challenge, Status
from demo_client.texts import describe

BOTH = {"email": "***@***", "sms": "+***"}
HIDDEN = Challenge(Status.SENT, "email", "***@***", BOTH, 8, 300, 30, 5, 3)


@pytest.mark.parametrize("status", [Status.SENT, Status.WAITING])
@pytest.mark.parametrize("channel", BOTH)
def test_before_the_password_the_sentence_fits_both_channels(status: Status, channel: str) -> None:
    said = describe(replace(HIDDEN, status=status, channel=channel, destination=BOTH[channel]))
    assert "Look at your text messages and your mailbox." in said
    assert "*" not in said


@pytest.mark.parametrize("status", [Status.SENT, Status.WAITING])
def test_before_the_password_the_sentence_fits_a_call_too(status: Status) -> None:
    said = describe(replace(HIDDEN, status=status, channels=BOTH | {"voice": "+***"}))
    assert "Look at your messages, and answer your phone." in said


@pytest.mark.parametrize("status", [Status.SENT, Status.WAITING])
def test_after_the_password_the_sentence_names_the_channel(status: Status) -> None:
    shown = {"email": "a***@p***", "sms": "+***0147"}
    said = describe(replace(HIDDEN, status=status, destination="a***@p***", channels=shown))
    assert "sent by email to a***@p***" in said


def test_the_channel_that_the_message_may_fall_over_to_is_named() -> None:
    shown = {"email": "a***@p***", "sms": "+***0147"}
    after_password = replace(HIDDEN, destination="a***@p***", channels=shown, fallback="sms")
    assert "If it can't be sent that way, you get it by SMS: +***0147. It expires" in describe(after_password)
    assert "If it" not in describe(replace(after_password, fallback=""))


def test_a_call_is_named() -> None:
    shown = {"sms": "+***0147", "voice": "+***0147"}
    called = replace(HIDDEN, channel="voice", destination="+***0147", channels=shown)
    assert "A code was sent by phone call to +***0147." in describe(called)


def test_a_stack_with_one_channel_names_it() -> None:
    assert "sent by email to" in describe(replace(HIDDEN, channels={"email": "***@***"}))
