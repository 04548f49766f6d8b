"""What stands in for a user who does not exist, so that the rest of the code cannot tell the difference.

A made-up user gets attributes like a real one's and then takes the very same path: same writes, same queue,
same answer. They are the same each time for the same name, and follow from a salt that no outsider sees, so
that nobody can compute what a name would get and compare (peers: the AWS sample's fake phone number).
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from passcode.channels.channel import Channel

# Of 256.
_RARELY, _SOMETIMES = 16, 64


def decoy_attributes(salt: str, name: str, order: Sequence[Channel]) -> Mapping[str, str]:
    """The attributes of nobody: verified on the first channel in use, and with luck on the others.

    As users mostly are. But every set of channels that a user can have, some decoy has too, and so with every
    wish: one that only users had would name them.

    The addresses are the channels' decoy values. No message is ever sent to them.
    """
    # One subject for every way to write a name, as in a pool that ignores case: one budget, not many.
    digest = hmac.digest(salt.encode(), name.casefold().encode(), hashlib.sha256)
    attributes = {"sub": _uuid(digest[:16])}
    others = [channel for place, channel in enumerate(order[1:]) if digest[16] >> place & 1]
    only_others = others and digest[17] < _RARELY
    for channel in others if only_others else [order[0], *others]:
        attributes |= {channel.attribute: channel.decoy_value, channel.verified_attribute: "true"}
    wish = others[0].name if others and digest[18] < _SOMETIMES else ""
    return attributes | {"custom:otp_channel": wish}


def _uuid(raw: bytes) -> str:
    """16 bytes in the shape of Cognito's `sub`."""
    digits = bytes([*raw[:6], raw[6] & 0x0F | 0x40, raw[7], raw[8] & 0x3F | 0x80, *raw[9:]]).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
