"""Limits around an SMS gateway: the allowed countries, and the budgets of a day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from passcode.delivery.gateway import SmsGateway, Undeliverable
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry

if TYPE_CHECKING:
    # Only for types: `verify` imports this module and renders nothing.
    from passcode.channels.sms import Sms


@dataclass(frozen=True)
class SmsCaps:
    """The most SMS per UTC day: in all, to one country, and to one country without an answer."""

    per_day: int
    per_country: int
    unanswered: int


class SmsCounters(Protocol):
    """The counters of SMS by day and country. Raises `Unavailable` if the store is out."""

    def take(self, country: str, caps: SmsCaps, now: int, *, heard_of: bool = True) -> bool:
        """Count one SMS to `country`; False if a cap is reached."""

    def give_back(self, country: str, now: int) -> None:
        """An SMS to `country` was answered: widen its unanswered budget."""


@dataclass(frozen=True)
class LimitedSms:
    """An SMS gateway inside its limits. `countries` are the two-letter codes of those allowed."""

    gateway: SmsGateway
    counters: SmsCounters
    caps: SmsCaps
    countries: frozenset[str]

    def send(self, to: str, message: "Sms", now: int, *, heard_of: bool = True) -> str:
        """Hand one SMS over and return its country. Raises `Undeliverable` or `Unavailable` (try again).

        `heard_of`: whether this stack will hear of its answer.
        """
        from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415 - 25 ms that only SMS pays

        country = country_for_sms(to)
        if country is None or country not in self.countries:
            raise Undeliverable("country", country or "")
        # Counted before it is sent: a budget that is checked afterwards is passed by a burst.
        if not self.counters.take(country, self.caps, now, heard_of=heard_of):
            raise Undeliverable("budget", country)
        try:
            self.gateway.send(to, message)
        except Undeliverable as why:
            raise Undeliverable(str(why), country) from None
        return country


def tell_answered(counters: SmsCounters, country: str, now: int, tell: Telemetry) -> None:
    """Tell the country's budget that an SMS was answered. The sign-in does not depend on it."""
    try:
        counters.give_back(country, now)
    except Unavailable as error:
        tell.log.warning("the SMS budget was not given back", extra={"why": str(error)})
