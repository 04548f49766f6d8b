"""The delivery of Cognito's own messages, from the queue to the user."""

from collections.abc import Callable

from passcode.channels.channel import MessageContent
from passcode.cognito_messages.message import INVITATION, NOTICE, CognitoMessage, is_too_old, kind_of
from passcode.delivery.dispatcher import Dispatcher, Receive, Undeliverable
from passcode.texts.catalogue import cognito_message_texts
from passcode.token_service.challenge import Code
from passcode.token_service.telemetry import Telemetry


def deliver_cognito_message(
    message: CognitoMessage,
    make_decryptor: Callable[[], Callable[[str], Code]],
    dispatcher: Dispatcher,
    telemetry: Telemetry,
    receive: Receive,
) -> None:
    """Send one of Cognito's own messages.

    `make_decryptor` returns the function that decrypts a secret. It is called only for a message with a
    secret. Raises `Unavailable` if the queue has to deliver the message again, and `Undeliverable` if that
    cannot help.
    """
    telemetry.set_context(message.subject)
    if is_too_old(message, receive.now):
        telemetry.not_deliverable(message.channel.name, "expired", source=message.source)
        raise Undeliverable("the code was too old to be sent")
    if not message.destinations:
        reason = message.fault or "no_address"
        telemetry.not_deliverable(message.channel.name, reason, source=message.source)
        raise Undeliverable("the message has no address")
    secret = make_decryptor()(message.ciphertext) if message.ciphertext else None
    kind = kind_of(message)
    # An invited user has requested nothing, and the text of a notice says that it has no links.
    is_requested = kind not in (INVITATION, NOTICE)
    content = MessageContent(
        texts=cognito_message_texts(message.locale, kind, dispatcher.default_locale),
        code=secret,
        app=dispatcher.app,
        host=dispatcher.host if is_requested else "",
        purpose=message.name,
        requested_at=message.requested_at if is_requested else 0,
        support_url=dispatcher.support_url if is_requested else "",
        mail=dispatcher.mail,
    )
    dispatcher.send(
        message.destinations,
        lambda _: content,
        receive,
        telemetry,
        # A stranger can request one. The user answers to Cognito, which does not report it to this stack.
        is_open_class=True,
        counts_as_unanswered=False,
        delivery_id=message.id,
        source=message.source,
    )
