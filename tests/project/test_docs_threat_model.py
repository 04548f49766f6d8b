"""The documents about security, compared with the code: odds, promises, functions and the tests they name."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from benchmarks import odds
from passcode.token_service.challenge import KINDS
from passcode.token_service.policy import Policy
from tools.lambda_functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "threat-model.md", ROOT / "docs" / "architecture.md"]
THREATS, ARCHITECTURE = (page.read_text("utf-8") for page in PAGES)
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")
# [words](../tests/file.py) (`test_a`, `test_b`)
NAMED_TESTS = re.compile(r"\]\((\.\./tests/[\w/.]+\.py)\) \((`test_\w+`(?:, `test_\w+`)*)\)")


def table(page: str, heading: str) -> list[str]:
    """The rows of the table with this first line."""
    lines = page[page.index(f"\n{heading}\n") :].strip().splitlines()[2:]
    return lines[: next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))]


def test_the_table_of_odds_is_the_output_of_the_script() -> None:
    assert table(THREATS, odds.HEADER[0]) == odds.table(Policy())[2:]


def test_the_script_prints_its_odds_as_json() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "odds.py"), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert set(found) == {*KINDS, odds.LONG}
    assert found["sign_in_code"] == {
        "digits": 8,
        "odds": {"day": 1e-7, "year": 3.65e-5},
    }


@pytest.mark.parametrize(
    ("policy", "kind", "row"),
    [
        (Policy(), "sign_in_password", "1 in 100,000 | 1 in 270 |"),
        (Policy(wrong_answers_per_day=3), "token", "1 in 330,000 | 1 in 910 |"),
        # The first answer is always checked, and it may be compared with three codes.
        (Policy(wrong_answers_per_day=1), "sign_in_code", "1 in 33,000,000 | 1 in 91,000 |"),
        (Policy(code_digits=7), "step_up", "1 in 1,000,000 | 1 in 2,700 |"),
    ],
)
def test_the_odds_follow_from_the_policy(policy: Policy, kind: str, row: str) -> None:
    (found,) = [line for line in odds.table(policy) if line.startswith(f"| `{kind}` |")]
    assert found.endswith(row)


def test_both_pages_have_the_same_promises() -> None:
    in_security = re.findall(r"^(\d+)\. (.+)$", SECURITY, re.MULTILINE)
    rows = [row.split(" | ") for row in table(ARCHITECTURE, "| | promise | test |")]
    assert [number for number, _ in in_security] == [str(number) for number in range(1, 11)]
    assert [(row[0].removeprefix("| "), row[1]) for row in rows] == in_security


def test_the_table_of_roles_has_each_function() -> None:
    rows = table(THREATS, "| role | can | cannot | test |")
    assert [re.findall(r"`(\w+)`", row.split("|")[1]) for row in rows] == [[name] for name in FUNCTIONS]


@pytest.mark.parametrize("standard", ["OWASP ASVS 5.0, chapter 6", "NIST SP 800-63B-4"])
def test_each_requirement_of_a_standard_has_a_state_and_a_reason(standard: str) -> None:
    section = THREATS[THREATS.index(f"\n### {standard}\n") :]
    rows = [row.strip("| ").split(" | ") for row in table(section, "| requirement | state | why |")]
    assert len(rows) > 10
    assert all(len(row) == 3 and re.match(r"(not met|not ours|met|partly)\b", row[1]) for row in rows)
    numbers = [re.findall(r"^\d+\.\d+(?:\.\d+)*", row[0]) for row in rows]
    assert all(numbers)


@cache
def functions_in(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_test_that_a_page_names_exists(page: Path) -> None:
    named = [
        (path, name)
        for path, names in NAMED_TESTS.findall(page.read_text("utf-8"))
        for name in re.findall(r"test_\w+", names)
    ]
    assert len(named) > 5
    assert [each for each in named if each[1] not in functions_in((page.parent / each[0]).resolve())] == []
