"""One delivery from the queue to its user: render in their language, send, fall over to the next channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from passcode.channels.channel import Channel, Destination
from passcode.channels.email import render_email
from passcode.channels.sms import render_sms
from passcode.delivery.envelope import Delivery
from passcode.delivery.gateway import EmailGateway, NotTaken, Taken
from passcode.delivery.sms_limits import LimitedSms
from passcode.texts.catalogue import email_layout, message_texts
from passcode.token_service.challenge import kind_of, words_of
from passcode.token_service.code import Code, code_from_mac
from passcode.token_service.refusal import Unavailable
from passcode.token_service.store import CodeMac
from passcode.token_service.telemetry import Telemetry

Failed = Callable[[Channel, str, str], None]


@dataclass(frozen=True)
class Dispatcher:
    """Renders and sends codes. `host` is the sign-in page's, for the last line of an SMS."""

    mail: EmailGateway
    texts: LimitedSms
    app: str
    host: str

    def send(self, delivery: Delivery, code: Code, now: int, failed: Failed) -> Taken | None:
        """Send `code` on the first channel that takes it; None if none does. Raises `Unavailable`.

        `failed` hears of each channel that does not take it, with the reason and the country of an SMS.
        """
        return send_to_first(delivery.destinations, lambda to: self._send(to, delivery, code, now), failed)

    def _send(self, to: Destination, delivery: Delivery, code: Code, now: int) -> Taken:
        challenge = delivery.challenge
        words, purpose = (
            message_texts(delivery.locale, kind_of(challenge.purpose)),
            words_of(challenge.purpose),
        )
        if to.channel is Channel.SMS:
            text = render_sms(words, code, app=self.app, host=self.host, purpose=purpose)
            return Taken(to.channel, self.texts.send(to.value, text, now))
        # What is left, not what there was: a resend may repeat a code that is minutes old. The way through
        # the queue takes a few seconds, and they should not turn five minutes into four.
        minutes = max(1, (challenge.expires_at - now + 10) // 60)
        mail = render_email(words, email_layout(), code, app=self.app, minutes=minutes, purpose=purpose)
        self.mail.send(to.value, mail)
        return Taken(to.channel)


def send_to_first(
    destinations: Sequence[Destination], send: Callable[[Destination], Taken], failed: Failed
) -> Taken | None:
    """Send to the first of `destinations` that takes the message; None if none does. Raises `Unavailable`.

    `failed` hears of each channel that does not take it, with the reason and the country of an SMS.
    """
    for destination in destinations:
        try:
            return send(destination)
        except NotTaken as why:
            failed(destination.channel, str(why), why.country)
        except Unavailable:
            failed(destination.channel, "unavailable", "")
            raise
    return None


def deliver(
    delivery: Delivery, code_mac: CodeMac, digits: int, sender: Dispatcher, telemetry: Telemetry, now: int
) -> None:
    """Send the code of one delivery. Raises `Unavailable` if it is to be tried again."""
    challenge = delivery.challenge
    telemetry.set_context(challenge.subject, challenge)
    if challenge.decoy:
        telemetry.count("decoys")
        return
    if now >= challenge.expires_at:
        # Tried until the code's life was over. It goes on to the dead letters, and the alarm there.
        telemetry.count("send_failed", channel=challenge.channel, reason="expired")
        raise Unavailable("the code expired before it could be sent")

    def failed(channel: Channel, reason: str, country: str) -> None:
        telemetry.not_deliverable(channel.value, reason, country)

    code = code_from_mac(code_mac(challenge.mac_message()), digits)
    sent = sender.send(delivery, code, now, failed)
    if sent:
        telemetry.sent(sent.channel.value, sent.country)
