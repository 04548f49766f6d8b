"""The counters of SMS and emails in memory. Each one follows the contract of its port."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from passcode.delivery.email_limits import EmailCount
from passcode.delivery.envelope import ChangeNotice
from passcode.delivery.sms_limits import (
    SMS_PER_NUMBER,
    UNANSWERED_PER_NUMBER,
    UNANSWERED_SECONDS,
    AnsweredNumber,
    DayShare,
    NumberState,
    Sms,
    SmsCounts,
    SmsLimits,
)
from passcode.token_service.policy import day_of


@dataclass
class _Number:
    open: int = 0
    open_at: int = 0
    first_answered: int = 0
    message_id: str = ""
    by_day: Counter[int] = field(default_factory=Counter)


@dataclass
class MemorySmsCounters:
    """The counters of SMS. `days` has those of each day: of all SMS, and of one country."""

    numbers: dict[str, _Number] = field(default_factory=lambda: defaultdict(_Number))
    days: dict[int, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))

    def take_number(self, message: Sms) -> NumberState | None:
        number, day = self.numbers[message.number], day_of(message.now)
        waits = number.open >= UNANSWERED_PER_NUMBER and number.open_at > message.now - UNANSWERED_SECONDS
        if number.by_day[day] >= SMS_PER_NUMBER or (message.counts_as_unanswered and waits):
            return None
        before = NumberState(number.open_at, number.first_answered)
        number.by_day[day] += 1
        if message.counts_as_unanswered:
            number.open, number.open_at = number.open + 1, message.now
            number.message_id = ""
        return before

    def give_back_number(self, message: Sms, before: NumberState) -> None:
        number = self.numbers[message.number]
        if not message.counts_as_unanswered:
            number.by_day[day_of(message.now)] -= 1
        elif number.open and number.open_at == message.now:
            number.by_day[day_of(message.now)] -= 1
            number.open, number.open_at = number.open - 1, before.open_at

    def take_day(self, message: Sms, share: DayShare, limits: SmsLimits) -> bool:
        day = self.days[day_of(message.now)]
        caps = {("sent", ""): limits.per_day, ("sent", message.country): limits.per_country}
        halves = {("half", country): cap // 2 for (_, country), cap in caps.items()}
        if not share.uses_reserve:
            caps |= halves
        counted = list(caps)
        if not share.is_established:
            caps["open", message.country] = limits.unanswered
            if message.counts_as_unanswered:
                counted.append(("open", message.country))
        taken = all(day[name] < cap for name, cap in caps.items())
        if taken:
            day.update(counted)
        return taken

    def give_back_day(self, message: Sms, share: DayShare) -> None:
        day = self.days[day_of(message.now)]
        counted = [("sent", ""), ("sent", message.country)]
        if not share.uses_reserve:
            counted += [("half", ""), ("half", message.country)]
        if message.counts_as_unanswered and not share.is_established:
            counted.append(("open", message.country))
        if all(day[name] > 0 for name in counted):
            day.subtract(counted)

    def keep_message_id(self, message: Sms, message_id: str) -> None:
        if self.numbers[message.number].open_at == message.now:
            self.numbers[message.number].message_id = message_id

    def answer_number(self, number: str, now: int) -> AnsweredNumber:
        found = self.numbers[number]
        established = NumberState(first_answered=found.first_answered).is_established(now)
        unanswered = 0 if established else min(found.open, found.by_day[day_of(now)])
        found.open, found.first_answered = 0, found.first_answered or now
        message_id, found.message_id = found.message_id, ""
        return AnsweredNumber(unanswered, message_id)

    def give_back_unanswered(self, country: str, count: int, now: int) -> None:
        day = self.days[day_of(now)]
        if day["open", country] >= count:
            day["open", country] -= count

    def read(self, number: str, now: int) -> SmsCounts:
        today = day_of(now)
        of_number: dict[str, int] = {}
        if number in self.numbers:
            found = self.numbers[number]
            of_number = {name: getattr(found, name) for name in ("open", "open_at", "first_answered")}
            of_number[f"n_{today}"] = found.by_day[today]
        counts = self.days[today].items()
        return SmsCounts(of_number, {"_".join(filter(None, name)): count for name, count in counts})


@dataclass
class MemoryEmailCounters:
    """The count of emails. `writes` has the number of writes."""

    days: dict[int, EmailCount] = field(default_factory=lambda: defaultdict(EmailCount))
    writes: int = 0

    def add(self, count: EmailCount, now: int) -> EmailCount:
        self.writes += 1
        self.days[day_of(now)] += count
        return self.days[day_of(now)]


@dataclass
class MemoryNoticeClaims:
    """The claims of notices: the address and the nonce, by subject and channel."""

    claims: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def claim(self, notice: ChangeNotice, now: int) -> bool:
        key, new = (notice.subject, notice.channel.name), (notice.address_id, notice.nonce)
        address_id, nonce = self.claims.get(key, ("", ""))
        if address_id == new[0] and nonce != new[1]:
            return False
        self.claims[key] = new
        return True
