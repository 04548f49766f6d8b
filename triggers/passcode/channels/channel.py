"""Channels and destinations: reading the verified addresses of a user, and masking them for the app."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from passcode.token_service.challenge import address_type

if TYPE_CHECKING:
    # Only for the types: `create` and `custom_sender` have no code.
    from passcode.token_service.challenge import Code
    from passcode.token_service.telemetry import Telemetry


class MailBrand(NamedTuple):
    """The look of emails: the app's colour (#rrggbb), and its logo, the content of a PNG file, or empty."""

    color: str = "#1f5fbf"
    logo: bytes = b""


class MessageContent(NamedTuple):
    """The content of a message. Each channel uses the parts that its messages have room for.

    `texts` are the texts of one locale. Without a code the message is a notice. `host` is the host of the
    sign-in page; it is empty if a phone must not fill in the secret. `minutes` is the time until the code
    expires. `purpose` is the caller's text, or empty. `in_groups` is true for a long code: messages show it
    in groups of digits. A temporary password is never shown so, because spaces would change it.
    `requested_at` is the time of the request, in seconds since the epoch, or 0 if it is unknown.
    `support_url` is an address for users who did not request the message (https: or mailto:), or empty.
    `mail` is the look of an email.
    """

    texts: Mapping[str, str]
    code: "Code | None"
    app: str
    host: str = ""
    minutes: int = 0
    purpose: str = ""
    in_groups: bool = False
    requested_at: int = 0
    support_url: str = ""
    mail: MailBrand = MailBrand()


class AddressFault(Enum):
    """Why no message can be delivered to an address.

    The value is the stable code of the reason in logs, metrics and problem documents. docs/decisions/0031 has
    the rules.
    """

    NOT_ASCII = "not_ascii"
    QUOTED = "quoted"
    HOST = "host"
    MALFORMED = "malformed"
    NUMBER = "number"
    COUNTRY = "country"


# Cognito's attribute with the channel that a user prefers.
PREFERENCE = "custom:otp_channel"

# The message of the log line for each verified address with a fault.
UNUSABLE = "a verified address cannot be used"


@dataclass(frozen=True, eq=False, repr=False)
class Channel:
    """How a message reaches a destination, such as email. Two channels are equal only if they are one object.

    `parse` returns an address in the form for the gateway, or why no message can be delivered to it.
    `mask` returns the mask of a parsed address. The app may show it after the password is proven. `render`
    returns the message for the gateways of the channel.
    """

    name: str  # in requests, queue bodies, tokens and metrics
    attribute: str  # Cognito's attribute with the address, and the field with it over HTTP
    parse: Callable[[str], str | AddressFault]
    mask: Callable[[str], str]
    # The mask before the password is proven. A stranger may know the address of a user. A mask made from the
    # address would then show the stranger that the user exists.
    blank_mask: str
    # The address of unknown users. Reserved for fiction; no message is ever sent to it.
    decoy_value: str
    render: Callable[[MessageContent], Any]
    # For callers over HTTP: the format of an address, an example, and the largest number of characters.
    address_format: str
    example: str
    max_length: int
    # How a code on this channel proves the user (RFC 8176).
    amr: tuple[str, ...] = ("otp",)
    # The same in the values of Cognito's tokens, if they have one. There `otp` is an authenticator app.
    cognito_amr: tuple[str, ...] = ()
    # Returns one mailbox for all ways to write an address; None if there is only one way.
    mailbox: Callable[[str], str] | None = None
    # Cognito's trigger for its own messages on this channel, in lower case.
    custom_sender: str = ""
    # The most codes of one user that may be accepted on this channel in one UTC day. It bounds the messages
    # that one account can request.
    accepted_per_day: int = 100
    # True if the price of a message depends on its country. Allowed countries and budgets then limit it.
    billed_by_country: bool = False
    # True if the daily cap on emails of the stack applies to the messages.
    has_daily_cap: bool = False
    # The locales of its messages; None for all locales of the catalogue.
    locales: frozenset[str] | None = None

    @property
    def address_type(self) -> str:
        """The type of its addresses. Channels of one type share codes, ids, counters and limits."""
        return address_type(self.name)

    @property
    def verified_attribute(self) -> str:
        """Cognito's attribute that says whether the address is verified."""
        return f"{self.attribute}_verified"

    def destination(self, value: str) -> "Destination | None":
        """Return the destination for an address; None if no message can be delivered to it."""
        address = self.parse(value)
        return Destination(self, address) if isinstance(address, str) else None

    def fault(self, value: str) -> AddressFault | None:
        """Return why no message can be delivered to an address; None if `destination` returns one."""
        address = self.parse(value)
        return None if isinstance(address, str) else address

    def __repr__(self) -> str:
        """Return the name only."""
        return f"Channel({self.name!r})"


