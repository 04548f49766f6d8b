"""One delivery from the queue to its user: render in their language, send, fall over to the next channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.words import cognito_words, email_layout, words_for
from passcode.adapters.ses import Mail
from passcode.adapters.sns import Texts
from passcode.token_service.challenge import kind_of, words_of
from passcode.token_service.code import RawCode
from passcode.token_service.refusal import Unavailable, Undeliverable
from token_service import cognito_message, message
from token_service.delivery import Delivery
from token_service.destination import Channel, Destination
from token_service.sealed import Sealed

Failed = Callable[[Channel, str, str], None]


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

    def send(self, delivery: Delivery, code: RawCode, now: int, failed: Failed) -> Sent | None:
        """Send `code` on the first channel that takes it; None if none does. Raises `Unavailable`.

        `failed` hears of each channel that does not take it, with the reason and the country of an SMS.
        """
        return _first(delivery.destinations, lambda to: self._send(to, delivery, code, now), failed)

    def send_cognitos(self, sealed: Sealed, secret: RawCode | None, now: int, failed: Failed) -> Sent | None:
        """The same for one of Cognito's own messages: a code, a temporary password, or a notice."""
        return _first(sealed.destinations, lambda to: self._send_cognitos(to, sealed, secret, now), failed)

    def _send(self, to: Destination, delivery: Delivery, code: RawCode, now: int) -> Sent:
        challenge = delivery.challenge
        words, purpose = words_for(delivery.locale, kind_of(challenge.purpose)), words_of(challenge.purpose)
        if to.channel is Channel.SMS:
            text = message.sms(words, code, app=self.app, host=self.host, purpose=purpose)
            return Sent(to.channel, self.texts.send(to.value, text, now))
        # What is left, not what there was: a resend may repeat a code that is minutes old. The way through
        # the queue takes a few seconds, and they should not turn five minutes into four.
        minutes = max(1, (challenge.expires_at - now + 10) // 60)
        mail = message.email(words, email_layout(), code, app=self.app, minutes=minutes, purpose=purpose)
        self.mail.send(to.value, mail)
        return Sent(to.channel)

    def _send_cognitos(self, to: Destination, sealed: Sealed, secret: RawCode | None, now: int) -> Sent:
        kind = cognito_message.kind_of(sealed)
        words, name = cognito_words(sealed.locale, kind), sealed.name
        if to.channel is Channel.SMS:
            host = "" if kind in (cognito_message.INVITATION, cognito_message.NOTICE) else self.host
            text = message.sms(words, secret, app=self.app, host=host, purpose=name)
            # What is answered is answered to Cognito, which does not tell.
            return Sent(to.channel, self.texts.send(to.value, text, now, heard_of=False))
        mail = message.email(words, email_layout(), secret, app=self.app, purpose=name)
        self.mail.send(to.value, mail)
        return Sent(to.channel)


def _first(
    destinations: Sequence[Destination], send: Callable[[Destination], Sent], failed: Failed
) -> Sent | None:
    for destination in destinations:
        try:
            return send(destination)
        except Undeliverable as why:
            failed(destination.channel, str(why), why.country)
        except Unavailable:
            failed(destination.channel, "unavailable", "")
            raise
    return None
