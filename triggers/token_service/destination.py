"""Where a code can go: email addresses and phone numbers, which of them count, and how they are shown."""

from collections.abc import Sequence

from passcode.channels.channel import Channel, Destination


def pack(destinations: Sequence[Destination]) -> list[list[str]]:
    """Destinations as they stand on the queue, which is encrypted: the one place outside a message."""
    return [[d.channel.value, d.value] for d in destinations]


def unpack(pairs: Sequence[Sequence[str]]) -> tuple[Destination, ...]:
    """What `pack` made. Raises ValueError if it is none of ours."""
    return tuple(Destination(Channel(channel), value) for channel, value in pairs)
