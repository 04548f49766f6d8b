"""One of Cognito's own messages on its way from the queue to its user."""

from collections.abc import Callable

from passcode.channels.channel import Channel, MessageContent
from passcode.cognito_messages.message import INVITATION, NOTICE, Sealed, is_too_old, kind_of
from passcode.delivery.dispatcher import Dispatcher
from passcode.texts.catalogue import cognito_message_texts
from passcode.token_service.code import RawCode
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry


def deliver_cognitos(
    sealed: Sealed,
    opener: Callable[[], Callable[[str], RawCode]],
    dispatcher: Dispatcher,
    tell: Telemetry,
    now: int,
) -> None:
    """Send one of Cognito's own messages. Raises `Unavailable` or `NotOpened` if it is to be tried again.

    `opener` is asked for what opens secrets only if there is one.
    """
    tell.about(sealed.subject)
    if is_too_old(sealed, now):
        tell.count("send_failed", channel=sealed.channel.name, reason="expired")
        raise Unavailable("the code was too old to be sent")

    def failed(channel: Channel, reason: str, country: str = "") -> None:
        tell.not_deliverable(channel.name, reason, country, source=sealed.source)

    if not sealed.destinations:
        failed(sealed.channel, "no_address")
        return
    secret = opener()(sealed.sealed) if sealed.sealed else None
    kind = kind_of(sealed)
    content = MessageContent(
        texts=cognito_message_texts(sealed.locale, kind),
        code=secret,
        app=dispatcher.app,
        host="" if kind in (INVITATION, NOTICE) else dispatcher.host,
        purpose=sealed.name,
    )
    # The user answers to Cognito, and Cognito does not say so.
    sent = dispatcher.send(sealed.destinations, content, now, failed, counts_as_unanswered=False)
    if sent:
        channel, taken = sent
        tell.sent(channel.name, taken.country, source=sealed.source)
