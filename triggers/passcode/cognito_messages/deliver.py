"""The delivery of Cognito's own messages, from the queue to the user."""

from collections.abc import Callable

from passcode.channels.channel import Channel, MessageContent
from passcode.cognito_messages.message import INVITATION, NOTICE, CognitoMessage, is_too_old, kind_of
from passcode.delivery.dispatcher import Dispatcher
from passcode.texts.catalogue import cognito_message_texts
from passcode.token_service.challenge import Code
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry


def deliver_cognito_message(
    message: CognitoMessage,
    make_decryptor: Callable[[], Callable[[str], Code]],
    dispatcher: Dispatcher,
    telemetry: Telemetry,
    now: int,
) -> None:
    """Send one of Cognito's own messages. `now` is in seconds since the epoch.

    `make_decryptor` returns the function that decrypts a secret. It is called only for a message with a
    secret. Raises `Unavailable` or `DecryptionFailed` if the queue has to deliver the message again.
    """
    telemetry.set_context(message.subject)
    if is_too_old(message, now):
        telemetry.count("send_failed", channel=message.channel.name, reason="expired")
        raise Unavailable("the code was too old to be sent")

    def failed(channel: Channel, reason: str, country: str = "") -> None:
        telemetry.not_deliverable(channel.name, reason, country, source=message.source)

    if not message.destinations:
        failed(message.channel, "no_address")
        return
    secret = make_decryptor()(message.ciphertext) if message.ciphertext else None
    kind = kind_of(message)
    content = MessageContent(
        texts=cognito_message_texts(message.locale, kind),
        code=secret,
        app=dispatcher.app,
        host="" if kind in (INVITATION, NOTICE) else dispatcher.host,
        purpose=message.name,
    )
    # A stranger can request one. The user answers to Cognito, which does not report it to this stack.
    about = {"is_open_class": True, "counts_as_unanswered": False}
    sent = dispatcher.send(message.destinations, lambda _: content, now, failed, **about)
    if sent:
        channel, accepted = sent
        telemetry.sent(channel.name, accepted.country, source=message.source)