@dataclass(frozen=True)
class Destination:
    """One address on one channel. Its repr leaves the address out, so that no log or traceback shows it."""

    channel: Channel
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """The mask of the address. The app may show it after the password is proven."""
        return self.channel.mask(self.value)


Destinations = Mapping[Channel, Destination]


def is_true(flag: str) -> bool:
    """Return the value of an attribute that is a flag. Cognito writes "true" and "True"."""
    return flag.lower() == "true"


def preferred_channel(attributes: Mapping[str, str]) -> str:
    """Return the channel that the user prefers, in lower case; empty if there is none.

    Cognito and some SDKs write the channels in capitals. The result may be an unknown word.
    """
    return attributes.get(PREFERENCE, "").strip().lower()


def verified_destinations(attributes: Mapping[str, str], channels: Iterable[Channel]) -> Destinations:
    """Return the verified destinations of a user on `channels`, in that order."""
    destinations: dict[Channel, Destination] = {}
    for channel in channels:
        if is_true(attributes.get(channel.verified_attribute, "")):
            destination = channel.destination(attributes.get(channel.attribute, ""))
            if destination:
                destinations[channel] = destination
    return destinations


def address_faults(attributes: Mapping[str, str], channels: Iterable[Channel]) -> dict[str, AddressFault]:
    """Return why the user's verified addresses on `channels` are no destinations, by the name of the channel.

    The result has no entry for a channel without a verified address, and one for each address: with the first
    channel that reaches it.
    """
    faults: dict[str, AddressFault] = {}
    of_each_type: dict[str, Channel] = {}
    for channel in channels:
        of_each_type.setdefault(channel.address_type, channel)
    for channel in of_each_type.values():
        value = attributes.get(channel.attribute, "")
        if value and is_true(attributes.get(channel.verified_attribute, "")):
            fault = channel.fault(value)
            if fault:
                faults[channel.name] = fault
    return faults


def log_address_faults(
    attributes: Mapping[str, str], channels: Iterable[Channel], telemetry: "Telemetry"
) -> None:
    """Log a warning for each verified address of a user that is no destination: its reason, no address."""
    for name, fault in address_faults(attributes, channels).items():
        telemetry.log.warning(UNUSABLE, extra={"channel": name, "reason": fault.value})


def rank_destinations(destinations: Destinations, first: str) -> tuple[Destination, ...]:
    """Return the destinations for a message: that on the channel `first`, then the fallbacks.

    Each address is there once. Otherwise a number could get the same code by SMS and by a call.
    """
    ranked: dict[str, Destination] = {}
    for to in sorted(destinations.values(), key=lambda d: d.channel.name != first):
        ranked.setdefault(to.channel.address_type, to)
    return tuple(ranked.values())


def choose_destination(destinations: Destinations, *preferred: str) -> Destination:
    """Return the destination on the first channel of `preferred` that the user has.

    If the user has none of these channels, the result is the first destination. `preferred` are names of
    channels. Raises StopIteration if there is no destination.
    """
    for name in preferred:
        for channel, destination in destinations.items():
            if channel.name == name:
                return destination
    return next(iter(destinations.values()))


def accepted_per_day(destinations: Destinations, without: Channel) -> dict[str, int]:
    """Return the daily cap of accepted codes of each channel of `destinations` but one, by name, in order."""
    return {channel.name: channel.accepted_per_day for channel in destinations if channel is not without}


def keyed_hash(text: str, salt: str) -> str:
    """Return 32 hex digits of a keyed hash: an attacker cannot compute it without the salt."""
    return hmac.digest(salt.encode(), text.encode(), hashlib.sha256).hex()[:32]


def destination_id(destination: Destination, salt: str) -> str:
    """Return 32 hex digits for exactly this address.

    The code is derived for this id, and records and tokens have it instead of the address. It is a hash with
    the deployment's salt as key: an attacker who reads the table could find the phone number for a plain hash
    by trying all numbers. Letter case and tags count, because RFC 5321 leaves them to the receiving host.
    """
    return keyed_hash(f"{destination.channel.address_type}:{destination.value}", salt)


def destination_ids(destinations: Destinations, salt: str) -> Mapping[str, str]:
    """Return the id of each destination, by the name of its channel. Channels can have one address."""
    return {channel.name: destination_id(to, salt) for channel, to in destinations.items()}
