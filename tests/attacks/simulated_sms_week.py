"""One week of attack on the SMS of a stack, with the product's own rules and simulated time.

The owner has one destination, a phone number whose first answer is seven days old. In the week the owner
signs in a hundred times with the password, and a hundred times by code alone. The attacker knows all limits
and has any number of names and accounts, so no limit of a user stops the attack. In each turn the attacker
requests SMS until the stack refuses several in a row.
"""

from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from typing import Any

from passcode.channels.channel import Channel, Destination, destination_id
from passcode.channels.phone_number import country_for_sms
from passcode.channels.sms import SMS
from passcode.delivery.gateway import Outgoing, SendResult, Taken
from passcode.delivery.sms_limits import LimitedSms, SmsLimits, find_stop, number_key, record_answer
from passcode.token_service.challenge import is_open_class, kind_of
from passcode.token_service.policy import DAY
from passcode.token_service.refusal import Refused
from tests.support.events import NOW, PHONE, SALT, attributes, code_of
from tests.support.memory_counters import MemorySmsCounters
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY, Flow, SignInHandlers

SIGN_INS = 100
# A hundred sign-ins in a week are fewer than 20 a day.
_PAUSE = 7 * DAY // SIGN_INS
_TURN = 900
_REFUSED_IN_A_ROW = 20
# The defaults of the template.
LIMITS = SmsLimits(per_day=1000, per_country=500, unanswered=100)
COUNTRIES = frozenset({"US", "DE"})
# With a phone number as the only destination.
OWNER = attributes(email_verified="false")


def phones(count: int) -> list[str]:
    """Return phone numbers, by turns from the country of the owner and from another one."""
    return [f"+1202556{n:04d}" if n % 2 else f"+4915112345{n // 2:03d}" for n in range(count)]


@dataclass(frozen=True)
class SmsAttack:
    """An attack with SMS to `numbers`.

    `by_name` is True if the attacker knows only names of users, the owner's among them. `is_answered` is True
    if each SMS is answered. `is_old` is True if the numbers were first answered a week before.
    """

    numbers: list[str]
    by_name: bool = False
    is_answered: bool = False
    is_old: bool = False


class _Phones:
    """The gateway. It takes each message."""

    channel: Channel = SMS

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        return Taken()


@dataclass
class SmsWeek:
    """A week of `attack`. The results are the accepted sign-ins: with the password, and by code alone."""

    attack: SmsAttack
    counters: MemorySmsCounters = field(default_factory=MemorySmsCounters)
    with_password: int = 0
    by_code_alone: int = 0

    def __post_init__(self) -> None:
        stop = partial(
            find_stop,
            self.counters,
            limits=LIMITS,
            salt=SALT,
            telemetry=DISCARDED_TELEMETRY,
            countries=COUNTRIES,
        )
        self.handlers = SignInHandlers(sms_stop=lambda to, now: stop(to, now=now))
        self.gateway = LimitedSms(_Phones(), self.counters, LIMITS, COUNTRIES, SALT)
        self.delivered: set[str] = set()
        self.numbers = cycle(self.attack.numbers)
        old = [(number, False) for number in self.attack.numbers] if self.attack.is_old else []
        for number, is_open in [(PHONE, True), (PHONE, False), *old]:
            self._answered(number, NOW - 7 * DAY, is_open=is_open)

    def run(self) -> "SmsWeek":
        """Simulate the week."""
        own = [(at + 30, True) for at in range(0, 7 * DAY, _PAUSE)][:SIGN_INS]
        own += [(at + _PAUSE // 2, False) for at, _ in own]
        for second, event in sorted(
            [*((at, None) for at in range(0, 7 * DAY, _TURN)), *own], key=lambda e: e[0]
        ):
            self.handlers.now = NOW + second
            if event is None:
                self._attack()
            elif event:
                self.with_password += self._signs_in(with_password=True)
            else:
                self.by_code_alone += self._signs_in(with_password=False)
        return self

    def _signs_in(self, *, with_password: bool) -> bool:
        flow = self._start(with_password=with_password)
        if flow is None or flow.challenge.nonce not in self.delivered:
            return False
        self.handlers.now += 14
        accepted = flow.answer(code_of(flow.challenge)) == "tokens"
        if accepted:
            self._answered(PHONE, self.handlers.now, is_open=not with_password)
        return accepted

    def _start(self, *, with_password: bool) -> Flow | None:
        """Start a sign-in of the owner and deliver its SMS. Returns None if it is refused."""
        flow = Flow(self.handlers, user=OWNER, with_password=with_password)
        try:
            flow.start()
        except Refused:
            return None
        for delivery in self.handlers.queued:
            (to,) = delivery.destinations
            is_open = is_open_class(kind_of(delivery.challenge.purpose))
            if self._is_sent(to.value, is_open=is_open):
                self.delivered.add(delivery.challenge.nonce)
        self.handlers.queued.clear()
        return flow

    def _attack(self) -> None:
        if self.attack.by_name:
            self._start(with_password=False)
        refused = 0
        # Not more in one turn than all limits together allow in a day.
        for number in islice(self.numbers, 2 * LIMITS.per_day):
            if self._is_sent(number, is_open=self.attack.by_name):
                refused = 0
                if self.attack.is_answered:
                    self._answered(number, self.handlers.now, is_open=self.attack.by_name)
            else:
                refused += 1
                if refused == _REFUSED_IN_A_ROW:
                    return

    def _is_sent(self, number: str, *, is_open: bool) -> bool:
        return isinstance(self.gateway.send(Outgoing(number, "", self.handlers.now, is_open)), Taken)

    def _answered(self, number: str, now: int, *, is_open: bool) -> None:
        key = number_key(destination_id(Destination(SMS, number), SALT), is_open_class=is_open)
        record_answer(
            self.counters, key, lambda: country_for_sms(number), now, DISCARDED_TELEMETRY, lambda _: None
        )
