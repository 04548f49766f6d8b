"""The limits of SMS with counters in memory: classes, numbers, the reserve, and the answers."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from passcode.channels.channel import Channel, Destination, destination_id
from passcode.channels.sms import SMS
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown
from passcode.delivery.sms_limits import LimitedSms, Sms, SmsLimits, number_key, record_answer
from passcode.token_service.policy import DAY
from passcode.token_service.refusal import Unavailable
from tests.support.events import NOW, SALT
from tests.support.handlers import HandlerOutput
from tests.support.memory_counters import MemorySmsCounters

LIMITS = SmsLimits(per_day=20, per_country=20, unanswered=100)
BUDGET, NUMBER = (NotTaken(reason, final=True, country="US") for reason in ("budget", "number_limit"))
SENT = Taken("US")


@dataclass
class FakeGateway:
    """An SMS gateway. Each call of `send` returns `result`."""

    result: SendResult = field(default_factory=Taken)
    channel: Channel = SMS

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Return the result."""
        return self.result


@dataclass
class Texts:
    """SMS from a stack whose numbers are +120255500NN."""

    limits: SmsLimits = LIMITS
    gateway: FakeGateway = field(default_factory=FakeGateway)
    counters: MemorySmsCounters = field(default_factory=MemorySmsCounters)

    def send(self, number: int, now: int = NOW, *, is_open_class: bool = False, **more: Any) -> SendResult:
        """Send one SMS."""
        limited = LimitedSms(self.gateway, self.counters, self.limits, frozenset({"US"}), SALT)
        return limited.send(Outgoing(_phone(number), "text", now, is_open_class, **more))

    def answer(self, number: int, now: int = NOW, *, is_open_class: bool = False) -> None:
        """Record an answer of the number."""
        unanswered = self.counters.answer_number(_key(number, is_open_class=is_open_class), now)
        self.counters.give_back_unanswered("US", unanswered, now)

    def establish(self, *numbers: int, is_open_class: bool = False) -> None:
        """Record an answer of each number, seven days before the tests."""
        for number in numbers:
            self.answer(number, NOW - 7 * DAY, is_open_class=is_open_class)


def _phone(number: int) -> str:
    return f"+1202555{number:04d}"


def _key(number: int, *, is_open_class: bool = False) -> str:
    number_id = destination_id(Destination(SMS, _phone(number)), SALT)
    return number_key(number_id, is_open_class=is_open_class)


@pytest.fixture
def texts() -> Texts:
    return Texts()


def test_a_stranger_cannot_use_up_the_sms_of_codes_after_a_password(texts: Texts) -> None:
    results = [texts.send(1, is_open_class=True) for _ in range(5)]
    assert results == [SENT, SENT, SENT, NUMBER, NUMBER]
    assert texts.send(1) == SENT


@pytest.mark.parametrize("attack", ["strangers", "own accounts", "a failure of email"])
def test_codes_after_a_password_to_established_numbers_are_sent_in_an_attack(
    texts: Texts, attack: str
) -> None:
    numbers, owners = range(100, 200), range(10)
    texts.establish(*owners)
    if attack == "strangers":
        # In a code-only sign-in, names of users whose numbers are established in both classes.
        texts.establish(*numbers, is_open_class=True)
        results = [texts.send(number, is_open_class=True) for number in numbers]
    elif attack == "own accounts":
        results = [texts.send(number) for number in numbers]
    else:
        texts.establish(*numbers)
        results = [texts.send(number, is_fallback=True) for number in numbers]
    assert (results.count(SENT), results.count(BUDGET)) == (10, 90)
    assert [texts.send(owner) for owner in owners] == [SENT] * 10


def test_answers_do_not_give_back_the_half_of_the_open_class(texts: Texts) -> None:
    """An attacker may answer all SMS to rented numbers."""
    for number in range(100, 110):
        assert texts.send(number) == SENT
        texts.answer(number)
    assert texts.send(110) == BUDGET


def test_a_stopped_country_sends_to_established_numbers(texts: Texts) -> None:
    texts.limits = SmsLimits(per_day=100, per_country=100, unanswered=3)
    texts.establish(1)
    texts.establish(2, is_open_class=True)
    assert [texts.send(number) for number in range(10, 14)] == [SENT, SENT, SENT, BUDGET]
    assert texts.send(1) == SENT
    assert texts.send(2, is_open_class=True) == SENT
    texts.answer(10)
    assert [texts.send(number) for number in range(20, 22)] == [SENT, BUDGET]


@pytest.mark.parametrize("final", [True, False])
def test_an_sms_that_the_gateway_does_not_take_is_given_back(texts: Texts, final: bool) -> None:
    texts.gateway.result = NotTaken("later", final=final)
    for _ in range(50):
        assert texts.send(1) == NotTaken("later", final=final, country="US")
    texts.gateway.result = Taken()
    results = [texts.send(number) for number in range(1, 12)]
    assert results == [SENT] * 10 + [BUDGET]


def test_an_sms_that_may_have_been_sent_is_not_given_back(texts: Texts) -> None:
    texts.gateway.result = Unknown("no answer")
    assert [texts.send(1) for _ in range(4)] == [Unknown("no answer")] * 3 + [NUMBER]


def test_an_sms_that_the_day_refuses_is_given_back_to_the_number(texts: Texts) -> None:
    texts.limits = SmsLimits(0, 0, 1)
    assert [texts.send(1) for _ in range(5)] == [BUDGET] * 5
    texts.limits = LIMITS
    assert texts.send(1) == SENT


class FailingCounters(MemorySmsCounters):
    """Counters whose store does not respond to one write."""

    def give_back_unanswered(self, country: str, count: int, now: int) -> None:
        """Raise the error."""
        raise Unavailable("the table answered InternalServerError")


def test_a_store_that_does_not_respond_to_an_answer_is_a_warning(output: HandlerOutput) -> None:
    counters = FailingCounters()
    counters.take_number(Sms(_key(1), "US", NOW))
    record_answer(counters, _key(1), lambda: "US", NOW, output.telemetry)
    (line,) = output.lines
    assert (line["level"], line["message"]) == ("WARNING", "an answered SMS was not recorded")


def test_the_country_of_a_number_is_read_only_if_its_count_changes(output: HandlerOutput) -> None:
    counters, asked = MemorySmsCounters(), []

    def country_of() -> str:
        asked.append(1)
        return "US"

    record_answer(counters, _key(1), country_of, NOW, output.telemetry)
    assert asked == []
    counters.take_number(Sms(_key(1), "US", NOW))
    record_answer(counters, _key(1), country_of, NOW, output.telemetry)
    assert asked == [1]
