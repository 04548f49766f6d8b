"""A Cognito message from a custom sender event: its kind, its age and its destinations.

This module does not decrypt the ciphertext.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from passcode.channels.channel import (
    Channel,
    Destination,
    Destinations,
    rank_destinations,
    verified_destinations,
)
from passcode.channels.registry import CHANNELS
from passcode.delivery.envelope import channel_in, destinations_in, pack_body, read_body
from passcode.sign_in import events
from passcode.sign_in.events import Event
from passcode.token_service.challenge import read_field


@dataclass(frozen=True)
class CognitoMessage:
    """An encrypted code or temporary password, and its destinations. Only `deliver` can decrypt it.

    `ciphertext` is in base64, and empty for a notice without a secret. `requested_at` is in seconds since the
    epoch. `id` is a hash of Cognito's event: Lambda repeats the event unchanged.
    """

    ciphertext: str = field(repr=False)
    source: str  # Cognito's triggerSource
    channel: Channel
    destinations: tuple[Destination, ...]
    locale: str
    subject: str  # the user's `sub`, for the log
    name: str = field(repr=False)  # the name with which an invited user signs in; empty if it is an address
    requested_at: int
    id: str
    # Why the address in Cognito's event is no destination: the code of an `AddressFault`, or empty.
    fault: str = ""

    def to(self, destinations: Destinations) -> "CognitoMessage":
        """Return the same message for `destinations`. The one on the message's channel is the first."""
        return replace(self, destinations=rank_destinations(destinations, self.channel.name))

    def pack(self) -> str:
        """Return the body for the queue. The code in it is encrypted, in addition to the queue."""
        fields = {
            name: getattr(self, name)
            for name in ("ciphertext", "source", "locale", "subject", "name", "requested_at", "id", "fault")
        }
        return pack_body(COGNITO, fields | {"channel": self.channel.name}, self.destinations)

    @classmethod
    def unpack(cls, body: str) -> "CognitoMessage":
        """Read a body. Raises ValueError if it is no Cognito message of this version."""
        fields = read_body(body)
        if fields.get("kind") != COGNITO:
            raise ValueError("the queue body has another kind than a Cognito message")
        return cls(
            ciphertext=read_field(fields, "ciphertext", str),
            source=read_field(fields, "source", str),
            channel=channel_in(fields),
            destinations=destinations_in(fields),
            locale=read_field(fields, "locale", str, ""),
            subject=read_field(fields, "subject", str, ""),
            name=read_field(fields, "name", str, ""),
            requested_at=read_field(fields, "requested_at", int),
            id=read_field(fields, "id", str, ""),
            fault=read_field(fields, "fault", str, ""),
        )


COGNITO = "cognito"
SIGN_IN = "sign_in"
INVITATION = "invitation"
NOTICE = "notice"
# A source that AWS added later. Its code is delivered too, with texts that fit any code.
UNKNOWN = "unknown"
_KINDS = {
    "SignUp": "sign_up",
    "ResendCode": "sign_up",
    "Authentication": SIGN_IN,
    "ForgotPassword": "recovery",
    "UpdateUserAttribute": "address",
    "VerifyUserAttribute": "address",
    "AdminCreateUser": INVITATION,
    "AccountTakeOverNotification": NOTICE,
}
# In seconds. A sign-in code is valid as long as its session, 3 minutes by default. If it came later, the user
# could confuse it with a newer code. The other codes are valid for an hour or more, but users
# do not wait that long: they request another code.
_SIGN_IN_LIFE, _LIFE = 180, 840


def is_known(source: str) -> bool:
    """Return True if the catalogue has texts for the trigger source `source`."""
    return source.partition("_")[2] in _KINDS


def kind_of(message: CognitoMessage) -> str:
    """Return the kind of the message, which selects its texts."""
    kind = _KINDS.get(message.source.partition("_")[2], UNKNOWN)
    # A message without a secret can only be a notice.
    return kind if message.ciphertext else NOTICE


def is_too_old(message: CognitoMessage, now: int) -> bool:
    """Return True if the code of `message` is too old to be sent. `now` is in seconds since the epoch."""
    life = _SIGN_IN_LIFE if kind_of(message) == SIGN_IN else _LIFE
    return now >= message.requested_at + life


def read_message(event: Event, now: int) -> CognitoMessage:
    """Return the message of a custom sender event. `now` is in seconds since the epoch.

    A secret goes only to the address that the event has for its channel. Raises ValueError for an event of
    another trigger.
    """
    source = str(event.get("triggerSource") or "")[:64]
    channel = _channel_of(source, events.sender_type(event))
    attributes = events.attributes(event)
    value = attributes.get(channel.attribute, "")
    address = channel.destination(value)
    fault = channel.fault(value) if value else None
    message = CognitoMessage(
        ciphertext=events.encrypted_code(event),
        source=source,
        channel=channel,
        destinations=(address,) if address else (),
        locale=attributes.get("locale", ""),
        subject=attributes.get("sub", ""),
        name=_name(event, source, address),
        requested_at=now,
        id=hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest(),
        fault=fault.value if fault else "",
    )
    return message if message.ciphertext else with_user(attributes, message)


def with_user(attributes: Mapping[str, str], message: CognitoMessage) -> CognitoMessage:
    """Return a message without a secret, with the user's verified destinations as fallbacks."""
    by_channel = {d.channel: d for d in message.destinations}
    addressed = replace(
        message,
        subject=message.subject or attributes.get("sub", ""),
        locale=message.locale or attributes.get("locale", ""),
    )
    channels = [channel for channel in CHANNELS.values() if channel.custom_sender]
    return addressed.to({**verified_destinations(attributes, channels), **by_channel})


def _name(event: Event, source: str, address: Destination | None) -> str:
    """Return the name with which an invited user signs in.

    The name is empty for other messages. It is also empty if the user signs in with the address: then
    Cognito's user name is the `sub` or the address.
    """
    name = events.user_name(event)
    other_ids = (events.attributes(event).get("sub", ""), address.value.lower() if address else "")
    return name if source.endswith("_AdminCreateUser") and name.lower() not in other_ids else ""


def _channel_of(source: str, kind: str) -> Channel:
    for channel in CHANNELS.values():
        sender = channel.custom_sender
        # The type is `customEmailSenderRequestV1` or the like.
        if sender and (source.lower().startswith(f"{sender}_") or kind.lower().startswith(sender)):
            return channel
    raise ValueError("the event is not from a custom sender trigger")
