"""Sign-ins of a deployment whose app asks for the channel before the first message (`ChannelChoice: ASK`)."""

from collections.abc import Iterator

import pytest

from tests.cognito_contract.app import CODE, App
from tests.support.sign_in_on_moto import SignInOnMoto, composed


@pytest.fixture(scope="module")
def functions() -> Iterator[SignInOnMoto]:
    """The functions of a deployment that asks."""
    with composed(CHANNEL_CHOICE="ASK") as found:
        yield found


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_first_message_goes_to_the_chosen_channel(app: App, channel: str) -> None:
    app.begin()
    assert app.shown("status", "channel") == ("CHOOSE", "")
    assert app.messages == []
    assert app.answer("choice", action="send", channel=channel).challenge == CODE
    assert app.shown("status", "channel", "attemptsLeft") == ("SENT", channel, "5")
    assert [message.channel for message in app.messages] == [channel]
    assert app.answer(app.code).has_tokens


def test_an_answer_before_the_choice_is_a_wrong_answer(app: App) -> None:
    app.begin()
    assert app.answer("00000000").challenge == CODE
    assert app.shown("status", "attemptsLeft") == ("CHOOSE", "4")
    assert app.messages == []


def test_create_runs_twice_after_the_choice(app: App) -> None:
    app.begin()
    app.pool.triggers.repeated = {"CreateAuthChallenge": "second"}
    app.answer("choice", action="send", channel="sms")
    assert [message.channel for message in app.messages] == ["sms"]
    assert app.answer(app.code).has_tokens
