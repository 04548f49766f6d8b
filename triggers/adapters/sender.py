"""One delivery from the queue to its user: render in their language, send, fall over to the next channel."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.mail import Mail
from adapters.sms import Texts
from adapters.words import email_layout, words_for
from token_service import message
from token_service.code import RawCode
from token_service.delivery import Delivery
from token_service.destination import Channel, Destination
from token_service.refusal import Unavailable, Undeliverable


@dataclass(frozen=True)
class Sent:
    """The channel that took the message, and the country of an SMS."""

    channel: Channel
    country: str = ""


@dataclass(frozen=True)
class Sender:
    """Renders and sends codes. `host` is the sign-in page's, for the last line of an SMS."""

    mail: Mail
    texts: Texts
    app: str
    host: str

    def send(
        self, delivery: Delivery, code: RawCode, now: int, failed: Callable[[Channel, str, str], None]
    ) -> Sent | None:
        """Send `code` on the first channel that takes it; None if none does. Raises `Unavailable`.

        `failed` hears of each channel that does not take it, with the reason and the country of an SMS.
        """
        for destination in delivery.destinations:
            try:
                return self._send(destination, delivery, code, now)
            except Undeliverable as why:
                failed(destination.channel, str(why), why.country)
            except Unavailable:
                failed(destination.channel, "unavailable", "")
                raise
        return None

    def _send(self, to: Destination, delivery: Delivery, code: RawCode, now: int) -> Sent:
        words = words_for(delivery.locale)
        if to.channel is Channel.SMS:
            text = message.sms(words, code, app=self.app, host=self.host)
            return Sent(to.channel, self.texts.send(to.value, text, now))
        # What is left, not what there was: a resend may repeat a code that is minutes old. The way through
        # the queue takes a few seconds, and they should not turn five minutes into four.
        minutes = max(1, (delivery.challenge.expires_at - now + 10) // 60)
        self.mail.send(to.value, message.email(words, email_layout(), code, app=self.app, minutes=minutes))
        return Sent(to.channel)
