"""One delivery from the queue: render it in the user's language, send it, fall back to the next channel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from passcode.channels.channel import Channel, Destination, MessageContent, destination_id
from passcode.delivery.envelope import CHANGED, ChangeNotice, Delivery
from passcode.delivery.gateway import Gateway, NotTaken, Outgoing, Taken
from passcode.texts.catalogue import message_texts, notice_texts
from passcode.token_service.challenge import derive_code, is_open_class, kind_of, words_of
from passcode.token_service.policy import LONG_DIGITS
from passcode.token_service.refusal import Unavailable
from passcode.token_service.store import CodeMac
from passcode.token_service.telemetry import Telemetry

Failed = Callable[[Channel, str, str], None]


@dataclass(frozen=True)
class Dispatcher:
    """Renders and sends messages. `gateways` has the gateways by name, `host` is that of the sign-in page."""

    gateways: Mapping[str, Gateway]
    app: str
    host: str

    def send(
        self,
        destinations: Sequence[Destination],
        content: Callable[[Destination], MessageContent],
        now: int,
        failed: Failed,
        *,
        is_open_class: bool,
        counts_as_unanswered: bool = True,
    ) -> tuple[Channel, Taken] | None:
        """Send a message to the first destination whose gateway takes it. Returns None if no gateway does.

        `content` returns the content for a destination, because each destination has its code. Calls
        `failed` with the channel, the reason and the country for each channel that does not take it. The
        country is empty if the channel is not billed by country. `now` is in seconds since the epoch.
        `is_open_class` is True if a stranger can request the message.
        Raises `Unavailable` if the queue has to deliver the message again.
        """
        for number, destination in enumerate(destinations):
            channel = destination.channel
            message = channel.render(content(destination))
            result = self._gateway(channel).send(
                Outgoing(destination.value, message, now, is_open_class, number > 0, counts_as_unanswered)
            )
            if isinstance(result, Taken):
                return channel, result
            if not (isinstance(result, NotTaken) and result.final):
                failed(channel, "unavailable", "")
                raise Unavailable(result.reason)
            failed(channel, result.reason, result.country)
        return None

    def _gateway(self, channel: Channel) -> Gateway:
        """Return the first gateway for `channel`. Raises LookupError if there is none."""
        for gateway in self.gateways.values():
            if gateway.channel is channel:
                return gateway
        raise LookupError(f"no gateway sends on the channel {channel.name}")


def deliver(
    delivery: Delivery, code_mac: CodeMac, salt: str, dispatcher: Dispatcher, telemetry: Telemetry, now: int
) -> None:
    """Send the code of one delivery. `now` is in seconds since the epoch, `salt` is that of the deployment.

    A decoy gets no message. Raises `Unavailable` if the queue has to deliver the message again, and
    ValueError for a challenge that the token service cannot have issued.
    """
    challenge = delivery.challenge
    telemetry.set_context(challenge.subject, challenge)
    if challenge.decoy:
        telemetry.count("decoys")
        return
    if now >= challenge.expires_at:
        # The code expired before a gateway accepted the message. After this error, SQS moves the message to
        # the dead-letter queue, and the alarm of that queue fires.
        telemetry.count("send_failed", channel=challenge.channel, reason="expired")
        raise Unavailable("the code expired before it could be sent")

    if not challenge.is_plausible(now):
        # Otherwise a principal that can write to the queue could have any text sent.
        raise ValueError("the token service has not issued this challenge")

    def failed(channel: Channel, reason: str, country: str) -> None:
        telemetry.not_deliverable(channel.name, reason, country)

    mac, kind = code_mac(challenge.mac_message()), kind_of(challenge.purpose)

    def content(to: Destination) -> MessageContent:
        return MessageContent(
            texts=message_texts(delivery.locale, kind),
            code=derive_code(mac, to.channel.name, destination_id(to, salt), challenge.digits),
            app=dispatcher.app,
            host=dispatcher.host,
            # The remaining time, because a resend may repeat a code that is minutes old. The 10 seconds are
            # for the time in the queue. Without them, a code of five minutes would show four minutes.
            minutes=max(1, (challenge.expires_at - now + 10) // 60),
            purpose=words_of(challenge.purpose),
            in_groups=challenge.digits == LONG_DIGITS,
        )

    sent = dispatcher.send(delivery.destinations, content, now, failed, is_open_class=is_open_class(kind))
    if sent:
        channel, accepted = sent
        telemetry.sent(channel.name, accepted.country)


def deliver_notice(notice: ChangeNotice, dispatcher: Dispatcher, telemetry: Telemetry, now: int) -> None:
    """Send the notice of a changed address. `now` is in seconds since the epoch.

    Raises `Unavailable` if the queue has to deliver the message again.
    """
    telemetry.set_context(notice.subject)

    def failed(channel: Channel, reason: str, country: str) -> None:
        telemetry.not_deliverable(channel.name, reason, country, source=CHANGED)

    texts = notice_texts(notice.locale, notice.channel.attribute)
    content = MessageContent(texts=texts, code=None, app=dispatcher.app)
    # The user answers no notice, so it is not one of the unanswered SMS that show an attack. A stranger's
    # request can be the one that shows the change, so the notice has no share of the reserve.
    sent = dispatcher.send(
        notice.destinations,
        lambda _: content,
        now,
        failed,
        is_open_class=True,
        counts_as_unanswered=False,
    )
    if sent:
        channel, accepted = sent
        telemetry.sent(channel.name, accepted.country, source=CHANGED)
        telemetry.count("notices", channel=channel.name)
