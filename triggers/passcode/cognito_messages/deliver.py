"""One of Cognito's own messages on its way from the queue to its user."""

from collections.abc import Callable

from passcode.channels.channel import Channel, Destination
from passcode.channels.email import render_email
from passcode.channels.sms import render_sms
from passcode.cognito_messages.message import INVITATION, NOTICE, Sealed, is_too_old, kind_of
from passcode.delivery.dispatcher import Sender, send_to_first
from passcode.delivery.gateway import Sent
from passcode.texts.catalogue import cognito_message_texts, email_layout
from passcode.token_service.code import RawCode
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry


def deliver_cognitos(
    sealed: Sealed,
    opener: Callable[[], Callable[[str], RawCode]],
    sender: Sender,
    tell: Telemetry,
    now: int,
) -> None:
    """Send one of Cognito's own messages. Raises `Unavailable` or `NotOpened` if it is to be tried again.

    `opener` is asked for what opens secrets only if there is one.
    """
    tell.about(sealed.subject)
    if is_too_old(sealed, now):
        tell.count("send_failed", channel=sealed.channel.value, reason="expired")
        raise Unavailable("the code was too old to be sent")

    def failed(channel: Channel, reason: str, country: str = "") -> None:
        tell.not_deliverable(channel.value, reason, country, source=sealed.source)

    if not sealed.destinations:
        failed(sealed.channel, "no_address")
        return
    secret = opener()(sealed.sealed) if sealed.sealed else None
    sent = send_to_first(sealed.destinations, lambda to: _send(sender, to, sealed, secret, now), failed)
    if sent:
        tell.sent(sent.channel.value, sent.country, source=sealed.source)


def _send(sender: Sender, to: Destination, sealed: Sealed, secret: RawCode | None, now: int) -> Sent:
    kind = kind_of(sealed)
    words, name = cognito_message_texts(sealed.locale, kind), sealed.name
    if to.channel is Channel.SMS:
        host = "" if kind in (INVITATION, NOTICE) else sender.host
        text = render_sms(words, secret, app=sender.app, host=host, purpose=name)
        # What is answered is answered to Cognito, which does not tell.
        return Sent(to.channel, sender.texts.send(to.value, text, now, heard_of=False))
    mail = render_email(words, email_layout(), secret, app=sender.app, purpose=name)
    sender.mail.send(to.value, mail)
    return Sent(to.channel)
