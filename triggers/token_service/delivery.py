"""One message to be sent: what `create` puts on the queue and `deliver` takes from it. No code is in it."""

import json
from dataclasses import dataclass

from token_service.challenge import Challenge
from token_service.destination import Channel, Destination, Destinations


@dataclass(frozen=True)
class Delivery:
    """A challenge and where its code goes: the chosen destination first, then those it may fall over to."""

    challenge: Challenge
    destinations: tuple[Destination, ...]
    locale: str

    def pack(self) -> str:
        """The body for the queue, which is encrypted: the one place outside the message with an address."""
        to = [[d.channel.value, d.value] for d in self.destinations]
        return json.dumps({"challenge": self.challenge.pack(), "to": to, "locale": self.locale})

    @classmethod
    def unpack(cls, body: str) -> "Delivery":
        """Read a body. Raises ValueError or KeyError if it is none of ours."""
        parts = json.loads(body)
        to = tuple(Destination(Channel(channel), value) for channel, value in parts["to"])
        return cls(Challenge.unpack(parts["challenge"]), to, parts["locale"])


def delivery_for(challenge: Challenge, destinations: Destinations, locale: str) -> Delivery:
    """The delivery of `challenge`, to the destination on its channel first."""
    ranked = sorted(destinations.values(), key=lambda d: d.channel.value != challenge.channel)
    return Delivery(challenge, tuple(ranked), locale)
