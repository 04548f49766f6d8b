"""Whom a code outside a sign-in goes to: an address that a back end names, or a user of the pool."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from passcode.channels.channel import Channel, Destination, Destinations, fingerprint, verified
from passcode.token_service.challenge import STEP_UP, TOKEN
from token_service.address import counted, exactly


@dataclass(frozen=True)
class Recipient:
    """The `kind` of purpose follows from who it is.

    `subject` is whom the counters are kept for, and the log's; `sub` is the proof's and the API's.
    """

    kind: str
    subject: str
    sub: str
    destinations: Destinations
    preferred: str
    bound: str  # changes when a destination does
    locale: str


def of_address(destination: Destination, locale: str, salt: str) -> Recipient:
    """The recipient behind one address.

    One address and no second to fall over to: the messages that an address gets are counted by that address,
    and a second one would get messages that are counted nowhere.
    """
    sub = exactly(destination, salt)
    there = {destination.channel: destination}
    return Recipient(TOKEN, counted(destination, salt), sub, there, "", sub, locale)


def of_user(attributes: Mapping[str, str], order: Sequence[Channel], salt: str) -> Recipient:
    """The recipient behind a user's attributes: verified destinations, and no others."""
    subject = attributes["sub"]
    return Recipient(
        kind=STEP_UP,
        subject=subject,
        sub=subject,
        destinations=verified(attributes, order),
        preferred=attributes.get("custom:otp_channel", ""),
        bound=fingerprint(attributes, salt),
        locale=attributes.get("locale", ""),
    )


def bound_to(recipient: Recipient, words: str, audience: str) -> str:
    """16 hex digits: what a challenge is held to. Another purpose or audience does not rejoin it."""
    whole = "\n".join((recipient.bound, words, audience))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
