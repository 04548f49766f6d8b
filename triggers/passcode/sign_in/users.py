"""The user of a sign-in: the subject, the destinations and the masks for the app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from passcode.channels.channel import Channel, Destinations, fingerprint, verified_destinations
from passcode.channels.registry import CHANNELS
from passcode.sign_in import events
from passcode.sign_in.decoys import decoy_attributes
from passcode.sign_in.events import Event


@dataclass(frozen=True)
class User:
    """A user, or the decoy for an unknown user."""

    subject: str
    destinations: Destinations
    preferred: str
    locale: str
    masks: Mapping[str, str]  # the masked destinations for the app, by channel
    bound: str  # fingerprint of the verified destinations, also on channels that the deployment does not use
    decoy: bool


def read_user(event: Event, order: Sequence[Channel], salt: str) -> User:
    """Read the user from a trigger's event. `order` has the channels of the deployment.

    An unknown user becomes a decoy. Until the password is proven, a user without a destination becomes a
    decoy too: an error would show a stranger that the user name exists.
    """
    proven = events.password_was_proven(event)
    if not events.user_not_found(event):
        known = _user(events.attributes(event), order, salt, decoy=False, proven=proven)
        if known.subject and (known.destinations or proven):
            return known
    attributes = decoy_attributes(salt, events.user_name(event), order)
    return _user(attributes, order, salt, decoy=True, proven=proven)


def _user(
    attributes: Mapping[str, str], order: Sequence[Channel], salt: str, *, decoy: bool, proven: bool
) -> User:
    destinations = verified_destinations(attributes, order)
    return User(
        subject=attributes.get("sub", ""),
        destinations=destinations,
        # Before the password is proven, all users get the same masks: all channels in use, without addresses.
        masks={channel.name: d.masked for channel, d in destinations.items()}
        if proven
        else {channel.name: channel.blank_mask for channel in order},
        bound=fingerprint(attributes, salt, CHANNELS.values()),
        preferred=attributes.get("custom:otp_channel", ""),
        locale=attributes.get("locale", ""),
        decoy=decoy,
    )
