"""The counters of SMS and emails with one contract: in memory, on moto, and on the local DynamoDB."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from passcode.adapters.email_budget_table import EmailBudgetTable
from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.delivery.email_limits import EmailCount, EmailCounters
from passcode.delivery.sms_limits import (
    DayShare,
    NumberState,
    Sms,
    SmsCounters,
    SmsCounts,
    SmsLimits,
    day_share,
    seconds_until_sms,
)
from passcode.token_service.policy import DAY, date_of
from tests.support.dynamodb import moto_table
from tests.support.memory_counters import MemoryEmailCounters, MemorySmsCounters

HOUR = 3600
LIMITS = SmsLimits(per_day=100, per_country=100, unanswered=100)
NEW = DayShare(uses_reserve=False, is_established=False)
OPEN_ESTABLISHED = DayShare(uses_reserve=False, is_established=True)
RESERVE = DayShare(uses_reserve=True, is_established=True)
# Noon, so that some hours later it is the same day.
NOON = 1_800_014_400


@dataclass(frozen=True)
class Counters:
    """The two counters that are tested, and the table if there is one."""

    sms: SmsCounters
    emails: EmailCounters
    table: tuple[Any, str] | None = None

    def item(self, key: str) -> dict[str, int]:
        """The numbers of an item of the table."""
        assert self.table
        client, name = self.table
        item = client.get_item(TableName=name, Key={"pk": {"S": key}})["Item"]
        return {name: int(value["N"]) for name, value in item.items() if "N" in value}


def _in_table(client: Any, name: str) -> Counters:
    return Counters(SmsBudgetTable(client, name), EmailBudgetTable(client, name), (client, name))


@pytest.fixture(scope="module", params=["memory", "moto", "ministack"])
def counters(request: pytest.FixtureRequest) -> Iterator[Counters]:
    if request.param == "memory":
        yield Counters(MemorySmsCounters(), MemoryEmailCounters())
    elif request.param == "moto":
        with moto_table() as table:
            yield _in_table(*table)
    else:
        stack = request.getfixturevalue("local_stack")
        yield _in_table(stack.client("dynamodb"), stack.table)


@pytest.fixture(scope="module", params=["moto", "ministack"])
def in_table(request: pytest.FixtureRequest) -> Iterator[Counters]:
    if request.param == "moto":
        with moto_table() as table:
            yield _in_table(*table)
    else:
        stack = request.getfixturevalue("local_stack")
        yield _in_table(stack.client("dynamodb"), stack.table)


@pytest.fixture
def sms() -> Sms:
    """An SMS to a new number, on a day that no other test uses."""
    return Sms(f"open#{secrets.token_hex(16)}", "US", NOON + secrets.randbelow(1_000_000) * DAY)


def taken(counters: SmsCounters, sms: Sms, *after: int) -> list[bool]:
    """Whether an SMS to the number is counted at each time, in seconds after that of `sms`."""
    return [counters.take_number(replace(sms, now=sms.now + each)) is not None for each in after]


def test_after_three_unanswered_sms_a_number_gets_one_an_hour(counters: Counters, sms: Sms) -> None:
    assert taken(counters.sms, sms, 0, 30, 60, 90) == [True, True, True, False]
    assert taken(counters.sms, sms, HOUR + 59) == [False], "an hour after the last one"
    assert taken(counters.sms, sms, HOUR + 60, HOUR + 61, 2 * HOUR + 60) == [True, False, True]


def test_an_answer_ends_the_wait_of_a_number(counters: Counters, sms: Sms) -> None:
    assert taken(counters.sms, sms, 0, 1, 2, 3) == [True, True, True, False]
    counters.sms.answer_number(sms.number, sms.now + 4)
    assert taken(counters.sms, sms, 5, 6, 7, 8) == [True, True, True, False]


def test_a_number_gets_twenty_sms_a_day(counters: Counters, sms: Sms) -> None:
    for n in range(20):
        assert taken(counters.sms, sms, n) == [True]
        counters.sms.answer_number(sms.number, sms.now + n)
    assert taken(counters.sms, sms, 21) == [False]
    assert taken(counters.sms, sms, DAY) == [True]


def test_a_message_of_cognito_counts_for_the_day_of_a_number_only(counters: Counters, sms: Sms) -> None:
    """This stack does not learn whether the user answers it."""
    cognitos = replace(sms, counts_as_unanswered=False)
    assert taken(counters.sms, cognitos, *range(4)) == [True] * 4
    assert taken(counters.sms, sms, 5, 6, 7, 8) == [True, True, True, False]
    assert taken(counters.sms, cognitos, *range(9, 23)) == [True] * 13 + [False]


def test_the_two_classes_of_a_number_have_separate_counts(counters: Counters, sms: Sms) -> None:
    taken(counters.sms, sms, 0, 1, 2)
    proven = replace(sms, number=sms.number.replace("open", "proven"))
    assert taken(counters.sms, sms, 3) == [False]
    assert taken(counters.sms, proven, 3) == [True]


def test_an_sms_that_was_not_sent_is_given_back(counters: Counters, sms: Sms) -> None:
    assert taken(counters.sms, sms, 0, 1) == [True, True]
    third = replace(sms, now=sms.now + 2)
    for _ in range(30):
        before = counters.sms.take_number(third)
        assert before == NumberState(open_at=sms.now + 1)
        counters.sms.give_back_number(third, before)
    assert taken(counters.sms, sms, 3, 4) == [True, False]


def test_after_a_give_back_no_new_hour_starts(counters: Counters, sms: Sms) -> None:
    assert taken(counters.sms, sms, 0, 0, 0) == [True] * 3
    later = replace(sms, now=sms.now + HOUR)
    before = counters.sms.take_number(later)
    assert before
    counters.sms.give_back_number(later, before)
    assert taken(counters.sms, sms, HOUR + 1) == [True]


def test_a_give_back_after_an_answer_or_another_sms_changes_nothing(counters: Counters, sms: Sms) -> None:
    before = counters.sms.take_number(sms)
    assert before
    counters.sms.answer_number(sms.number, sms.now)
    counters.sms.give_back_number(sms, before)
    assert taken(counters.sms, sms, 1, 2) == [True, True]
    counters.sms.give_back_number(replace(sms, now=sms.now + 1), before)
    assert taken(counters.sms, sms, 3, 4) == [True, False]


def test_a_message_of_cognito_that_was_not_sent_is_given_back(counters: Counters, sms: Sms) -> None:
    cognitos = replace(sms, counts_as_unanswered=False)
    for _ in range(30):
        before = counters.sms.take_number(cognitos)
        assert before
        counters.sms.give_back_number(cognitos, before)
    assert taken(counters.sms, cognitos, *range(21)) == [True] * 20 + [False]


def test_a_number_is_established_seven_days_after_its_first_answer(counters: Counters, sms: Sms) -> None:
    counters.sms.take_number(sms)
    for later in (1, 5 * DAY):
        counters.sms.answer_number(sms.number, sms.now + later)
    found = [counters.sms.take_number(replace(sms, now=sms.now + 7 * DAY + n)) for n in (0, 1)]
    assert [state and state.first_answered for state in found] == [sms.now + 1] * 2
    assert [state and state.is_established(sms.now + 7 * DAY + n) for n, state in enumerate(found)] == [
        False,
        True,
    ]


def test_an_answer_returns_the_unanswered_sms_of_today(counters: Counters, sms: Sms) -> None:
    assert counters.sms.answer_number(sms.number, sms.now - DAY).unanswered == 0
    taken(counters.sms, sms, 0, 1)
    assert counters.sms.answer_number(sms.number, sms.now + 2).unanswered == 2
    assert counters.sms.answer_number(sms.number, sms.now + 2).unanswered == 0
    taken(counters.sms, sms, 3, DAY)
    assert counters.sms.answer_number(sms.number, sms.now + DAY).unanswered == 1, "one of two was yesterday"


def test_an_answer_of_an_established_number_returns_none(counters: Counters, sms: Sms) -> None:
    counters.sms.answer_number(sms.number, sms.now - 7 * DAY)
    taken(counters.sms, sms, 0, 1)
    assert counters.sms.answer_number(sms.number, sms.now + 2).unanswered == 0


def test_the_first_answer_returns_the_id_of_the_newest_sms(counters: Counters, sms: Sms) -> None:
    for number, message_id in enumerate(("first", "second")):
        at = replace(sms, now=sms.now + number)
        assert counters.sms.take_number(at)
        counters.sms.keep_message_id(at, message_id)
    counters.sms.keep_message_id(sms, "late")
    assert counters.sms.answer_number(sms.number, sms.now + 2).message_id == "second"
    assert counters.sms.answer_number(sms.number, sms.now + 3).message_id == ""


def test_a_newer_sms_of_another_gateway_has_no_id(counters: Counters, sms: Sms) -> None:
    assert counters.sms.take_number(sms)
    counters.sms.keep_message_id(sms, "first")
    cognitos = replace(sms, now=sms.now + 1, counts_as_unanswered=False)
    assert counters.sms.take_number(cognitos)
    counters.sms.keep_message_id(cognitos, "a message of Cognito")
    assert taken(counters.sms, sms, 2) == [True]
    assert counters.sms.answer_number(sms.number, sms.now + 3).message_id == ""


def day_taken(counters: Counters, sms: Sms, share: DayShare, limits: SmsLimits, times: int) -> list[bool]:
    return [counters.sms.take_day(sms, share, limits) for _ in range(times)]


def test_the_caps_apply_to_a_country_and_to_all_countries(counters: Counters, sms: Sms) -> None:
    limits = SmsLimits(per_day=5, per_country=3, unanswered=100)
    assert day_taken(counters, sms, RESERVE, limits, 4) == [True, True, True, False]
    germany = replace(sms, country="DE")
    assert day_taken(counters, germany, RESERVE, limits, 3) == [True, True, False], "five for all countries"
    assert day_taken(counters, replace(sms, now=sms.now + DAY), RESERVE, limits, 1) == [True]


@pytest.mark.parametrize("share", [NEW, OPEN_ESTABLISHED])
@pytest.mark.parametrize(("per_day", "per_country"), [(6, 100), (7, 100), (100, 6)])
def test_only_a_proven_code_to_an_established_number_uses_the_reserve(
    counters: Counters, sms: Sms, share: DayShare, per_day: int, per_country: int
) -> None:
    limits = SmsLimits(per_day, per_country, unanswered=100)
    assert day_taken(counters, sms, share, limits, 4) == [True, True, True, False]
    reserve = min(per_day, per_country) - 3
    assert day_taken(counters, sms, RESERVE, limits, reserve + 1) == [True] * reserve + [False]


def test_the_reserve_does_not_use_the_half_of_the_open_class(counters: Counters, sms: Sms) -> None:
    limits = replace(LIMITS, per_day=6)
    assert day_taken(counters, sms, RESERVE, limits, 3) == [True] * 3
    assert day_taken(counters, sms, NEW, limits, 4) == [True, True, True, False]


def test_a_country_without_answers_stops_for_new_numbers(counters: Counters, sms: Sms) -> None:
    limits = replace(LIMITS, unanswered=3)
    assert day_taken(counters, sms, NEW, limits, 4) == [True, True, True, False]
    assert day_taken(counters, replace(sms, country="DE"), NEW, limits, 1) == [True]
    for share in (OPEN_ESTABLISHED, RESERVE):
        assert day_taken(counters, sms, share, limits, 5) == [True] * 5
    cognitos = replace(sms, counts_as_unanswered=False)
    assert day_taken(counters, cognitos, NEW, limits, 1) == [False], "a stopped country is stopped for all"
    counters.sms.give_back_unanswered("US", 2, sms.now)
    assert day_taken(counters, sms, NEW, limits, 3) == [True, True, False]


def test_an_sms_of_cognito_or_to_an_established_number_does_not_count_as_unanswered(
    counters: Counters, sms: Sms
) -> None:
    limits = replace(LIMITS, unanswered=2)
    assert day_taken(counters, replace(sms, counts_as_unanswered=False), NEW, limits, 3) == [True] * 3
    for share in (OPEN_ESTABLISHED, RESERVE):
        assert day_taken(counters, sms, share, limits, 3) == [True] * 3
    assert day_taken(counters, sms, NEW, limits, 3) == [True, True, False]


def test_answers_without_messages_do_not_raise_a_cap(counters: Counters, sms: Sms) -> None:
    limits = replace(LIMITS, unanswered=3)
    counters.sms.give_back_unanswered("US", 4, sms.now)
    assert day_taken(counters, sms, NEW, limits, 3) == [True] * 3
    counters.sms.give_back_unanswered("US", 4, sms.now)
    assert day_taken(counters, sms, NEW, limits, 1) == [False]


@pytest.mark.parametrize("share", [NEW, OPEN_ESTABLISHED, RESERVE])
@pytest.mark.parametrize("expects_answer", [True, False])
def test_an_sms_of_the_day_that_was_not_sent_is_given_back(
    counters: Counters, sms: Sms, share: DayShare, expects_answer: bool
) -> None:
    sms, limits = replace(sms, counts_as_unanswered=expects_answer), SmsLimits(2, 2, 1)
    for _ in range(5):
        assert counters.sms.take_day(sms, share, limits)
        counters.sms.give_back_day(sms, share)
    counters.sms.give_back_day(sms, share)
    most = 2 if share.uses_reserve else 1
    assert day_taken(counters, sms, share, limits, most + 1) == [True] * most + [False]


@pytest.mark.parametrize("limits", [SmsLimits(0, 5, 5), SmsLimits(5, 0, 5)])
def test_a_cap_of_zero_stops_all_sms(counters: Counters, sms: Sms, limits: SmsLimits) -> None:
    """An operator sets it during SMS pumping."""
    assert not counters.sms.take_day(sms, RESERVE, limits)


def test_the_counts_that_are_read_allow_the_sms_that_the_writes_allow(counters: Counters, sms: Sms) -> None:
    """`create` decides by the counts whether `deliver` would send: both follow the same limits."""
    limits = SmsLimits(per_day=9, per_country=7, unanswered=3)
    steps = random.Random(7)
    numbers = [replace(sms, number=f"proven#{secrets.token_hex(16)}") for _ in range(3)]
    counters.sms.answer_number(numbers[0].number, sms.now - 7 * DAY)
    waits = []
    for step in range(150):
        each = replace(steps.choice(numbers), now=sms.now + 900 * step, country=steps.choice(["US", "DE"]))
        counts = counters.sms.read(each.number, each.now)
        wait = seconds_until_sms(counts, each.country, limits, each.now, is_open_class=False)
        before = counters.sms.take_number(each)
        if before:
            share = day_share(before, each.now, is_open_class=False)
            is_taken = counters.sms.take_day(each, share, limits)
            if not is_taken:
                counters.sms.give_back_number(each, before)
        assert (wait == 0) is (before is not None and is_taken)
        waits.append(wait)
        if steps.random() < 0.3:
            counters.sms.answer_number(each.number, each.now)
    assert waits.count(0) > 20
    assert {3600 > wait > 0 for wait in waits if wait} == {True, False}, "for an hour, and to midnight"


def test_without_a_number_only_the_day_is_read(counters: Counters, sms: Sms) -> None:
    counters.sms.take_number(sms)
    counters.sms.take_day(sms, NEW, LIMITS)
    counts = counters.sms.read("", sms.now)
    assert counts.number == {}
    assert {"sent": 1, "half": 1}.items() <= dict(counts.day).items()
    assert counters.sms.read(f"open#{secrets.token_hex(16)}", sms.now + DAY) == SmsCounts({}, {})


def test_the_items_have_a_ttl_and_no_old_counts(in_table: Counters, sms: Sms) -> None:
    for days in (-31, -30, -1, 0):
        at = replace(sms, now=sms.now + days * DAY)
        assert in_table.sms.take_number(at)
        in_table.sms.answer_number(sms.number, at.now)
        assert in_table.sms.take_day(at, NEW, LIMITS)
    number = in_table.item(f"sms_to#{sms.number}")
    assert number["ttl"] == sms.now + 90 * DAY
    assert [name for name in number if name.startswith("n_")] == [f"n_{sms.now // DAY}"]
    assert in_table.item(f"sms_day#{date_of(sms.now)}") == {
        "ttl": sms.now + 2 * DAY,
        "sent": 1,
        "sent_US": 1,
        "half": 1,
        "half_US": 1,
        "open_US": 1,
    }


def test_an_answer_alone_gives_the_item_of_a_number_a_ttl(in_table: Counters, sms: Sms) -> None:
    in_table.sms.answer_number(sms.number, sms.now)
    expected = {"ttl": sms.now + 90 * DAY, "open": 0, "first_answered": sms.now}
    assert in_table.item(f"sms_to#{sms.number}") == expected


def test_emails_are_counted_by_day_and_class(counters: Counters, sms: Sms) -> None:
    emails, now = counters.emails, sms.now
    assert emails.add(EmailCount(), now) == EmailCount()
    assert emails.add(EmailCount(25, 7), now) == EmailCount(25, 7)
    assert emails.add(EmailCount(25, 0), now + HOUR) == EmailCount(50, 7)
    assert emails.add(EmailCount(1, 1), now + DAY) == EmailCount(1, 1)


def test_the_item_of_the_emails_of_a_day_has_a_ttl(in_table: Counters, sms: Sms) -> None:
    in_table.emails.add(EmailCount(25, 7), sms.now)
    expected = {"ttl": sms.now + 2 * DAY, "sent": 25, "open": 7}
    assert in_table.item(f"email_day#{date_of(sms.now)}") == expected
