"""Limits around each gateway whose messages are billed by country: countries, numbers, and daily caps.

A stranger can request codes of the open class. They use at most half of each daily cap. The other half, the
reserve, is for codes of a proven kind to established numbers. docs/decisions/0024 has the reasons.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from passcode.channels.channel import UNUSABLE, AddressFault, Channel, Destination, destination_id
from passcode.delivery.gateway import Gateway, NotTaken, Outgoing, SendResult, Taken
from passcode.token_service.policy import DAY, LONGEST_LIFE, day_of, seconds_to_midnight
from passcode.token_service.refusal import Refusal, Unavailable
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

    def caps(self, limits: SmsLimits, country: str) -> dict[str, int]:
        """Return the caps of the day for an SMS to `country`, by the name of the count."""
        of_country = {"sent": limits.per_country}
        if not self.uses_reserve:
            of_country["half"] = limits.per_country // 2
        if not self.is_established:
            of_country["open"] = limits.unanswered
        return self.caps_of_stack(limits) | {f"{name}_{country}": cap for name, cap in of_country.items()}

    def caps_of_stack(self, limits: SmsLimits) -> dict[str, int]:
        """Return the caps of the day for an SMS to any country."""
        return {"sent": limits.per_day} | ({} if self.uses_reserve else {"half": limits.per_day // 2})


def day_share(number: NumberState, now: int, *, is_open_class: bool, is_fallback: bool = False) -> DayShare:
    """Return the share of an SMS to a number that was in the state `number` before it."""
    established = number.is_established(now)
    # While email fails, all codes go by SMS. They must not use up the reserve.
    return DayShare(established and not is_open_class and not is_fallback, established)


@dataclass(frozen=True)
class SmsCounts:
    """The counts of a number and of a UTC day as they were read, by name. A count of 0 may be missing."""

    number: Mapping[str, int]
    day: Mapping[str, int]


@dataclass(frozen=True)
class AnsweredNumber:
    """A number whose user answered an SMS.

    `unanswered` is the number of today's unanswered SMS to it that count for its country. It is 0 for an
    established number. `message_id` is the gateway's id of its newest SMS, if the gateway wants
    feedback and has not got it yet; else it is empty.
    """

    unanswered: int = 0
    message_id: str = ""


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

    def keep_message_id(self, message: Sms, message_id: str) -> None:
        """Keep the gateway's id of an SMS until its answer, or until the next SMS to the number."""

    def answer_number(self, number: str, now: int) -> AnsweredNumber:
        """Record that a user answered an SMS to `number`. The id of its newest SMS is returned only once."""

    def give_back_unanswered(self, country: str, count: int, now: int) -> None:
        """Take `count` SMS from the day's unanswered SMS to `country`, if it has so many."""

    def read(self, number: str, now: int) -> SmsCounts:
        """Return the counts of a number and of the day. Without a number, only the day is read."""


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
        if country is None:
            return NotTaken(AddressFault.NUMBER.value, final=True)
        if country not in self.countries:
            return NotTaken(AddressFault.COUNTRY.value, final=True, country=country)
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
            return NotTaken("number_limit", final=True, country=country)
        result = self._send_counted(outgoing, message, before)
        if isinstance(result, NotTaken):
            _best_effort(lambda: self.counters.give_back_number(message, before))
        elif isinstance(result, Taken) and result.wants_feedback:
            message_id = result.message_id
            _best_effort(lambda: self.counters.keep_message_id(message, message_id))
        return replace(result, country=country) if isinstance(result, Taken | NotTaken) else result

    def _send_counted(self, outgoing: Outgoing[Any], message: Sms, before: NumberState) -> SendResult:
        share = day_share(
            before, message.now, is_open_class=outgoing.is_open_class, is_fallback=outgoing.is_fallback
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


def _best_effort(write: Callable[[], None]) -> None:
    # The result of the message matters more than one SMS of a cap, or one report to a gateway.
    with suppress(Unavailable):
        write()


def record_answer(
    counters: SmsCounters,
    number: str,
    country_of: Callable[[], str | None],
    now: int,
    telemetry: Telemetry,
    report_received: Callable[[str], None],
) -> None:
    """Record that a user answered an SMS to `number`, as `number_key` returns it.

    `country_of` returns the country of the number, if any. It is called only if the country's count changes.
    `now` is in seconds since the epoch. `report_received` reports to the gateway that the user got the
    message with an id. If the store or the gateway does not respond, this logs a warning, because the user's
    answer must not fail for it.
    """
    answered = AnsweredNumber()
    try:
        answered = counters.answer_number(number, now)
        country = country_of() if answered.unanswered else None
        if country:
            counters.give_back_unanswered(country, answered.unanswered, now)
    except Unavailable as error:
        telemetry.log.warning("an answered SMS was not recorded", extra={"why": str(error)})
    if answered.message_id:
        try:
            report_received(answered.message_id)
        except Unavailable as error:
            telemetry.log.warning("an answered SMS was not reported", extra={"why": str(error)})


@dataclass(frozen=True)
class SmsStop:
    """The reason to send no SMS now: `deliver` would refuse it because of a limit, or of the number.

    `wait` is the time until it would not, in seconds; 0 if it always would. `code_may_be_valid` is True if an
    SMS went to the number so recently that its code may still be valid. `refusal` is for the user.
    """

    wait: int
    code_may_be_valid: bool = False
    refusal: Refusal = Refusal.SMS_STOPPED


def seconds_until_sms(
    counts: SmsCounts, country: str, limits: SmsLimits, now: int, *, is_open_class: bool
) -> int:
    """Return the seconds until `LimitedSms` would send an SMS to a number; 0 if it would send one now.

    These are the limits of `take_number` and `take_day`, for an SMS that a user can answer.
    """
    number = counts.number
    open_at = number.get("open_at", 0)
    share = day_share(NumberState(open_at, number.get("first_answered", 0)), now, is_open_class=is_open_class)
    if number.get(f"n_{day_of(now)}", 0) >= SMS_PER_NUMBER or _is_reached(
        share.caps(limits, country), counts.day
    ):
        return seconds_to_midnight(now)
    has_open = number.get("open", 0) >= UNANSWERED_PER_NUMBER
    return max(0, open_at + UNANSWERED_SECONDS - now) if has_open else 0


def _is_reached(caps: Mapping[str, int], counts: Mapping[str, int]) -> bool:
    return any(counts.get(name, 0) >= cap for name, cap in caps.items())


def find_stop(
    counters: SmsCounters,
    to: Destination | None,
    limits: SmsLimits,
    salt: str,
    now: int,
    telemetry: Telemetry,
    countries: frozenset[str],
) -> SmsStop | None:
    """Return why `deliver` would send no SMS to `to` now, for a code of a proven kind; None if it would.

    Without `to`, the result is for codes of the open class, and only the counts of the whole stack decide: a
    stranger must not learn the state of a number or of its country. `salt` is the salt of the deployment,
    `countries` are the allowed countries. If the store does not respond, this logs a warning and returns
    None: a user must not fail for this read.
    """
    if to is not None and (fault := _fault(to, countries)):
        telemetry.log.warning(UNUSABLE, extra={"channel": to.channel.name, "reason": fault.value})
        return SmsStop(0, refusal=Refusal.NO_DESTINATION)
    key = number_key(destination_id(to, salt), is_open_class=False) if to else ""
    try:
        counts = counters.read(key, now)
    except Unavailable as error:
        telemetry.log.warning("the counts of SMS were not read", extra={"why": str(error)})
        return None
    if to is None:
        share = DayShare(uses_reserve=False, is_established=True)
        is_reached = _is_reached(share.caps_of_stack(limits), counts.day)
        return SmsStop(seconds_to_midnight(now)) if is_reached else None
    from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415 - 25 ms, for SMS only

    country = country_for_sms(to.value) or ""
    wait = seconds_until_sms(counts, country, limits, now, is_open_class=False)
    sent_at = counts.number.get("open_at", 0)
    return SmsStop(wait, code_may_be_valid=sent_at > now - LONGEST_LIFE) if wait else None


def _fault(to: Destination, countries: frozenset[str]) -> AddressFault | None:
    from passcode.channels.phone_number import sms_fault  # noqa: PLC0415 - 25 ms, for SMS only

    return sms_fault(to.value, countries)
