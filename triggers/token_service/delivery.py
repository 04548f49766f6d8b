"""One message to be sent: what `create` puts on the queue and `deliver` takes from it. No code is in it."""

import json
from dataclasses import dataclass

from passcode.token_service.challenge import Challenge
from token_service import destination
from token_service.destination import Destination, Destinations


@dataclass(frozen=True)
class Delivery:
    """A challenge and where its code goes: the chosen destination first, then those it may fall over to."""

    challenge: Challenge
    destinations: tuple[Destination, ...]
    locale: str

    def pack(self) -> str:
        """The body for the queue."""
        to = destination.pack(self.destinations)
        return json.dumps({"challenge": self.challenge.pack(), "to": to, "locale": self.locale})

    @classmethod
    def unpack(cls, body: str) -> "Delivery":
        """Read a body. Raises ValueError or KeyError if it is none of ours."""
        parts = json.loads(body)
        to = destination.unpack(parts["to"])
        return cls(Challenge.unpack(parts["challenge"]), to, parts["locale"])


def delivery_for(challenge: Challenge, destinations: Destinations, locale: str) -> Delivery:
    """The delivery of `challenge`, to the destination on its channel first."""
    return Delivery(challenge, destination.ranked(destinations, challenge.channel), locale)
