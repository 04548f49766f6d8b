"""Channels, and destinations on them: which email addresses and phone numbers count, and their masks."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Channel(Enum):
    """A way for a code to reach its user."""

    EMAIL = "email"
    SMS = "sms"


# Where Cognito keeps the address of a channel.
ATTRIBUTE = {Channel.EMAIL: "email", Channel.SMS: "phone_number"}
# One plain address, ASCII only: a look-alike letter must not turn one mailbox into another on its way
# (GHSA-7rqj-j65f-68wh), and no comma, bracket or control character may make two addresses of one.
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class Destination:
    """One place on one channel. Its repr is masked, so that no log line or traceback shows it."""

    channel: Channel
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """The destination as the app may show it once the password is proven."""
        if self.channel is Channel.EMAIL:
            name, _, host = self.value.partition("@")
            return f"{name[0]}***@{host[0]}***"
        return f"+***{self.value[-4:]}"


# Before the password a mask tells nothing: whoever knows the address that belongs to a name could otherwise
# see from it whether that name exists.
BLANK = {Channel.EMAIL: "***@***", Channel.SMS: "+***"}
Destinations = Mapping[Channel, Destination]


def parse(channel: Channel, value: str) -> Destination | None:
    """Read one destination; None if nothing could be delivered there. The host is lower-cased."""
    if channel is Channel.SMS:
        return Destination(channel, value) if _E164.fullmatch(value) else None
    if len(value) > 254 or not _EMAIL.fullmatch(value):
        return None
    name, _, host = value.partition("@")
    return Destination(channel, f"{name}@{host.lower()}")


def is_true(written: str) -> bool:
    """What a flag among the attributes says. Cognito writes "true" and "True"."""
    return written.lower() == "true"


def verified_destinations(attributes: Mapping[str, str], order: Sequence[Channel]) -> Destinations:
    """The destinations of a user that count, in the deployment's order: verified ones, and no others."""
    found: dict[Channel, Destination] = {}
    for channel in order:
        name = ATTRIBUTE[channel]
        if is_true(attributes.get(f"{name}_verified", "")):
            destination = parse(channel, attributes.get(name, ""))
            if destination:
                found[channel] = destination
    return found


def rank_destinations(destinations: Destinations, first: str) -> tuple[Destination, ...]:
    """All destinations, the one on the channel `first` before those that a message may fall over to."""
    return tuple(sorted(destinations.values(), key=lambda d: d.channel.value != first))


def choose_destination(destinations: Destinations, *wishes: str) -> Destination:
    """The first wish that can be met, else the first in the deployment's order. Needs one destination."""
    for wish in wishes:
        for channel, destination in destinations.items():
            if channel.value == wish:
                return destination
    return next(iter(destinations.values()))


def fingerprint(attributes: Mapping[str, str], salt: str) -> str:
    """16 hex digits that change when any verified destination of the user does.

    A challenge is bound to it: a code that went to an old address must not work once the address is gone. It
    stands in the table, so it is keyed with the deployment's salt: a plain hash gives phone numbers away.
    """
    parts = [
        f"{channel.value}:{d.value}"
        for channel, d in verified_destinations(attributes, tuple(Channel)).items()
    ]
    whole = "\n".join([attributes.get("sub", ""), *parts])
    return hmac.digest(salt.encode(), whole.encode(), hashlib.sha256).hex()[:16]


def amr(channel: str, *, with_password: bool = False) -> list[str]:
    """The `amr` of a code given on `channel`. RFC 8176 has `sms` and `otp`, and no word for email."""
    sms, password = ["sms"] if channel == "sms" else [], ["pwd", "mfa"] if with_password else []
    return ["otp", *sms, *password]
