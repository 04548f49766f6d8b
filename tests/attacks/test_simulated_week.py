"""A week of attack: the owner signs in each hour, and the stranger guesses no code."""

import pytest

from passcode.token_service import issue
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD
from passcode.token_service.policy import Policy
from tests.attacks.simulated_week import Simulation

HOURS = 168


@pytest.mark.parametrize(
    ("kind", "odds"), [(SIGN_IN_CODE, 1e-4), (SIGN_IN_PASSWORD, 4e-3)], ids=["code alone", "stolen password"]
)
def test_the_owner_signs_in_each_hour_and_no_code_is_guessed(kind: str, odds: float) -> None:
    week = Simulation(kind, Policy()).run()
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
