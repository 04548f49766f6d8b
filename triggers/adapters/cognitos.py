"""One of Cognito's own messages on its way from the queue to its user."""

from collections.abc import Callable

from adapters.sender import Sender
from passcode.adapters.telemetry import Telemetry
from passcode.token_service.code import RawCode
from passcode.token_service.refusal import Unavailable
from token_service.cognito_message import is_too_old
from token_service.destination import Channel
from token_service.sealed import Sealed


def deliver_cognitos(
    sealed: Sealed, opener: Callable[[], Callable[[str], RawCode]], sender: Sender, tell: Telemetry, now: int
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
    sent = sender.send_cognitos(sealed, secret, now, failed)
    if sent:
        tell.sent(sent.channel.value, sent.country, source=sealed.source)
