"""One of Cognito's own messages: what `custom_sender` puts on the queue. The secret in it stays sealed."""

import json
from dataclasses import dataclass, field, replace

from passcode.channels.channel import Channel, Destination, Destinations, ranked
from token_service import destination
from token_service.delivery import Delivery


@dataclass(frozen=True)
class Sealed:
    """A code or temporary password that only `deliver` can open, and where it goes.

    `sealed` is base64, and empty for a notice without a secret. `asked_at` is in seconds since the epoch.
    """

    sealed: str = field(repr=False)
    source: str  # Cognito's triggerSource
    channel: Channel
    destinations: tuple[Destination, ...]
    locale: str
    subject: str  # the user's `sub`, for the log
    name: str = field(repr=False)  # what an invited user signs in by, if that is no address
    asked_at: int

    def to(self, destinations: Destinations) -> "Sealed":
        """The same for other destinations, the one on its channel first."""
        return replace(self, destinations=ranked(destinations, self.channel.value))

    def pack(self) -> str:
        """The body for the queue, which is encrypted. Whoever reads it still has no secret."""
        known = {
            name: getattr(self, name)
            for name in ("sealed", "source", "locale", "subject", "name", "asked_at")
        }
        return json.dumps(known | {"channel": self.channel.value, "to": destination.pack(self.destinations)})

    @classmethod
    def unpack(cls, body: str) -> "Sealed":
        """Read a body. Raises ValueError or KeyError if it is none of ours."""
        parts = json.loads(body)
        to = destination.unpack(parts.pop("to"))
        return cls(**(parts | {"channel": Channel(parts["channel"]), "destinations": to}))


def unpack(body: str) -> Delivery | Sealed:
    """What is on the queue: one of our own codes, or one of Cognito's. Raises what their `unpack` raise."""
    return Sealed.unpack(body) if "sealed" in json.loads(body) else Delivery.unpack(body)
