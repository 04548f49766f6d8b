"""The body of a queued message: named keys, a version and a kind. It contains no code in plain text.

`create` and `token_api` write deliveries, `custom_sender` writes Cognito's own messages, and `deliver` reads
both. Readers ignore unknown keys. A body of another version is an error, and SQS moves the message to the
dead-letter queue.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from passcode.channels.channel import Destination, Destinations, rank_destinations
from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import Challenge

VERSION = 1
CODE = "code"


def pack_body(kind: str, fields: Mapping[str, Any], destinations: Sequence[Destination]) -> str:
    """Return the body of a message of `kind`. It contains addresses, so the queue is encrypted."""
    to = [{"channel": d.channel.name, "address": d.value} for d in destinations]
    return json.dumps({"v": VERSION, "kind": kind, **fields, "to": to})


def read_body(body: str) -> dict[str, Any]:
    """Return the fields of a body. Raises ValueError unless it is a JSON object of this version."""
    fields = json.loads(body)
    if not isinstance(fields, dict) or fields.get("v") != VERSION:
        raise ValueError("the queue body has another version")
    return fields


def destinations_in(fields: Mapping[str, Any]) -> tuple[Destination, ...]:
    """Return the destinations in `fields`. Raises KeyError for a missing key or an unknown channel.

    Raises TypeError if the value is no list of objects.
    """
    return tuple(Destination(CHANNELS[to["channel"]], to["address"]) for to in fields["to"])


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
        """Read a body. Raises ValueError, KeyError or TypeError if it is no delivery of this version."""
        fields = read_body(body)
        if fields.get("kind") != CODE:
            raise ValueError("the queue body is no delivery of a code")
        challenge = Challenge.unpack(fields["challenge"])
        return cls(challenge, destinations_in(fields), str(fields.get("locale", "")))


def delivery_for(challenge: Challenge, destinations: Destinations, locale: str) -> Delivery:
    """Return the delivery of `challenge`. The destination on its channel is the first."""
    return Delivery(challenge, rank_destinations(destinations, challenge.channel), locale)
