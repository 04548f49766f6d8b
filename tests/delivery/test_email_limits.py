"""The cap on emails of the stack: classes, containers, and failures of the store."""

from dataclasses import replace
from typing import Any

import pytest

from passcode.delivery.email_limits import EmailBudget, EmailCount
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, STEP_UP, TOKEN, purpose_of
from passcode.token_service.policy import DAY, day_of
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import EMAIL, NOW, PHONE
from tests.support.handlers import HandlerOutput
from tests.support.memory_counters import MemoryEmailCounters

BY_EMAIL, BY_SMS = ("email", EMAIL), ("sms", PHONE)


@pytest.fixture
def budget(output: HandlerOutput) -> EmailBudget:
    return EmailBudget(MemoryEmailCounters(), 100, output.telemetry)


def sent(budget: EmailBudget, times: int, now: int = NOW, *, is_open_class: bool = False) -> int:
    """Send emails until the budget is used up, at most `times`. Returns their number."""
    for number in range(times):
        if budget.is_used_up(now, is_open_class=is_open_class):
            return number
        budget.count(is_open_class=is_open_class)
    return times


def test_the_open_class_uses_half_of_the_cap(budget: EmailBudget) -> None:
    assert sent(budget, 200, is_open_class=True) == 50
    assert sent(budget, 200) == 50
    assert sent(budget, 200, NOW + DAY) == 100


def test_the_other_emails_do_not_use_the_half_of_the_open_class(budget: EmailBudget) -> None:
    assert sent(budget, 50) == 50
    assert sent(budget, 200, is_open_class=True) == 50


def test_a_container_writes_at_its_first_email_and_after_each_25th(budget: EmailBudget) -> None:
    counters = MemoryEmailCounters()
    budget = replace(budget, counters=counters, per_day=1000)
    found = []
    for _ in range(51):
        sent(budget, 1)
        found.append(counters.writes)
    assert found == [1] * 25 + [2] * 25 + [3]
    assert counters.days[day_of(NOW)] == EmailCount(50)


def test_a_new_container_learns_that_the_budget_is_used_up(
    budget: EmailBudget, output: HandlerOutput
) -> None:
    counters = MemoryEmailCounters()
    counters.add(EmailCount(99, 50), NOW)
    budget = replace(budget, counters=counters)
    assert sent(budget, 1, is_open_class=True) == 0
    assert sent(budget, 5) == 1
    assert output.counted("email_budget_low")


def test_another_container_learns_of_the_stop_after_25_emails(
    budget: EmailBudget, output: HandlerOutput
) -> None:
    other = EmailBudget(budget.counters, 100, output.telemetry)
    assert sent(other, 1) == 1
    assert sent(budget, 200) == 100
    budget.counters.add(EmailCount(25), NOW)
    assert sent(other, 200) == 24


@pytest.mark.parametrize(
    ("count", "low"),
    [
        (EmailCount(79, 0), False),
        (EmailCount(80, 0), True),
        (EmailCount(39, 39), False),
        (EmailCount(40, 40), True),
    ],
    ids=str,
)
def test_at_80_percent_the_alarm_gets_a_metric(
    budget: EmailBudget, output: HandlerOutput, count: EmailCount, low: bool
) -> None:
    budget.counters.add(count, NOW)
    assert not budget.is_used_up(NOW, is_open_class=False)
    assert output.counted("email_budget_low") == ([{}] if low else [])


def test_every_refused_email_keeps_the_alarm(budget: EmailBudget, output: HandlerOutput) -> None:
    budget.counters.add(EmailCount(100), NOW)
    assert [budget.is_used_up(NOW, is_open_class=False) for _ in range(3)] == [True] * 3
    assert len(output.counted("email_budget_low")) == 4


def test_without_the_store_emails_are_sent_and_counted_later(
    budget: EmailBudget, output: HandlerOutput
) -> None:
    class Counters(MemoryEmailCounters):
        is_down = True

        def add(self, count: EmailCount, now: int) -> EmailCount:
            if self.is_down:
                raise Unavailable("the table answered InternalServerError")
            return super().add(count, now)

    counters = Counters()
    budget = replace(budget, counters=counters)
    assert sent(budget, 30) == 30
    assert {line["message"] for line in output.lines} == {"the emails were not counted"}
    counters.is_down = False
    sent(budget, 1)
    assert counters.days[day_of(NOW)] == EmailCount(30)


def test_a_cap_of_zero_stops_all_emails(output: HandlerOutput) -> None:
    budget = EmailBudget(MemoryEmailCounters(), 0, output.telemetry)
    assert budget.is_used_up(NOW, is_open_class=False)


@pytest.mark.parametrize(
    ("purpose", "goes_by_sms"),
    [
        (SIGN_IN_CODE, True),
        (SIGN_IN_PASSWORD, False),
        (purpose_of(STEP_UP, ""), False),
        (purpose_of(TOKEN, ""), False),
    ],
)
def test_when_the_open_half_is_used_up_only_codes_without_a_password_stop(
    output: HandlerOutput, purpose: str, goes_by_sms: bool
) -> None:
    handler = DeliverHandler(output.telemetry, emails=(50, 50), emails_per_day=100)
    assert handler.deliver(body(BY_EMAIL, BY_SMS, purpose=purpose)) == []
    assert (len(handler.ses.calls), len(handler.sns.calls)) == ((0, 1) if goes_by_sms else (1, 0))
    failed: list[dict[str, Any]] = [{"channel": "email", "reason": "budget"}] if goes_by_sms else []
    assert output.counted("send_failed") == failed


def test_an_email_that_ses_does_not_take_is_not_counted(output: HandlerOutput) -> None:
    handler = DeliverHandler(output.telemetry, emails=(99, 0), emails_per_day=100)
    handler.ses = RecordingClient(send_email=refused_by_aws("TooManyRequestsException", status=429))
    for _ in range(3):
        assert handler.deliver(body(BY_EMAIL)) == ["0"]
    handler.ses = RecordingClient()
    assert handler.deliver(body(BY_EMAIL)) == []
    assert handler.deliver(body(BY_EMAIL)) == []
    assert len(handler.ses.calls) == 1
