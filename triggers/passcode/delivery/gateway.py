"""The port to gateways: the message for a gateway, and the three results."""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from passcode.channels.channel import Channel

Message = TypeVar("Message")

# The names of a message's tags: the key of its record, and the id of its address. Its events have them too.
RECORD_TAG, TO_TAG = "record", "to"
# In a tag, it stands for the `#` of the key, which SES does not allow.
KEY_SEPARATOR = "--"


@dataclass(frozen=True)
class Outgoing(Generic[Message]):
    """One rendered message to one address.

    `now` is in seconds since the epoch. `is_open_class` is True if a stranger can request the message.
    `is_fallback` is True if another destination was tried first. `counts_as_unanswered` is False if this
    stack will not learn whether the user answers. `record_key` is the key of the record whose message it is,
    and `destination_id` the id of the address, as the record keeps it. Both are empty if there is no record.
    """

    to: str = field(repr=False)
    message: Message
    now: int
    is_open_class: bool
    is_fallback: bool = False
    counts_as_unanswered: bool = True
    record_key: str = ""
    destination_id: str = ""


@dataclass(frozen=True)
class Taken:
    """The gateway accepted the message. `country` has two letters; it is empty without limits by country."""

    country: str = ""


@dataclass(frozen=True)
class NotTaken:
    """The gateway rejected the message, or it was not reached. `reason` never contains an address.

    `final` is true if the gateway will not accept this message later either. Otherwise the dispatcher tries
    again, and then uses the next destination. `is_gateway_failure` is false if the gateway was not called,
    for example because the store of a limit did not respond.
    """

    reason: str
    final: bool
    country: str = ""
    is_gateway_failure: bool = True


@dataclass(frozen=True)
class Unknown:
    """The gateway did not respond, or not in a way that it should. It may have sent the message.

    `reason` never contains an address. The dispatcher does not repeat the message at this gateway.
    """

    reason: str


SendResult = Taken | NotTaken | Unknown


class Gateway(Protocol):
    """A service that sends the messages of one channel."""

    @property
    def channel(self) -> Channel:
        """The channel whose messages this gateway sends."""

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Send one message, at most once. An error of the service is a result, not an exception."""
