"""A channel, and destinations on channels: which addresses count, and what is shown of them."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Only for the type: `create` and `custom_sender` see no code.
    from passcode.token_service.code import Code


@dataclass(frozen=True)
class MessageContent:
    """All that a channel needs to render a message. Each channel takes the part that it has room for.

    `texts` is the table of one locale. Without a code the message is a notice. `host` is the host of the
    sign-in page; it is empty where a phone must not fill in the secret. `minutes` is the time until the code
    expires. `purpose` is the caller's own text, or empty.
    """

    texts: Mapping[str, str]
    code: "Code | None"
    app: str
    host: str = ""
    minutes: int = 0
    purpose: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Channel:
    """A way for a message to reach its user. A channel is equal to itself alone.

    `parse` returns an address as the gateway gets it, or None if nothing can be delivered there.
    `mask` returns what the app may show of a parsed address once the password is proven. `render` returns
    the message that the gateways of the channel send.
    """

    name: str  # in requests, queue bodies, tokens and metrics
    attribute: str  # Cognito's attribute that has the address; over HTTP the field that has it
    parse: Callable[[str], str | None]
    mask: Callable[[str], str]
    # The mask before the password is proven. A mask of the address would tell a stranger who knows the
    # address of a user whether that user exists.
    blank_mask: str
    # The address of unknown users. Reserved for fiction; no message is ever sent to it.
    decoy_value: str
    render: Callable[[MessageContent], Any]
    # For callers over HTTP: the format of an address, an example, and the most characters.
    address_format: str
    example: str
    max_length: int
    # How a code on this channel proves the user (RFC 8176).
    amr: tuple[str, ...] = ("otp",)
    # The mailbox behind all ways to write an address; None if an address has one way only.
    mailbox: Callable[[str], str] | None = None
    # Cognito's trigger for its own messages on this channel, in lower case.
    custom_sender: str = ""
    # A message costs what its country costs, so that countries and budgets limit it.
    billed_by_country: bool = False

    @property
    def verified_attribute(self) -> str:
        """Cognito's attribute that says whether the address is verified."""
        return f"{self.attribute}_verified"

    def destination(self, value: str) -> "Destination | None":
        """Read one destination; None if nothing can be delivered there."""
        address = self.parse(value)
        return None if address is None else Destination(self, address)

    def __repr__(self) -> str:
        """The name alone."""
        return f"Channel({self.name!r})"


@dataclass(frozen=True)
class Destination:
    """One address on one channel. Its repr leaves the address out, so that no log or traceback shows it."""

    channel: Channel
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """The destination as the app may show it once the password is proven."""
        return self.channel.mask(self.value)


Destinations = Mapping[Channel, Destination]


def is_true(flag: str) -> bool:
    """The value of a flag among the attributes. Cognito writes "true" and "True"."""
    return flag.lower() == "true"


def verified_destinations(attributes: Mapping[str, str], channels: Iterable[Channel]) -> Destinations:
    """The verified destinations of a user on `channels`, in that order. No other destination counts."""
    found: dict[Channel, Destination] = {}
    for channel in channels:
        if is_true(attributes.get(channel.verified_attribute, "")):
            destination = channel.destination(attributes.get(channel.attribute, ""))
            if destination:
                found[channel] = destination
    return found


def rank_destinations(destinations: Destinations, first: str) -> tuple[Destination, ...]:
    """All destinations, the one on the channel `first` before those that a message may fall back to."""
    return tuple(sorted(destinations.values(), key=lambda d: d.channel.name != first))


def choose_destination(destinations: Destinations, *wishes: str) -> Destination:
    """The first wish that can be met, else the first in the deployment's order. Needs one destination."""
    for wish in wishes:
        for channel, destination in destinations.items():
            if channel.name == wish:
                return destination
    return next(iter(destinations.values()))


def fingerprint(attributes: Mapping[str, str], salt: str, channels: Iterable[Channel]) -> str:
    """16 hex digits that change when any verified destination of the user does.

    A challenge is bound to it: a code that went to an old address must not work once the address is gone.
    `channels` are all channels of the registry, those that the deployment does not use included. The table
    has the fingerprint, so it is keyed with the deployment's salt: a plain hash gives phone numbers away.
    """
    found = verified_destinations(attributes, channels)
    parts = [f"{channel.name}:{d.value}" for channel, d in found.items()]
    whole = "\n".join([attributes.get("sub", ""), *parts])
    return hmac.digest(salt.encode(), whole.encode(), hashlib.sha256).hex()[:16]
