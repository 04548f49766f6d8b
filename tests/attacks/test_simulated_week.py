"""A week of attack: the owner signs in each hour, or by SMS, and the stranger guesses no code."""

import pytest

from passcode.delivery import sms_limits
from passcode.delivery.sms_limits import DayShare
from passcode.token_service import issue
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD
from passcode.token_service.policy import Policy
from tests.attacks.simulated_sms_week import SIGN_INS, SmsAttack, SmsWeek, phones
from tests.attacks.simulated_week import Simulation
from tests.attacks.trial import Report

HOURS = 168


@pytest.mark.parametrize(
    ("kind", "odds"), [(SIGN_IN_CODE, 1e-4), (SIGN_IN_PASSWORD, 4e-3)], ids=["code alone", "stolen password"]
)
def test_the_owner_signs_in_each_hour_and_no_code_is_guessed(kind: str, odds: float, report: Report) -> None:
    week = Simulation(kind, Policy()).run()
    report(
        f"by email, {kind}: {len(week.waits)} of {HOURS} sign-ins, longest wait {max(week.waits)} s, "
        f"{week.odds_a_year:.1e} right guesses a year"
    )
    assert (len(week.waits), week.failed) == (HOURS, 0)
    assert max(week.waits) < 60
    assert week.odds_a_year < odds
    # One message in ten minutes, and one more after each sign-in of the owner.
    assert max(week.emails_a_day) <= 144 + 24 + 5


def test_the_most_guesses_of_a_year_are_below_the_odds() -> None:
    """The worst case for a user with one destination: each answer that the limit allows is a guess."""
    policy = Policy()
    assert 365 * policy.wrong_answers_per_day / 10**policy.code_only_digits < 1e-4
    assert 365 * policy.wrong_answers_per_day / 10**policy.code_digits < 4e-3


def test_without_long_codes_the_stranger_keeps_the_owner_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack on a weaker service. It shows that the simulated attack is strong enough."""
    monkeypatch.setattr(issue, "_needs_long_code", lambda *_: False)
    week = Simulation(SIGN_IN_CODE, Policy()).run()
    assert len(week.waits) < HOURS / 2


NUMBERS = {
    "names": (phones(800), True),
    "own accounts": (phones(1), False),
    "rented numbers": (phones(800), False),
}


@pytest.mark.parametrize("is_answered", [False, True], ids=["no answers", "answers"])
@pytest.mark.parametrize("attacker", NUMBERS)
def test_proven_sign_ins_at_an_established_number_get_their_sms(
    attacker: str, is_answered: bool, report: Report
) -> None:
    numbers, by_name = NUMBERS[attacker]
    week = SmsWeek(SmsAttack(numbers, by_name, is_answered)).run()
    report(
        f"by SMS, {attacker}, {'all answered' if is_answered else 'none answered'}: {week.with_password} of "
        f"{SIGN_INS} sign-ins with the password, {week.by_code_alone} by code alone"
    )
    assert week.with_password == SIGN_INS


def _share_without_reserve(*_: object, **__: object) -> DayShare:
    return DayShare(uses_reserve=False, is_established=False)


@pytest.mark.parametrize("attacker", ["names", "rented numbers"])
def test_without_a_reserve_the_owner_gets_few_sms(monkeypatch: pytest.MonkeyPatch, attacker: str) -> None:
    """The same attacks on a weaker service. It shows that the simulated attacks are strong enough."""
    monkeypatch.setattr(sms_limits, "day_share", _share_without_reserve)
    numbers, by_name = NUMBERS[attacker]
    assert SmsWeek(SmsAttack(numbers, by_name)).run().with_password < SIGN_INS / 2


def test_rented_numbers_of_the_week_before_use_up_the_reserve(report: Report) -> None:
    """The threat model says that the stack cannot prevent it: such numbers look like those of users."""
    week = SmsWeek(SmsAttack(phones(800), is_answered=True, is_old=True)).run()
    report(
        f"by SMS, rented numbers of the week before: {week.with_password} of {SIGN_INS} sign-ins with the "
        "password"
    )
    assert week.with_password < SIGN_INS
