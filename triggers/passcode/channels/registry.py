"""The channels of this product by name. To add one, write its file and add its line here.

Add a new line at the end: open challenges are bound to the destinations of a user in this order.
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
