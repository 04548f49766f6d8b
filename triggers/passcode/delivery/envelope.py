"""The body of a queued message: named keys, a version and a kind. It contains no code in plain text.

`create` and `token_api` write deliveries and notices of changed addresses, `custom_sender` writes Cognito's
own messages, and `deliver` reads them all. Readers ignore unknown keys. A body of another version is an
error, and `deliver` moves the message to the dead-letter queue.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from passcode.channels.channel import Channel, Destination, Destinations, rank_destinations
from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import Challenge, check_version, parse_object, read_field

if TYPE_CHECKING:
    from passcode.token_service.issue import IssueResult

VERSION = 1
CODE = "code"
CHANGED = "notice"
# Far above the longest body of this stack, in characters. A longer one is not parsed.
_LONGEST = 64_000


def pack_body(kind: str, fields: Mapping[str, Any], destinations: Sequence[Destination]) -> str:
    """Return the body of a message of `kind`. It contains addresses, so the queue is encrypted."""
    to = [{"channel": d.channel.name, "address": d.value} for d in destinations]
    return json.dumps({"v": VERSION, "kind": kind, **fields, "to": to})


def read_body(body: str) -> dict[str, Any]:
    """Return the fields of a body. Raises ValueError unless it is a JSON object of this version and size."""
    if len(body) > _LONGEST:
        raise ValueError("the queue body is too long")
    fields = parse_object(body)
    check_version(fields, VERSION)
    return fields


def destinations_in(fields: Mapping[str, Any]) -> tuple[Destination, ...]:
    """Return the destinations in `fields`.

    Raises ValueError if they are no list of objects of this form, or if an address is not in the form of its
    channel: the code is derived for that form.
    """
    to = fields.get("to")
    if not isinstance(to, list) or not all(isinstance(each, dict) for each in to):
        raise ValueError("the queue body has no list of destinations")
    return tuple(_destination_in(each) for each in to)


def _destination_in(fields: Mapping[str, Any]) -> Destination:
    address = read_field(fields, "address", str)
    destination = channel_in(fields).destination(address)
    if destination is None or destination.value != address:
        raise ValueError("the queue body has an address in another form")
    return destination


def channel_in(fields: Mapping[str, Any]) -> Channel:
    """Return the channel in `fields`. Raises ValueError if it is missing or unknown."""
    channel = CHANNELS.get(read_field(fields, "channel", str))
    if channel is None:
        raise ValueError("the queue body has an unknown channel")
    return channel


# RFC 5646, 4.4.1: 35 characters are enough for each tag without private parts.
_LONGEST_TAG = 35


def language_tag(value: object) -> str:
    """Return `value` as a language tag such as `pt_BR`; empty if it cannot be one. It is untrusted.

    Spaces around it are dropped, and so are the encoding and the variant of a POSIX locale (`de_DE.UTF-8`).
    """
    tag = value.strip().partition(".")[0].partition("@")[0] if isinstance(value, str) else ""
    is_tag = len(tag) <= _LONGEST_TAG and tag.isascii() and tag.replace("-", "").replace("_", "").isalnum()
    return tag if is_tag else ""


def language_list(*tags: str) -> str:
    """Return the language tags as a message's `locale`: separated by commas, the best one first."""
    return ",".join(dict.fromkeys(tag for tag in tags if tag))


class Delivery(NamedTuple):
    """A challenge and the destinations of its code: first the chosen one, then the fallbacks.

    `locale` is a list of language tags separated by commas, the best one first. It may be empty.
    `sent_at` is the time of the request for this message, in seconds since the epoch.
    """

    challenge: Challenge
    destinations: tuple[Destination, ...]
    locale: str
    sent_at: int

    @property
    def id(self) -> str:
        """The id of this message. A repeat of the same message has the same id."""
        return f"{self.challenge.nonce}-{self.sent_at}"

    def pack(self) -> str:
        """Return the body for the queue."""
        fields = {"challenge": self.challenge.pack(), "locale": self.locale, "sent_at": self.sent_at}
        return pack_body(CODE, fields, self.destinations)

    @classmethod
    def unpack(cls, body: str) -> "Delivery":
        """Read a body. Raises ValueError if it is not a delivery of this version."""
        fields = read_body(body)
        if fields.get("kind") != CODE:
            raise ValueError("the queue body has another kind than a code")
        challenge = Challenge.unpack(fields.get("challenge"))
        return cls(
            challenge=challenge,
            destinations=destinations_in(fields),
            locale=read_field(fields, "locale", str, ""),
            sent_at=read_field(fields, "sent_at", int, challenge.issued_at),
        )


class ChangeNotice(NamedTuple):
    """A notice for a user who has another address than at the code before. It contains no code.

    `channel` is the channel of the changed address. `destinations` are those that did not change, and the
    notice goes to the first of them that takes it. `nonce` is that of the challenge that showed the change,
    and `address_id` is the id of the new address, as the record keeps it.
    """

    channel: Channel
    destinations: tuple[Destination, ...]
    locale: str
    subject: str
    nonce: str
    address_id: str

    @property
    def id(self) -> str:
        """The id of this message. A repeat of the same message has the same id."""
        return f"{self.nonce}-{self.channel.name}"

    def pack(self) -> str:
        """Return the body for the queue. It does not have the changed address."""
        fields = {
            "channel": self.channel.name,
            "locale": self.locale,
            "subject": self.subject,
            "nonce": self.nonce,
            "address_id": self.address_id,
        }
        return pack_body(CHANGED, fields, self.destinations)

    @classmethod
    def unpack(cls, body: str) -> "ChangeNotice":
        """Read a body. Raises ValueError if it is not a notice of this version."""
        fields = read_body(body)
        if fields.get("kind") != CHANGED:
            raise ValueError("the queue body has another kind than a notice")
        return cls(
            channel=channel_in(fields),
            destinations=destinations_in(fields),
            locale=read_field(fields, "locale", str, ""),
            subject=read_field(fields, "subject", str, ""),
            nonce=read_field(fields, "nonce", str, ""),
            address_id=read_field(fields, "address_id", str, ""),
        )


def delivery_for(issued: "IssueResult", destinations: Destinations, locale: str) -> Delivery:
    """Return the delivery of the challenge of `issued`. The destination on its channel is the first."""
    ranked = rank_destinations(destinations, issued.challenge.channel)
    return Delivery(issued.challenge, ranked, locale, issued.sent_at)
