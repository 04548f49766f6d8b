"""The port to gateways: the message for a gateway, and the three results."""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from passcode.channels.channel import Channel

Message = TypeVar("Message")

# The names of a message's tags: the key of its record, and the id of its address. Its events have them too.
RECORD_TAG, TO_TAG = "record", "to"
# It replaces the `#` of the key in a tag, because SES does not allow that character.
KEY_SEPARATOR = "--"


@dataclass(frozen=True)
class Outgoing(Generic[Message]):
    """One rendered message to one address.

    `now` is in seconds since the epoch. `is_open_class` is True if a stranger can request the message.
    `is_fallback` is True if another destination was tried first. `counts_as_unanswered` is False if this
    stack will not learn whether the user answers.

    `expires_at` is the time after which the message is useless, in seconds since the epoch, or 0 if it is
    unknown. `digits` is the code for a gateway that sends its own texts; it is empty if the message needs
    more than the code. `language` is the language of the message. `record_key` is the key of the record of
    the message, and `destination_id` the id of the address, as the record keeps it. Both are empty if there
    is no record. `delivery_id` is the same for each repeat of one message.
    """

    to: str = field(repr=False)
    message: Message
    now: int
    is_open_class: bool
    is_fallback: bool = False
    counts_as_unanswered: bool = True
    expires_at: int = 0
    digits: str = field(default="", repr=False)
    language: str = ""
    record_key: str = ""
    delivery_id: str = ""
    destination_id: str = ""


@dataclass(frozen=True)
class Taken:
    """The gateway accepted the message. `country` has two letters; it is empty without limits by country.

    `message_id` is the gateway's id of the message. `wants_feedback` is True if the gateway accepts a
    report that the user got the message.
    """

    country: str = ""
    message_id: str = ""
    wants_feedback: bool = False


@dataclass(frozen=True)
class NotTaken:
    """The gateway rejected the message, or it was not reached. `reason` never contains an address.

    `final` is true if the gateway will not accept this message later either. Otherwise the dispatcher tries
    again, and then uses the next destination. `is_gateway_failure` is false if the gateway was not called,
    for example because the store of a limit did not respond. `is_account_wide` is true if the gateway now
    refuses every message of this account, or every message with these settings. `detail` is for the log only.
    """

    reason: str
    final: bool
    country: str = ""
    is_gateway_failure: bool = True
    is_account_wide: bool = False
    detail: str = ""


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
