"""What a person reads while signing in. Pure: a challenge in, a sentence out."""

from __future__ import annotations

from demo_client.cognito.challenge import Challenge, Status

_NAMES = {"email": "email", "sms": "SMS"}


def describe(challenge: Challenge) -> str:
    """What just happened, and what to do about it."""
    match challenge.status:
        case Status.SENT:
            return f"{_sent(challenge)} It is good for {duration(challenge.expires_in)}."
        case Status.WAITING:
            return f"Nothing new was sent: {_latest(challenge)} {_next_message(challenge)}"
        case Status.WRONG:
            return f"That code is not right. {_left(challenge)}"
        case Status.EXPIRED:
            return f"That code is no longer good. {_next_message(challenge)}"
        case Status.CHOOSE:
            return f"Where should the code go? {offers(challenge)}."


def question(challenge: Challenge) -> str:
    """The prompt: the code, or a word."""
    others = [channel for channel in challenge.channels if channel != challenge.channel]
    if challenge.status is Status.CHOOSE:
        return " or ".join(others)
    return f"Code ({', '.join(['resend', *others])})" if challenge.resends_left else "Code"


def offers(challenge: Challenge) -> str:
    return " or ".join(f"{channel} ({mask})" for channel, mask in challenge.channels.items())


def duration(seconds: int) -> str:
    """Seconds as people say them; rounded up, so that waiting this long is enough."""
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"


def _sent(challenge: Challenge) -> str:
    return f"A code went out by {name(challenge.channel)} to {challenge.destination}."


def _latest(challenge: Challenge) -> str:
    return f"the code that went by {name(challenge.channel)} to {challenge.destination} is still good."


def _next_message(challenge: Challenge) -> str:
    if not challenge.resends_left:
        return "No resend is left in this sign-in."
    if challenge.resend_in > 0:
        return f"Another message can go out in {duration(challenge.resend_in)}."
    return "Type resend for another message."


def _left(challenge: Challenge) -> str:
    left = challenge.attempts_left
    return "This is the last try." if left == 1 else f"{left} tries are left."


def name(channel: str) -> str:
    return _NAMES.get(channel, channel)
