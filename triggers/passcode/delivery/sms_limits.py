"""Limits around each gateway whose messages are billed by country: allowed countries, and daily budgets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from passcode.channels.channel import Channel
from passcode.delivery.gateway import Gateway, NotTaken, Outgoing, SendResult, Taken
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry


@dataclass(frozen=True)
class SmsLimits:
    """The caps on SMS per UTC day: in total, to one country, and unanswered to one country."""

    per_day: int
    per_country: int
    unanswered: int


class SmsCounters(Protocol):
    """The counters of SMS by UTC day and country. `now` is in seconds since the epoch.

    All methods raise `Unavailable` if the store does not respond.
    """

    def take(self, country: str, limits: SmsLimits, now: int, *, counts_as_unanswered: bool = True) -> bool:
        """Count one SMS to `country`. Returns False, without counting, if a limit is reached."""

    def give_back(self, country: str, now: int) -> None:
        """Increase the budget of unanswered SMS to `country`, because a user answered one."""


@dataclass(frozen=True)
class LimitedSms:
    """A gateway with limits. `countries` are the two-letter codes of the allowed countries."""

    gateway: Gateway
    counters: SmsCounters
    limits: SmsLimits
    countries: frozenset[str]

    @property
    def channel(self) -> Channel:
        """The channel of the gateway."""
        return self.gateway.channel

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Send one message if its country and the budgets allow it. The result has the country."""
        from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415 - 25 ms, for SMS only

        country = country_for_sms(outgoing.to)
        if country is None or country not in self.countries:
            return NotTaken("country", final=True, country=country or "")
        try:
            # The SMS is counted before it is sent. If it were counted later, a burst could exceed the budget.
            counted = self.counters.take(
                country, self.limits, outgoing.now, counts_as_unanswered=outgoing.counts_as_unanswered
            )
        except Unavailable as error:
            return NotTaken(str(error), final=False)
        if not counted:
            return NotTaken("budget", final=True, country=country)
        result = self.gateway.send(outgoing)
        return replace(result, country=country) if isinstance(result, Taken | NotTaken) else result


def limit_gateways(
    gateways: Mapping[str, Gateway], counters: SmsCounters, limits: SmsLimits, countries: frozenset[str]
) -> dict[str, Gateway]:
    """Return the gateways by name, with limits around each gateway whose channel is billed by country."""
    return {
        name: LimitedSms(gateway, counters, limits, countries)
        if gateway.channel.billed_by_country
        else gateway
        for name, gateway in gateways.items()
    }


def record_answer(counters: SmsCounters, country: str, now: int, telemetry: Telemetry) -> None:
    """Record in the country's budget that a user answered an SMS. `now` is in seconds since the epoch.

    If the store does not respond, this logs a warning, because the user's answer must not fail for it.
    """
    try:
        counters.give_back(country, now)
    except Unavailable as error:
        telemetry.log.warning("the SMS budget was not given back", extra={"why": str(error)})
