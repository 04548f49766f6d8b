"""One of Cognito's own messages on its way from the queue to its user."""

from collections.abc import Callable

from passcode.channels.channel import Channel, Destination
from passcode.channels.email import render_email
from passcode.channels.sms import render_sms
from passcode.cognito_messages.message import INVITATION, NOTICE, CognitoMessage, is_too_old, kind_of
from passcode.delivery.dispatcher import Dispatcher, send_to_first
from passcode.delivery.gateway import Taken
from passcode.texts.catalogue import cognito_message_texts, email_layout
from passcode.token_service.code import Code
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry


def deliver_cognito_message(
    message: CognitoMessage,
    opener: Callable[[], Callable[[str], Code]],
    sender: Dispatcher,
    telemetry: Telemetry,
    now: int,
) -> None:
    """Send a message of Cognito's. Raises `Unavailable` or `DecryptionFailed` if it is to be tried again.

    `opener` is asked for what opens secrets only if there is one.
    """
    telemetry.set_context(message.subject)
    if is_too_old(message, now):
        telemetry.count("send_failed", channel=message.channel.value, reason="expired")
        raise Unavailable("the code was too old to be sent")

    def failed(channel: Channel, reason: str, country: str = "") -> None:
        telemetry.not_deliverable(channel.value, reason, country, source=message.source)

    if not message.destinations:
        failed(message.channel, "no_address")
        return
    secret = opener()(message.ciphertext) if message.ciphertext else None
    sent = send_to_first(message.destinations, lambda to: _send(sender, to, message, secret, now), failed)
    if sent:
        telemetry.sent(sent.channel.value, sent.country, source=message.source)


def _send(
    sender: Dispatcher, to: Destination, message: CognitoMessage, secret: Code | None, now: int
) -> Taken:
    kind = kind_of(message)
    words, name = cognito_message_texts(message.locale, kind), message.name
    if to.channel is Channel.SMS:
        host = "" if kind in (INVITATION, NOTICE) else sender.host
        text = render_sms(words, secret, app=sender.app, host=host, purpose=name)
        # Cognito gets the answer, and does not log it.
        return Taken(to.channel, sender.texts.send(to.value, text, now, counts_as_unanswered=False))
    mail = render_email(words, email_layout(), secret, app=sender.app, purpose=name)
    sender.mail.send(to.value, mail)
    return Taken(to.channel)
