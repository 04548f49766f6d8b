"""A gateway that records its messages."""

from dataclasses import dataclass, field
from typing import Any

from passcode.channels.channel import Channel
from passcode.delivery.gateway import Outgoing, SendResult, Taken


@dataclass
class RecordingGateway:
    """A gateway of `channel`. Each call of `send` returns `result`."""

    channel: Channel
    result: SendResult = field(default_factory=Taken)
    sent: list[Outgoing[Any]] = field(default_factory=list)

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Record one message."""
        self.sent.append(outgoing)
        return self.result
