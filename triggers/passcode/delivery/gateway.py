"""The ports to gateways, what a gateway answers, and its error."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from passcode.channels.channel import Channel
from passcode.token_service.refusal import PasscodeError

if TYPE_CHECKING:
    # Only for types: `verify` imports this module and renders nothing.
    from passcode.channels.email import EmailMessage
    from passcode.channels.sms import TextMessage


class EmailGateway(Protocol):
    """A service that sends email."""

    def send(self, to: str, mail: "EmailMessage") -> None:
        """Hand one mail over. Raises `NotTaken` or `Unavailable` (try again)."""


class SmsGateway(Protocol):
    """A service that sends SMS."""

    def send(self, to: str, message: "TextMessage") -> None:
        """Hand one SMS over. Raises `NotTaken` or `Unavailable` (try again)."""


class NotTaken(PasscodeError):
    """A destination cannot be reached on its channel. Its text is a reason, never an address.

    `country` is where an SMS would have gone, as two letters, if that is known.
    """

    def __init__(self, reason: str, country: str = "") -> None:
        super().__init__(reason)
        self.country = country


@dataclass(frozen=True)
class Taken:
    """The channel that took the message, and the country of an SMS."""

    channel: Channel
    country: str = ""
