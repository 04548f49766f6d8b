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
    """The most SMS per UTC day: in all, to one country, and to one country without an answer."""

    per_day: int
    per_country: int
    unanswered: int


class SmsCounters(Protocol):
    """The counters of SMS by day and country. Raises `Unavailable` if the store is out."""

    def take(self, country: str, limits: SmsLimits, now: int, *, counts_as_unanswered: bool = True) -> bool:
        """Count one SMS to `country`; False if a limit is reached."""

    def give_back(self, country: str, now: int) -> None:
        """An SMS to `country` was answered: widen its unanswered budget."""


@dataclass(frozen=True)
class LimitedSms:
    """A gateway inside its limits. `countries` are the two-letter codes of the allowed countries."""

    gateway: Gateway
    counters: SmsCounters
    limits: SmsLimits
    countries: frozenset[str]

    @property
    def channel(self) -> Channel:
        """The channel of the gateway."""
        return self.gateway.channel

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Hand one message over, if its country and the budgets allow it. The result has the country."""
        from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415 - 25 ms that only SMS pays

        country = country_for_sms(outgoing.to)
        if country is None or country not in self.countries:
            return NotTaken("country", final=True, country=country or "")
        try:
            # Counted before it is sent: a burst would pass a budget that is checked afterwards.
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
    """The same gateways by name. Each gateway whose channel is billed by country is inside the limits."""
    return {
        name: LimitedSms(gateway, counters, limits, countries)
        if gateway.channel.billed_by_country
        else gateway
        for name, gateway in gateways.items()
    }


def record_answer(counters: SmsCounters, country: str, now: int, telemetry: Telemetry) -> None:
    """Tell the country's budget that an SMS was answered. The sign-in does not depend on it."""
    try:
        counters.give_back(country, now)
    except Unavailable as error:
        telemetry.log.warning("the SMS budget was not given back", extra={"why": str(error)})
