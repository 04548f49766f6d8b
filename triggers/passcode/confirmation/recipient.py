"""The recipient of a code outside a sign-in: an address that a back end sends, or a user of the pool.

No key and no token contains an address. The ids of an address are hashes keyed with the deployment's salt.
With a plain hash, an attacker could find a phone number by trying all numbers.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from passcode.channels.channel import (
    Channel,
    Destination,
    Destinations,
    destination_id,
    destination_ids,
    keyed_hash,
    log_address_faults,
    preferred_channel,
    verified_destinations,
)
from passcode.confirmation import problems
from passcode.confirmation.problems import Problem
from passcode.confirmation.requests import IdTokenUser
from passcode.token_service.challenge import STEP_UP, TOKEN
from passcode.token_service.telemetry import Telemetry


def rate_limit_id(destination: Destination, salt: str) -> str:
    """Return 32 hex digits for the mailbox of the address: the subject of the counters.

    All spellings of one mailbox share one budget. Otherwise an attacker could multiply the budget.
    """
    mailbox = destination.channel.mailbox
    return (
        keyed_hash(f"mailbox:{mailbox(destination.value)}", salt)
        if mailbox
        else destination_id(destination, salt)
    )


class Recipient(NamedTuple):
    """The user or address that a code is sent to. It determines the `kind` of purpose.

    `subject` is the id for counters and logs; `sub` is the id in the proof and in the API.
    """

    kind: str
    subject: str
    sub: str
    destinations: Destinations
    preferred: str
    ids: Mapping[str, str]  # the ids of the destinations, by channel
    locale: str


def of_address(destination: Destination, order: Sequence[Channel], locale: str, salt: str) -> Recipient:
    """Return the recipient for one address, on all channels of `order` that reach it.

    It has no second address as a fallback. The counters limit messages by address. Messages to a second
    address would not be counted.
    """
    sub = destination_id(destination, salt)
    channels = [c for c in order if c.address_type == destination.channel.address_type]
    destinations = {channel: Destination(channel, destination.value) for channel in channels}
    ids = destination_ids(destinations, salt)
    return Recipient(TOKEN, rate_limit_id(destination, salt), sub, destinations, "", ids, locale)


def of_user(attributes: Mapping[str, str], order: Sequence[Channel], salt: str) -> Recipient:
    """Return the recipient for a user's attributes. Only verified destinations are used."""
    subject = attributes["sub"]
    destinations = verified_destinations(attributes, order)
    return Recipient(
        kind=STEP_UP,
        subject=subject,
        sub=subject,
        destinations=destinations,
        preferred=preferred_channel(attributes),
        ids=destination_ids(destinations, salt),
        locale=attributes.get("locale", ""),
    )


def context_of(purpose_text: str, audience: str) -> str:
    """Return 16 hex digits: a request with another purpose or audience does not get the open challenge."""
    return hashlib.sha256(f"{purpose_text}\n{audience}".encode()).hexdigest()[:16]


class UserDirectory(Protocol):
    """The users of the pool. Raises `Unavailable` if the pool does not respond."""

    def attributes(self, user_name: str, sub: str) -> Mapping[str, str] | None:
        """Return the attributes of the user with this `sub`; None if the user is deleted or disabled."""


@dataclass(eq=False, repr=False)
class UserRecipients:
    """Reads users from the pool at each request, because a token and its addresses may be an hour old.

    `max_auth_age` is the most seconds from the user's sign-in to the request for a code; 0 sets no limit.
    Verified addresses that cannot be used are logged.
    """

    users: UserDirectory
    order: Sequence[Channel]
    salt: str
    max_auth_age: int
    telemetry: Telemetry

    def user(self, signed_in: IdTokenUser, requested_at: int) -> Recipient:
        """Return the user who requested a code at this time as a recipient. One call.

        Raises `Unavailable`, or `Problem` for a deleted user or a sign-in that was too long ago (RFC 9470).
        """
        # A refreshed token has the `auth_time` of its sign-in. So a stolen refresh token passes no step-up
        # after this time.
        if self.max_auth_age and requested_at - signed_in.auth_time > self.max_auth_age:
            raise Problem(problems.SIGN_IN_TOO_OLD, max_age=self.max_auth_age)
        attributes = self.users.attributes(signed_in.user_name, signed_in.sub)
        if attributes is None:
            raise Problem(problems.USER_GONE)
        log_address_faults(attributes, self.order, self.telemetry)
        return of_user(attributes, self.order, self.salt)
