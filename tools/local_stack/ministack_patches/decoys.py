"""A notice if `create_auth_challenge` treats a user of the pool as an unknown user."""

from collections.abc import Mapping
from typing import Any

from passcode.channels.registry import CHANNELS
from passcode.sign_in.create import read_user

_NOUNS = {"email": "email address", "phone_number": "phone number"}


def notice(name: str, event: dict[str, Any], environment: Mapping[str, str]) -> str | None:
    """The reason why the user `name` gets a decoy, or None if the user gets messages.

    `event` is that of `create_auth_challenge`, and `environment` is the function's. An unknown user always
    gets a decoy and needs no notice. On AWS the function does not log whether a user gets a decoy. This code
    reads the user by the same function, outside the deployed code.
    """
    order = tuple(CHANNELS[channel] for channel in environment["CHANNEL_ORDER"].split(","))
    if event["request"].get("userNotFound") or not read_user(event, order, "").decoy:
        return None
    nouns = dict.fromkeys(_NOUNS.get(channel.attribute, channel.attribute) for channel in order)
    return f"create_auth_challenge uses a decoy for {name}: the user has no verified {' or '.join(nouns)}."
