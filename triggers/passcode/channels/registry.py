"""The channels by name. To add one, write its module and add its line here.

Add a new line at the end, because the fingerprint of a user's destinations depends on this order. A change of
the order would make open challenges invalid.
"""

from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS

CHANNELS: dict[str, Channel] = {
    channel.name: channel
    for channel in (
        EMAIL,
        SMS,
    )
}
