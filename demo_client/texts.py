"""The texts of a sign-in: each function makes a sentence from a challenge."""

from __future__ import annotations

from demo_client.cognito.challenge import Challenge, Status
from demo_client.refusals import duration

_NAMES = {"email": "email", "sms": "SMS", "voice": "phone call"}


def describe(challenge: Challenge) -> str:
    """Return the result of the last round and the next step, as sentences for the user."""
    match challenge.status:
        case Status.SENT:
            return f"{_sent(challenge)} It expires in {duration(challenge.expires_in)}."
        case Status.WAITING:
            return f"No new message was sent. {_latest(challenge)} {_next_message(challenge)}"
        case Status.WRONG:
            return f"That code is wrong. {_attempts_left(challenge)}"
        case Status.EXPIRED:
            return f"That code has expired. {_next_message(challenge)}"
        case Status.CHOOSE:
            return f"Where should the code go? {offers(challenge)}."


def question(challenge: Challenge) -> str:
    """Return the text of the prompt: the code, or the words that are accepted instead."""
    others = [channel for channel in challenge.channels if channel != challenge.channel]
    if challenge.status is Status.CHOOSE:
        return " or ".join(others)
    return f"Code ({', '.join(['resend', *others])})" if challenge.resends_left else "Code"


def offers(challenge: Challenge) -> str:
    """Return the channels of a challenge with their masked addresses, as a choice."""
    return " or ".join(f"{channel} ({mask})" for channel, mask in challenge.channels.items())


def _sent(challenge: Challenge) -> str:
    if challenge.may_be_elsewhere:
        return f"A code was sent. {_look(challenge)}"
    sent = f"A code was sent by {name(challenge.channel)} to {challenge.destination}."
    if not challenge.fallback:
        return sent
    other = f"by {name(challenge.fallback)}: {challenge.channels.get(challenge.fallback, '')}"
    return f"{sent} If it can't be sent that way, you get it {other}."


def _look(challenge: Challenge) -> str:
    if "voice" in challenge.channels:
        return "Look at your messages, and answer your phone."
    return "Look at your text messages and your mailbox."


def _latest(challenge: Challenge) -> str:
    if challenge.may_be_elsewhere:
        return f"The latest code is still valid. {_look(challenge)}"
    return f"The code sent by {name(challenge.channel)} to {challenge.destination} is still valid."


def _next_message(challenge: Challenge) -> str:
    if not challenge.resends_left:
        return "No resends are left in this sign-in."
    if challenge.resend_in > 0:
        return f"You can request another message in {duration(challenge.resend_in)}."
    return "Type resend to get another message."


def _attempts_left(challenge: Challenge) -> str:
    left = challenge.attempts_left
    return "This is the last attempt." if left == 1 else f"{left} attempts left."


def name(channel: str) -> str:
    """Return the display name of a channel."""
    return _NAMES.get(channel, channel)
