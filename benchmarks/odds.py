"""Compute the odds of guessing a code, from the limits of the policy.

    python benchmarks/odds.py [--json]

The odds are upper bounds for one user. An attacker uses every wrong answer that is checked on each day, and
the user signs in so often that the limit of wrong answers in a row never applies. A wrong answer counts for
each destination that it is compared with, so the odds do not depend on the number of destinations. Long codes
have no limit of answers, so their bound is the number of answers that Cognito accepts from one user, for a
user with as many destinations as possible.
"""

import json
import sys
from collections.abc import Mapping
from math import floor, log10
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "triggers"))

from passcode.token_service.challenge import KINDS  # noqa: E402 - the path comes first
from passcode.token_service.policy import (  # noqa: E402
    DAY,
    LONG_DIGITS,
    MOST_DESTINATIONS,
    Policy,
)

DAYS_A_YEAR = 365
# Cognito's quota for one user of a pool. https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
ANSWERS_PER_SECOND = 10
LONG = "long code"
HEADER = (
    "| kind of code | digits | one day | one year |",
    "|---|---|---|---|",
)

# The probability by period.
Odds = Mapping[str, float]


def odds(policy: Policy) -> dict[str, tuple[int, Odds]]:
    """Return the number of digits and the odds for each kind of purpose, and for long codes."""
    found = {}
    for kind in KINDS:
        digits = policy.short_digits(kind)
        found[kind] = (digits, _odds(digits, guesses_a_day(policy)))
    return found | {LONG: (LONG_DIGITS, _odds(LONG_DIGITS, MOST_DESTINATIONS * ANSWERS_PER_SECOND * DAY))}


def guesses_a_day(policy: Policy) -> int:
    """Return the most short codes that the wrong answers of one day are compared with.

    It is the largest number over the numbers of destinations.
    """
    found = []
    for destinations in range(1, MOST_DESTINATIONS + 1):
        answers = policy.wrong_answers_per_day // policy.answer_weight(destinations)
        found.append(answers * destinations)
    return max(found)


def _odds(digits: int, guesses: int) -> Odds:
    return {"day": guesses / 10**digits, "year": DAYS_A_YEAR * guesses / 10**digits}


def table(policy: Policy) -> list[str]:
    """Return the lines of the table in docs/threat-model.md."""
    return [*HEADER, *(_row(kind, digits, found) for kind, (digits, found) in odds(policy).items())]


def _row(kind: str, digits: int, found: Odds) -> str:
    name = kind if kind == LONG else f"`{kind}`"
    return f"| {name} | {digits} | {_one_in(found['day'])} | {_one_in(found['year'])} |"


def _one_in(probability: float) -> str:
    """Return `1 in 27,000` for a probability. It has two digits and is never better than the exact value."""
    # A float such as 1 / 1e-7 may be a little below the whole number.
    exact = floor(1 / probability * (1 + 1e-9))
    step = 10 ** max(0, floor(log10(exact)) - 1)
    return f"1 in {exact // step * step:,}"


def main() -> None:
    """Print the odds for the default limits as a table or as JSON."""
    if "--json" in sys.argv:
        found = odds(Policy())
        print(json.dumps({kind: {"digits": digits, "odds": by} for kind, (digits, by) in found.items()}))
        return
    print("\n".join(table(Policy())))


if __name__ == "__main__":
    main()
