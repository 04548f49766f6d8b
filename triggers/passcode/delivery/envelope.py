"""The body of a queued message: named keys, a version and a kind. It contains no code in plain text.

`create` and `token_api` write deliveries, `custom_sender` writes Cognito's own messages, and `deliver` reads
both. Readers ignore unknown keys. A body of another version is an error, and SQS moves the message to the
dead-letter queue.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from passcode.channels.channel import Channel, Destination, Destinations, rank_destinations
from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import Challenge, check_version, parse_object, read_field

VERSION = 1
CODE = "code"


def pack_body(kind: str, fields: Mapping[str, Any], destinations: Sequence[Destination]) -> str:
    """Return the body of a message of `kind`. It contains addresses, so the queue is encrypted."""
    to = [{"channel": d.channel.name, "address": d.value} for d in destinations]
    return json.dumps({"v": VERSION, "kind": kind, **fields, "to": to})


def read_body(body: str) -> dict[str, Any]:
    """Return the fields of a body. Raises ValueError unless it is a JSON object of this version."""
    fields = parse_object(body)
    check_version(fields, VERSION)
    return fields


def destinations_in(fields: Mapping[str, Any]) -> tuple[Destination, ...]:
    """Return the destinations in `fields`. Raises ValueError if they are no list of objects of this form."""
    to = fields.get("to")
    if not isinstance(to, list) or not all(isinstance(each, dict) for each in to):
        raise ValueError("the queue body has no list of destinations")
    return tuple(Destination(channel_in(each), read_field(each, "address", str)) for each in to)


def channel_in(fields: Mapping[str, Any]) -> Channel:
    """Return the channel in `fields`. Raises ValueError if it is missing or unknown."""
    channel = CHANNELS.get(read_field(fields, "channel", str))
    if channel is None:
        raise ValueError("the queue body has an unknown channel")
    return channel


@dataclass(frozen=True)
class Delivery:
    """A challenge and the destinations of its code: first the chosen one, then the fallbacks."""

    challenge: Challenge
    destinations: tuple[Destination, ...]
    locale: str

    def pack(self) -> str:
        """Return the body for the queue."""
        return pack_body(CODE, {"challenge": self.challenge.pack(), "locale": self.locale}, self.destinations)

    @classmethod
    def unpack(cls, body: str) -> "Delivery":
        """Read a body. Raises ValueError if it is no delivery of this version."""
        fields = read_body(body)
        if fields.get("kind") != CODE:
            raise ValueError("the queue body has another kind than a code")
        challenge = Challenge.unpack(fields.get("challenge"))
        return cls(challenge, destinations_in(fields), read_field(fields, "locale", str, ""))


def delivery_for(challenge: Challenge, destinations: Destinations, locale: str) -> Delivery:
    """Return the delivery of `challenge`. The destination on its channel is the first."""
    return Delivery(challenge, rank_destinations(destinations, challenge.channel), locale)
