"""The channels by name. To add one, write its module and add its line here."""

from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.channels.voice import VOICE

CHANNELS: dict[str, Channel] = {
    channel.name: channel
    for channel in (
        EMAIL,
        SMS,
        VOICE,
    )
}
