"""The cap on emails of the stack per UTC day. Without it, a flood could use up the sending quota of SES."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from passcode.channels.channel import Channel
from passcode.delivery.gateway import Gateway, NotTaken, Outgoing, SendResult
from passcode.token_service.policy import day_of
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry

# A container writes its count after so many emails, so that the item of the day limits no sign-in.
_EMAILS_PER_WRITE = 25
# Part of the cap from which the alarm fires.
_LOW = 0.8


@dataclass(frozen=True)
class EmailCount:
    """The number of emails, and how many of them are of the open class."""

    sent: int = 0
    open_class: int = 0

    def __add__(self, other: "EmailCount") -> "EmailCount":
        return EmailCount(self.sent + other.sent, self.open_class + other.open_class)


class EmailCounters(Protocol):
    """The count of emails by UTC day."""

    def add(self, count: EmailCount, now: int) -> EmailCount:
        """Add `count` to that of the day of `now`, and return the new one.

        `now` is in seconds since the epoch. Raises `Unavailable` if the store does not respond.
        """


@dataclass
class EmailBudget:
    """The emails of one container. The open class may use at most half of `per_day`.

    The container reads the count of the stack at its first email of a day and after each 25th. So the stack
    may exceed the cap by 24 emails for each container.
    """

    counters: EmailCounters
    per_day: int
    telemetry: Telemetry
    _day: int = 0
    _written: EmailCount | None = None
    _unwritten: EmailCount = field(default_factory=EmailCount)

    def is_used_up(self, now: int, *, is_open_class: bool) -> bool:
        """Return True if no email of the class may be sent today. `now` is in seconds since the epoch."""
        if day_of(now) != self._day:
            self._day, self._written, self._unwritten = day_of(now), None, EmailCount()
        if self._written is None or self._unwritten.sent >= _EMAILS_PER_WRITE:
            self._write(now)
        count = (self._written or EmailCount()) + self._unwritten
        used_up = count.sent >= self.per_day or (is_open_class and count.open_class >= self.per_day // 2)
        if used_up:
            # No more counts are written, and the alarm must not end before midnight.
            self.telemetry.count("email_budget_low")
        return used_up

    def count(self, *, is_open_class: bool) -> None:
        """Count one email."""
        self._unwritten += EmailCount(1, int(is_open_class))

    def _write(self, now: int) -> None:
        try:
            self._written = self.counters.add(self._unwritten, now)
        except Unavailable as error:
            # The user's code matters more. The next email writes the count.
            self.telemetry.log.warning("the emails were not counted", extra={"why": str(error)})
            return
        self._unwritten = EmailCount()
        low, low_of_half = _LOW * self.per_day, _LOW * (self.per_day // 2)
        if self._written.sent >= low or self._written.open_class >= low_of_half:
            self.telemetry.count("email_budget_low")


@dataclass(frozen=True)
class LimitedEmail:
    """A gateway for email with the cap of the stack."""

    gateway: Gateway
    budget: EmailBudget

    @property
    def channel(self) -> Channel:
        """The channel of the gateway."""
        return self.gateway.channel

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Send one message if the budget allows it."""
        is_open_class = outgoing.is_open_class
        if self.budget.is_used_up(outgoing.now, is_open_class=is_open_class):
            return NotTaken("budget", final=True)
        result = self.gateway.send(outgoing)
        if not isinstance(result, NotTaken):
            self.budget.count(is_open_class=is_open_class)
        return result
