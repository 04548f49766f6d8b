"""The documents against the table of refusals: each reason has its row, and no other reason has one."""

import re
from pathlib import Path

import pytest

from passcode.confirmation.problems import all_kinds
from passcode.token_service.refusal import REFUSALS, UNAVAILABLE, UNAVAILABLE_REASON, Refusal

DOCS = Path(__file__).parents[2] / "docs"
CLIENTS = (DOCS / "clients.md").read_text("utf-8")
TOKEN_SERVICE = (DOCS / "token-service.md").read_text("utf-8")
OPERATIONS = (DOCS / "operations.md").read_text("utf-8")
ROWS = {refusal.value: row for refusal, row in REFUSALS.items()} | {UNAVAILABLE_REASON: UNAVAILABLE}
IN_SIGN_IN = {reason: row for reason, row in ROWS.items() if row.in_sign_in}


def table(page: str, heading: str) -> list[str]:
    """The rows of the table with this first line."""
    lines = page[page.index(f"\n{heading}\n") :].strip().splitlines()[2:]
    return lines[: next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))]


def test_the_table_for_apps_has_the_refusals_of_a_sign_in() -> None:
    wanted = [f"| `{reason}` | {row.meaning} |" for reason, row in IN_SIGN_IN.items()]
    assert sorted(table(CLIENTS, "| reason | what happened, and what the app does |")) == sorted(wanted)


def test_the_table_of_problems_has_every_refusal_and_every_other_problem() -> None:
    rows = table(TOKEN_SERVICE, "| problem | reason | status | what happened, and what to do |")
    wanted = {
        f"| `{row.problem}` | `{reason}` | {row.status} | {row.meaning} |"
        for reason, row in ROWS.items()
        if row.over_http
    }
    others = set(rows) - wanted
    assert wanted <= set(rows)
    named = {name for row in others for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert named == {kind.name for kind in all_kinds() if not kind.reason} | {"not-authorised", "throttled"}


@pytest.mark.parametrize("refusal", Refusal)
def test_operators_find_each_reason_of_the_metrics(refusal: Refusal) -> None:
    reasons = table(OPERATIONS, "| `reason` of `refused` | meaning |")
    reasons += table(OPERATIONS, "| `reason` of `throttled` | meaning |")
    assert [row for row in reasons if f"`{refusal.value}`" in row.split("|")[1]]
