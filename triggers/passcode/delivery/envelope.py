"""One message to be sent, as `create` puts it on the queue for `deliver`. It holds no code."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from passcode.channels.channel import Channel, Destination, Destinations, ranked
from passcode.token_service.challenge import Challenge


def pack_destinations(destinations: Sequence[Destination]) -> list[list[str]]:
    """Destinations as they stand on the queue, which is encrypted: the one place outside a message."""
    return [[d.channel.value, d.value] for d in destinations]


def unpack_destinations(pairs: Sequence[Sequence[str]]) -> tuple[Destination, ...]:
    """What `pack` made. Raises ValueError if it is none of ours."""
    return tuple(Destination(Channel(channel), value) for channel, value in pairs)


@dataclass(frozen=True)
class Delivery:
    """A challenge and where its code goes: the chosen destination first, then those it may fall over to."""

    challenge: Challenge
    destinations: tuple[Destination, ...]
    locale: str

    def pack(self) -> str:
        """The body for the queue."""
        to = pack_destinations(self.destinations)
        return json.dumps({"challenge": self.challenge.pack(), "to": to, "locale": self.locale})

    @classmethod
    def unpack(cls, body: str) -> "Delivery":
        """Read a body. Raises ValueError or KeyError if it is none of ours."""
        parts = json.loads(body)
        to = unpack_destinations(parts["to"])
        return cls(Challenge.unpack(parts["challenge"]), to, parts["locale"])


def delivery_for(challenge: Challenge, destinations: Destinations, locale: str) -> Delivery:
    """The delivery of `challenge`, to the destination on its channel first."""
    return Delivery(challenge, ranked(destinations, challenge.channel), locale)
