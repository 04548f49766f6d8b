"""A message of Cognito's that a custom sender hands over: its kind, its age, its addresses.

The ciphertext is passed on as it is. Nothing here has a right to open it.
"""

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
from passcode.delivery.envelope import destinations_in, pack_body, read_body
from passcode.sign_in import events
from passcode.sign_in.events import Event


@dataclass(frozen=True)
class CognitoMessage:
    """A code or temporary password that only `deliver` can open, and where it goes.

    `ciphertext` is base64, and empty for a notice without a secret. `requested_at` is in epoch seconds.
    """

    ciphertext: str = field(repr=False)
    source: str  # Cognito's triggerSource
    channel: Channel
    destinations: tuple[Destination, ...]
    locale: str
    subject: str  # the user's `sub`, for the log
    name: str = field(repr=False)  # what an invited user signs in by, if that is no address
    requested_at: int

    def to(self, destinations: Destinations) -> "CognitoMessage":
        """The same for other destinations, the one on its channel first."""
        return replace(self, destinations=rank_destinations(destinations, self.channel.name))

    def pack(self) -> str:
        """The body for the queue, which is encrypted. A reader of the queue still cannot decrypt the code."""
        fields = {
            name: getattr(self, name)
            for name in ("ciphertext", "source", "locale", "subject", "name", "requested_at")
        }
        return pack_body(COGNITO, fields | {"channel": self.channel.name}, self.destinations)

    @classmethod
    def unpack(cls, body: str) -> "CognitoMessage":
        """Read a body. Raises ValueError, KeyError or TypeError for anything but such a body."""
        fields = read_body(body)
        if fields.get("kind") != COGNITO:
            raise ValueError("the queue body is no message of Cognito")
        return cls(
            ciphertext=str(fields["ciphertext"]),
            source=str(fields["source"]),
            channel=CHANNELS[fields["channel"]],
            destinations=destinations_in(fields),
            locale=str(fields.get("locale", "")),
            subject=str(fields.get("subject", "")),
            name=str(fields.get("name", "")),
            requested_at=int(fields["requested_at"]),
        )


COGNITO = "cognito"
SIGN_IN = "sign_in"
INVITATION = "invitation"
NOTICE = "notice"
# A source that AWS added later. Its code is delivered all the same, in words that fit any.
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
# A sign-in's code lives as long as its session, 3 minutes if nobody set it, and a late one lies beside a
# newer one. The others live an hour and longer: they may be as old as the queue lets them.
_SIGN_IN_LIFE, _LIFE = 180, 900


def is_known(source: str) -> bool:
    """Whether there are words for this very source."""
    return source.partition("_")[2] in _KINDS


def kind_of(message: CognitoMessage) -> str:
    """Which words the message gets."""
    kind = _KINDS.get(message.source.partition("_")[2], UNKNOWN)
    # Without a secret there is only one thing that can be said.
    return kind if message.ciphertext else NOTICE


def is_too_old(message: CognitoMessage, now: int) -> bool:
    """Whether its code is too old to be sent."""
    life = _SIGN_IN_LIFE if kind_of(message) == SIGN_IN else _LIFE
    return now >= message.requested_at + life


def read_message(event: Event, now: int) -> CognitoMessage:
    """The message that an event asks for. Raises ValueError if it is no custom sender's event.

    A secret goes to the one address that the event has for its channel, and nowhere else.
    """
    source = str(event.get("triggerSource") or "")[:64]
    channel = _channel_of(source, events.sender_type(event))
    attributes = events.attributes(event)
    address = channel.destination(attributes.get(channel.attribute, ""))
    message = CognitoMessage(
        ciphertext=events.sealed_code(event),
        source=source,
        channel=channel,
        destinations=(address,) if address else (),
        locale=attributes.get("locale", ""),
        subject=attributes.get("sub", ""),
        name=_name(event, source, address),
        requested_at=now,
    )
    return message if message.ciphertext else with_user(attributes, message)


def with_user(attributes: Mapping[str, str], message: CognitoMessage) -> CognitoMessage:
    """A message without a secret, for the verified addresses of a user as well: it may fall over to them."""
    there = {d.channel: d for d in message.destinations}
    found = replace(
        message,
        subject=message.subject or attributes.get("sub", ""),
        locale=message.locale or attributes.get("locale", ""),
    )
    return found.to({**verified_destinations(attributes, CHANNELS.values()), **there})


def _name(event: Event, source: str, address: Destination | None) -> str:
    """What an invited user signs in by; empty where that is the address, and Cognito's name is a `sub`."""
    name = events.user_name(event)
    told = (events.attributes(event).get("sub", ""), address.value.lower() if address else "")
    return name if source.endswith("_AdminCreateUser") and name.lower() not in told else ""


def _channel_of(source: str, kind: str) -> Channel:
    for channel in CHANNELS.values():
        sender = channel.custom_sender
        # The type is `customEmailSenderRequestV1` or the like.
        if sender and (source.lower().startswith(f"{sender}_") or kind.lower().startswith(sender)):
            return channel
    raise ValueError("this is no event of a custom sender")
