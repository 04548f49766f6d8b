"""Limits around an SMS gateway: the allowed countries, and the budgets of a day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from passcode.delivery.gateway import NotTaken, SmsGateway
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry

if TYPE_CHECKING:
    # Only for types: `verify` imports this module and renders nothing.
    from passcode.channels.sms import TextMessage


@dataclass(frozen=True)
class SmsLimits:
    """The most SMS per UTC day: in all, to one country, and to one country without an answer."""

    per_day: int
    per_country: int
    unanswered: int


class SmsCounters(Protocol):
    """The counters of SMS by day and country. Raises `Unavailable` if the store is out."""

    def take(self, country: str, caps: SmsLimits, now: int, *, counts_as_unanswered: bool = True) -> bool:
        """Count one SMS to `country`; False if a cap is reached."""

    def give_back(self, country: str, now: int) -> None:
        """An SMS to `country` was answered: widen its unanswered budget."""


@dataclass(frozen=True)
class LimitedSms:
    """An SMS gateway inside its limits. `countries` are the two-letter codes of those allowed."""

    gateway: SmsGateway
    counters: SmsCounters
    caps: SmsLimits
    countries: frozenset[str]

    def send(self, to: str, message: "TextMessage", now: int, *, counts_as_unanswered: bool = True) -> str:
        """Hand one SMS over and return its country. Raises `NotTaken` or `Unavailable` (try again).

        `counts_as_unanswered`: False if this stack will not hear of its answer.
        """
        from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415 - 25 ms that only SMS pays

        country = country_for_sms(to)
        if country is None or country not in self.countries:
            raise NotTaken("country", country or "")
        # Counted before it is sent: a budget that is checked afterwards is passed by a burst.
        if not self.counters.take(country, self.caps, now, counts_as_unanswered=counts_as_unanswered):
            raise NotTaken("budget", country)
        try:
            self.gateway.send(to, message)
        except NotTaken as why:
            raise NotTaken(str(why), country) from None
        return country


def record_answer(counters: SmsCounters, country: str, now: int, telemetry: Telemetry) -> None:
    """Tell the country's budget that an SMS was answered. The sign-in does not depend on it."""
    try:
        counters.give_back(country, now)
    except Unavailable as error:
        telemetry.log.warning("the SMS budget was not given back", extra={"why": str(error)})
