"""One delivery from the queue: render it in the user's language, send it, fall back to the next channel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from passcode.channels.channel import Channel, Destination, MailBrand, MessageContent, destination_id
from passcode.delivery.envelope import CHANGED, ChangeNotice, Delivery
from passcode.delivery.gateway import Gateway, NotTaken, Outgoing, SendResult, Taken, Unknown
from passcode.texts.catalogue import message_texts, minutes_left, notice_texts
from passcode.token_service.challenge import derive_code, is_open_class, kind_of, record_key, words_of
from passcode.token_service.issue import kept_id
from passcode.token_service.policy import LONG_DIGITS
from passcode.token_service.refusal import PasscodeError, Unavailable
from passcode.token_service.store import CodeMac
from passcode.token_service.telemetry import Telemetry

# The waits before each attempt at one gateway, in seconds. Most throttling is over after one of them.
_WAITS = (0.0, 0.2, 0.6)
# With less time until the time-out of the function, no attempt is started: two writes of the limits with two
# attempts of one second each, the gateway with 6.5 seconds, and the report to the queue.
ATTEMPT_SECONDS = 12.0
# A circuit opens after this number of messages in a row that the gateway did not take. It stays open for this
# number of seconds.
_FAILURES = 2
_PROBE_SECONDS = 30


class Undeliverable(PasscodeError):
    """No gateway took the message, and a retry cannot help. The queue must not deliver it again.

    The text has the reason, and never an address.
    """


class InvalidBody(Undeliverable):
    """The body of the message is not from this stack."""


@dataclass(frozen=True)
class Receive:
    """One receive of a message from the queue.

    `now` is the time in seconds since the epoch. `count` is 1 for the first receive. `seconds_left` returns
    the seconds until the time-out of the function.
    """

    now: int
    count: int
    seconds_left: Callable[[], float]


@dataclass
class Circuit:
    """The last failures of one gateway, as this container saw them.

    While it is open, messages with another destination do not wait for the gateway. After 30 seconds the
    next message probes it.
    """

    failures: int = 0
    probe_at: int = 0

    def is_open(self, now: int) -> bool:
        """Return True if other destinations come first. `now` is in seconds since the epoch."""
        return self.failures >= _FAILURES and now < self.probe_at

    def record(self, result: SendResult, now: int) -> None:
        """Record the result of one message."""
        if isinstance(result, Taken):
            self.failures = 0
        elif isinstance(result, Unknown) or (result.is_gateway_failure and not result.final):
            self.failures += 1
            self.probe_at = now + _PROBE_SECONDS


@dataclass(frozen=True)
class Dispatcher:
    """Renders and sends messages.

    `gateways` has the gateways by name, `host` is that of the sign-in page. `sleep` waits, in seconds.
    `default_locale` is the locale of a message for a user whose languages have no catalogue. `mail` is the
    look of emails, and `support_url` the address for users who did not request a message, or empty.
    """

    gateways: Mapping[str, Gateway]
    app: str
    host: str
    sleep: Callable[[float], None]
    circuits: dict[str, Circuit] = field(default_factory=dict)
    default_locale: str = "en"
    mail: MailBrand = field(default_factory=MailBrand)
    support_url: str = ""

    def send(
        self,
        destinations: Sequence[Destination],
        content: Callable[[Destination], MessageContent],
        receive: Receive,
        telemetry: Telemetry,
        *,
        is_open_class: bool,
        counts_as_unanswered: bool = True,
        expires_at: int = 0,
        record_key: str = "",
        delivery_id: str = "",
        id_of: Callable[[Destination], str] = lambda _: "",
        **details: str,
    ) -> Channel:
        """Send a message to the first destination whose gateway takes it. Returns the channel of it.

        `content` returns the content for a destination, because each destination has its code.
        `id_of` returns the id of a destination in the record `record_key`. `details` are for the log, and the
        other parameters are fields of `Outgoing`. Raises `Unavailable` if the queue has to deliver the
        message again, and `Undeliverable` if that cannot help.
        """
        results: dict[Destination, NotTaken | Unknown] = {}
        for to in self._ranked(destinations, receive.now):
            if _may_have_it(to, results):
                continue
            shown = content(to)
            outgoing = Outgoing(
                to.value,
                to.channel.render(shown),
                receive.now,
                is_open_class,
                is_fallback=to is not destinations[0],
                counts_as_unanswered=counts_as_unanswered,
                expires_at=expires_at,
                digits=_digits_alone(shown),
                language=shown.texts.get("lang", ""),
                record_key=record_key,
                delivery_id=delivery_id,
                destination_id=id_of(to),
            )
            if isinstance(result := self._try(to.channel, outgoing, receive), Taken):
                telemetry.sent(to.channel.name, result.country, **details)
                return to.channel
            _log(to.channel, result, telemetry, details)
            results[to] = result
        raise _outcome(results)

    def _ranked(self, destinations: Sequence[Destination], now: int) -> list[Destination]:
        # A destination whose circuit is open comes last. If it is the only one, it is tried all the same: the
        # user must not wait for the probe.
        return sorted(destinations, key=lambda to: self._circuit(to.channel).is_open(now))

    def _try(self, channel: Channel, outgoing: Outgoing[Any], receive: Receive) -> SendResult:
        """Send to one gateway, again if it certainly did not take the message and may take it later."""
        gateway, circuit = self._gateway(channel)[1], self._circuit(channel)
        if gateway is None:
            # `voice` is in ChannelOrder, for example, and SmsOptions has no number that can call.
            return NotTaken("no_gateway", final=True, is_gateway_failure=False, is_account_wide=True)
        result: SendResult = NotTaken("there is not enough time", final=False, is_gateway_failure=False)
        for wait in _WAITS:
            if receive.seconds_left() < ATTEMPT_SECONDS + wait:
                break
            if wait:
                self.sleep(wait)
            result = gateway.send(outgoing)
            if not isinstance(result, NotTaken) or result.final:
                break
        circuit.record(result, receive.now)
        return result

    def _circuit(self, channel: Channel) -> Circuit:
        return self.circuits.setdefault(self._gateway(channel)[0], Circuit())

    def _gateway(self, channel: Channel) -> tuple[str, Gateway | None]:
        """Return the name of the first gateway for `channel`, and itself; ("", None) if there is none."""
        for name, gateway in self.gateways.items():
            if gateway.channel is channel:
                return name, gateway
        return "", None


def _may_have_it(to: Destination, results: Mapping[Destination, NotTaken | Unknown]) -> bool:
    """Return True if this number may already have the message, so that a call would repeat it."""
    return any(to.value == other.value and isinstance(result, Unknown) for other, result in results.items())


def _digits_alone(content: MessageContent) -> str:
    """Return the code of a message that may contain the code alone; empty for any other message.

    A code for a purpose approves something, such as a payment, so its message names the purpose. A temporary
    password, which has no host, is no code.
    """
    is_code_alone = content.code is not None and content.host and not content.purpose
    return content.code.reveal() if content.code and is_code_alone else ""


def _log(
    channel: Channel, result: NotTaken | Unknown, telemetry: Telemetry, details: Mapping[str, str]
) -> None:
    if isinstance(result, NotTaken) and result.is_account_wide:
        telemetry.count("gateway_stopped", channel=channel.name)
    if isinstance(result, Unknown):
        telemetry.not_deliverable(channel.name, "unknown", why=result.reason, **details)
    elif result.final:
        details = {**details, "why": result.detail} if result.detail else details
        telemetry.not_deliverable(channel.name, result.reason, result.country, **details)
    else:
        telemetry.not_deliverable(channel.name, "unavailable", why=result.reason, **details)


def _outcome(results: Mapping[Destination, NotTaken | Unknown]) -> PasscodeError:
    """Return the error for a message that no gateway took."""
    unknown = [to for to, result in results.items() if isinstance(result, Unknown)]
    if any(to.channel.billed_by_country for to in unknown):
        # A retry could send, and bill, the same message several times.
        return Undeliverable("a message that may have been sent is not repeated on this channel")
    for result in results.values():
        if isinstance(result, Unknown) or not result.final:
            return Unavailable(result.reason)
    return Undeliverable("no channel takes the message")


@dataclass(frozen=True)
class NewerMessages:
    """Finds out whether a newer message of the same user and kind was sent.

    `read` returns the time of the newest message of a record, in seconds since the epoch, by the record's
    key; 0 if there is none. It raises `Unavailable`. `cooldown` is the least time between two messages, in
    seconds.
    """

    read: Callable[[str], int]
    cooldown: int

    def supersede(self, delivery: Delivery, receive: Receive) -> bool:
        """Return True if a newer message was sent. The first receive reads nothing, and so costs no read."""
        if receive.count <= 1 or receive.now < delivery.sent_at + self.cooldown:
            return False
        challenge = delivery.challenge
        return self.read(record_key(challenge.purpose, challenge.subject)) > delivery.sent_at


def deliver(
    delivery: Delivery,
    code_mac: CodeMac,
    salt: str,
    dispatcher: Dispatcher,
    telemetry: Telemetry,
    receive: Receive,
    newer: NewerMessages,
) -> None:
    """Send the code of one delivery. `salt` is that of the deployment.

    A decoy gets no message. A retry sends nothing after a newer message. Raises `Unavailable` if the queue
    has to deliver the message again, `Undeliverable` if that cannot help, and `InvalidBody` for a challenge
    that the token service cannot have issued.
    """
    challenge, now = delivery.challenge, receive.now
    telemetry.set_context(challenge.subject, challenge)
    if challenge.decoy:
        telemetry.count("decoys")
        return
    if now >= challenge.expires_at:
        telemetry.not_deliverable(challenge.channel, "expired")
        raise Undeliverable("the code expired before it could be sent")

    if not challenge.is_plausible(now):
        # Otherwise a principal that can write to the queue could have any text sent.
        raise InvalidBody("the token service has not issued this challenge")
    if newer.supersede(delivery, receive):
        # Two messages of one user must not arrive within the cooldown.
        telemetry.count("superseded")
        telemetry.log.info("superseded")
        return

    mac = code_mac(challenge.mac_message())
    dispatcher.send(
        delivery.destinations,
        lambda to: _content(delivery, to, mac, salt, dispatcher, now),
        receive,
        telemetry,
        is_open_class=is_open_class(kind_of(challenge.purpose)),
        expires_at=challenge.expires_at,
        record_key=record_key(challenge.purpose, challenge.subject),
        delivery_id=delivery.id,
        id_of=lambda to: kept_id(destination_id(to, salt)),
    )


def _content(
    delivery: Delivery, to: Destination, mac: bytes, salt: str, dispatcher: Dispatcher, now: int
) -> MessageContent:
    challenge = delivery.challenge
    return MessageContent(
        texts=message_texts(
            delivery.locale, kind_of(challenge.purpose), dispatcher.default_locale, to.channel.locales
        ),
        code=derive_code(mac, to.channel.name, destination_id(to, salt), challenge.digits),
        app=dispatcher.app,
        host=dispatcher.host,
        # The remaining time, because a resend may repeat a code that is minutes old.
        minutes=minutes_left(challenge.expires_at - now),
        purpose=words_of(challenge.purpose),
        in_groups=challenge.digits == LONG_DIGITS,
        requested_at=delivery.sent_at,
        support_url=dispatcher.support_url,
        mail=dispatcher.mail,
    )


class NoticeClaims(Protocol):
    """The port to the claims of notices. Several records of a user report the same change."""

    def claim(self, notice: ChangeNotice, now: int) -> bool:
        """Claim the notice of a change. Returns False if another challenge has claimed it.

        A repeat for the same challenge returns True, so that a retry sends the notice. `now` is in seconds
        since the epoch. Raises `Unavailable`.
        """


def deliver_notice(
    notice: ChangeNotice,
    dispatcher: Dispatcher,
    telemetry: Telemetry,
    receive: Receive,
    claims: NoticeClaims,
) -> None:
    """Send the notice of a changed address, once for each change.

    Raises `Unavailable` if the queue has to deliver the message again, and `Undeliverable` if that cannot
    help.
    """
    telemetry.set_context(notice.subject)
    if not claims.claim(notice, receive.now):
        return

    def content(to: Destination) -> MessageContent:
        attribute, default = notice.channel.attribute, dispatcher.default_locale
        texts = notice_texts(notice.locale, attribute, default, to.channel.locales)
        # The text says that the notice has no links, so it has no support URL.
        return MessageContent(texts=texts, code=None, app=dispatcher.app, mail=dispatcher.mail)

    # The user answers no notice, so it is not one of the unanswered SMS that show an attack. A stranger's
    # request can be the one that shows the change, so the notice has no share of the reserve.
    channel = dispatcher.send(
        notice.destinations,
        content,
        receive,
        telemetry,
        is_open_class=True,
        counts_as_unanswered=False,
        delivery_id=notice.id,
        source=CHANGED,
    )
    telemetry.count("notices", channel=channel.name)
