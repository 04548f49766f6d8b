"""The recipient of a code outside a sign-in: an address that a back end names, or a user of the pool.

No address is ever part of a key or a token. The names of an address are keyed with the deployment's salt: a
plain hash gives phone numbers away.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from passcode.channels.channel import (
    Channel,
    Destination,
    Destinations,
    fingerprint,
    verified_destinations,
)
from passcode.channels.registry import CHANNELS
from passcode.confirmation import problems
from passcode.confirmation.problems import Problem
from passcode.confirmation.requests import IdTokenUser
from passcode.token_service.challenge import STEP_UP, TOKEN


def address_id(destination: Destination, salt: str) -> str:
    """32 hex digits for this very address: who a proof is about.

    Letter case and tags count (RFC 5321 leaves them to the receiving host): a proof for one mailbox must not
    pass for another one.
    """
    return keyed_hash(f"{destination.channel.name}:{destination.value}", salt)


def rate_limit_id(destination: Destination, salt: str) -> str:
    """32 hex digits for the mailbox behind the address: whose guesses and messages are counted.

    All ways to write the address of one mailbox are one budget, not many.
    """
    mailbox = destination.channel.mailbox
    return (
        keyed_hash(f"mailbox:{mailbox(destination.value)}", salt)
        if mailbox
        else address_id(destination, salt)
    )


def keyed_hash(text: str, salt: str) -> str:
    """32 hex digits that nobody without the salt can compute."""
    return hmac.digest(salt.encode(), text.encode(), hashlib.sha256).hex()[:32]


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
    sub = address_id(destination, salt)
    there = {destination.channel: destination}
    return Recipient(TOKEN, rate_limit_id(destination, salt), sub, there, "", sub, locale)


def of_user(attributes: Mapping[str, str], order: Sequence[Channel], salt: str) -> Recipient:
    """The recipient behind a user's attributes: verified destinations, and no others."""
    subject = attributes["sub"]
    return Recipient(
        kind=STEP_UP,
        subject=subject,
        sub=subject,
        destinations=verified_destinations(attributes, order),
        preferred=attributes.get("custom:otp_channel", ""),
        bound=fingerprint(attributes, salt, CHANNELS.values()),
        locale=attributes.get("locale", ""),
    )


def bound_to(recipient: Recipient, words: str, audience: str) -> str:
    """16 hex digits: what a challenge is held to. Another purpose or audience does not rejoin it."""
    whole = "\n".join((recipient.bound, words, audience))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


class UserDirectory(Protocol):
    """The users of the pool. Raises `Unavailable` if the pool is out."""

    def attributes(self, user_name: str, sub: str) -> Mapping[str, str] | None:
        """The attributes of the user who is `sub`; None if that user is gone or disabled."""


@dataclass(frozen=True)
class UserRecipients:
    """The users, as the pool knows them now: a token may be an hour old, and its addresses with it."""

    users: UserDirectory
    order: Sequence[Channel]
    salt: str

    def user(self, signed_in: IdTokenUser) -> Recipient:
        """The user as a recipient. One call. Raises `Problem` if they are gone, `Unavailable`."""
        attributes = self.users.attributes(signed_in.user_name, signed_in.sub)
        if attributes is None:
            raise Problem(problems.USER_GONE)
        return of_user(attributes, self.order, self.salt)
