"""Decoys: attributes for unknown users, so that known and unknown users look alike.

A decoy gets attributes like those of a user. After that, the same code runs for both: the same writes, the
same queue, the same response. One name always gives the same attributes. They depend on a secret salt, so
that an attacker cannot compute the attributes of a name and compare them.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from passcode.channels.channel import PREFERENCE, Channel

# Out of 256 names.
_RARELY, _SOMETIMES = 16, 64


def decoy_attributes(salt: str, name: str, order: Sequence[Channel]) -> Mapping[str, str]:
    """Return the attributes of the decoy for `name`. `order` has the channels of the deployment.

    Most decoys have the address of the first channel, and some those of the others, as most users do. Each
    set of addresses and each preferred channel that a user can have occurs among decoys too. The response
    does not show them. The addresses are the channels' decoy values. No message is ever sent to them.
    """
    # Upper and lower case give one subject, as in a pool that ignores case: Cognito changes names to lower
    # case ("User pool case sensitivity"). `casefold` would also join names that are two users, such as those
    # with "ß" and "ss". Two unknown names with one cooldown would then differ from two users.
    digest = hmac.digest(salt.encode(), name.lower().encode(), hashlib.sha256)
    attributes = {"sub": _uuid(digest[:16])}
    # Several channels can reach one address.
    first, *rest = dict.fromkeys(channel.attribute for channel in order)
    others = [attribute for place, attribute in enumerate(rest) if digest[16] >> place & 1]
    only_others = others and digest[17] < _RARELY
    verified = others if only_others else [first, *others]
    reached = [channel for channel in order if channel.attribute in verified]
    for channel in reached:
        attributes |= {channel.attribute: channel.decoy_value, channel.verified_attribute: "true"}
    later = [channel.name for channel in reached if channel is not order[0]]
    preferred = later[digest[19] % len(later)] if later and digest[18] < _SOMETIMES else ""
    return attributes | {PREFERENCE: preferred}


def _uuid(raw: bytes) -> str:
    """Return 16 bytes in the format of Cognito's `sub` (UUID version 4)."""
    digits = bytes([*raw[:6], raw[6] & 0x0F | 0x40, raw[7], raw[8] & 0x3F | 0x80, *raw[9:]]).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
