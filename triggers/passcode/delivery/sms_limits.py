"""Limits around each gateway whose messages are billed by country: countries, numbers, and daily caps.

A stranger can request codes of the open class. They use at most half of each daily cap. The other half, the
reserve, is for codes of a proven kind to established numbers. docs/decisions/0024 has the reasons.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from passcode.channels.channel import Channel, Destination, destination_id
from passcode.delivery.gateway import Gateway, NotTaken, Outgoing, SendResult, Taken
from passcode.token_service.policy import DAY
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry

# The most unanswered SMS to one number. After them, one SMS in `UNANSWERED_SECONDS` is sent.
UNANSWERED_PER_NUMBER = 3
UNANSWERED_SECONDS = 3600
# The most SMS to one number and class in one UTC day.
SMS_PER_NUMBER = 20
# An attacker with rented numbers pays for a week before these numbers use the reserve.
_ESTABLISHED_SECONDS = 7 * DAY


@dataclass(frozen=True)
class SmsLimits:
    """The caps on SMS per UTC day: in total, to one country, and unanswered to one country."""

    per_day: int
    per_country: int
    unanswered: int


@dataclass(frozen=True)
class Sms:
    """One SMS for the counters. `now` is in seconds since the epoch.

    `number` is the class of the code and the keyed hash of the number, as `number_key` returns them.
    `country` has two letters. `counts_as_unanswered` is False if this stack will not learn whether the user
    answers.
    """

    number: str
    country: str
    now: int
    counts_as_unanswered: bool = True


@dataclass(frozen=True)
class NumberState:
    """The times of a number before an SMS, in seconds since the epoch; 0 without such a time.

    `open_at` is the time of the last unanswered SMS, `first_answered` that of the first answer.
    """

    open_at: int = 0
    first_answered: int = 0

    def is_established(self, now: int) -> bool:
        """Return True if the number was first answered at least seven days before `now`."""
        return 0 < self.first_answered <= now - _ESTABLISHED_SECONDS


@dataclass(frozen=True)
class DayShare:
    """The part of the daily caps that an SMS may use.

    `uses_reserve` is True if it may use the half that the open class may not use. An SMS to an established
    number neither counts as an unanswered SMS of its country nor stops with it.
    """

    uses_reserve: bool
    is_established: bool


class SmsCounters(Protocol):
    """The counters of SMS by number, and by UTC day and country.

    All methods raise `Unavailable` if the store does not respond.
    """

    def take_number(self, message: Sms) -> NumberState | None:
        """Count one SMS to a number; None, without counting, if a limit of the number is reached."""

    def give_back_number(self, message: Sms, before: NumberState) -> None:
        """Undo `take_number`, which returned `before`, unless the number was used again meanwhile."""

    def take_day(self, message: Sms, share: DayShare, limits: SmsLimits) -> bool:
        """Count one SMS of the day. Returns False, without counting, if a limit is reached."""

    def give_back_day(self, message: Sms, share: DayShare) -> None:
        """Undo `take_day`."""

    def answer_number(self, number: str, now: int) -> int:
        """Record that a user answered an SMS to `number`.

        Returns the number of today's unanswered SMS to it that count for its country. It is 0 for an
        established number.
        """

    def give_back_unanswered(self, country: str, count: int, now: int) -> None:
        """Take `count` SMS from the day's unanswered SMS to `country`, if it has so many."""


def number_key(number_id: str, *, is_open_class: bool) -> str:
    """Return the key of a number's counters. `number_id` is the id of the destination.

    Each class has separate counters. A stranger can therefore not use up those of codes after a password.
    """
    return f"{'open' if is_open_class else 'proven'}#{number_id}"


@dataclass(frozen=True)
class LimitedSms:
    """A gateway with limits. `countries` are the two-letter codes of the allowed countries.

    `salt` is the salt of the deployment.
    """

    gateway: Gateway
    counters: SmsCounters
    limits: SmsLimits
    countries: frozenset[str]
    salt: str

    @property
    def channel(self) -> Channel:
        """The channel of the gateway."""
        return self.gateway.channel

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Send one message if its country and the counters allow it. The result has the country."""
        from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415 - 25 ms, for SMS only

        country = country_for_sms(outgoing.to)
        if country is None or country not in self.countries:
            return NotTaken("country", final=True, country=country or "")
        number_id = destination_id(Destination(self.channel, outgoing.to), self.salt)
        message = Sms(
            number_key(number_id, is_open_class=outgoing.is_open_class),
            country,
            outgoing.now,
            outgoing.counts_as_unanswered,
        )
        # The SMS is counted before it is sent. If it were counted later, a burst could exceed the caps.
        try:
            before = self.counters.take_number(message)
        except Unavailable as error:
            return NotTaken(str(error), final=False, is_gateway_failure=False)
        if before is None:
            return NotTaken("number", final=True, country=country)
        result = self._send_counted(outgoing, message, before)
        if isinstance(result, NotTaken):
            _best_effort(lambda: self.counters.give_back_number(message, before))
        return replace(result, country=country) if isinstance(result, Taken | NotTaken) else result

    def _send_counted(self, outgoing: Outgoing[Any], message: Sms, before: NumberState) -> SendResult:
        established = before.is_established(message.now)
        share = DayShare(
            # While email fails, all codes go by SMS. They must not use up the reserve.
            uses_reserve=established and not outgoing.is_open_class and not outgoing.is_fallback,
            is_established=established,
        )
        try:
            if not self.counters.take_day(message, share, self.limits):
                return NotTaken("budget", final=True)
        except Unavailable as error:
            return NotTaken(str(error), final=False, is_gateway_failure=False)
        result = self.gateway.send(outgoing)
        if isinstance(result, NotTaken):
            _best_effort(lambda: self.counters.give_back_day(message, share))
        return result


def _best_effort(give_back: Callable[[], None]) -> None:
    # The result of the message matters more than one SMS of a cap.
    with suppress(Unavailable):
        give_back()


def record_answer(
    counters: SmsCounters, number: str, country_of: Callable[[], str | None], now: int, telemetry: Telemetry
) -> None:
    """Record that a user answered an SMS to `number`, as `number_key` returns it.

    `country_of` returns the country of the number, if any. It is called only if the country's count changes.
    `now` is in seconds since the epoch. If the store does not respond, this logs a warning, because the
    user's answer must not fail for it.
    """
    try:
        unanswered = counters.answer_number(number, now)
        country = country_of() if unanswered else None
        if country:
            counters.give_back_unanswered(country, unanswered, now)
    except Unavailable as error:
        telemetry.log.warning("an answered SMS was not recorded", extra={"why": str(error)})
