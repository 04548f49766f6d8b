"""docs/cost.md has the tables that tools/artefacts/cost.py computes from AWS's prices and the template."""

import re

import pytest

from tests.support.template import ROOT, TEMPLATE
from tools.artefacts import cost
from tools.artefacts.prices import cognito_users

PAGE = (ROOT / "docs" / "cost.md").read_text("utf-8")


def test_the_page_is_the_output_of_the_script() -> None:
    assert cost.page(PAGE, TEMPLATE) == PAGE, "Run `python -m tools.artefacts.cost`."


@pytest.mark.parametrize(
    ("plan", "monthly_users", "amount"),
    [
        # The examples follow from the prices per user by hand.
        ("ESSENTIALS", 10_000, 0),
        ("ESSENTIALS", 10_001, 0.015),
        ("ESSENTIALS", 2_500_000, 37_350),
        ("LITE", 100_000, 90_000 * 0.0055),
        ("LITE", 2_500_000, 495 + 4_140 + 4_875),
        ("LITE", 11_000_000, 495 + 4_140 + 29_250 + 2_500),
        ("PLUS", 1, 0.02),
        ("FEDERATED", 50, 0),
        ("FEDERATED", 150, 1.5),
    ],
)
def test_cognito_bills_each_user_at_the_price_of_the_tier(
    plan: str, monthly_users: int, amount: float
) -> None:
    assert cognito_users(plan, monthly_users) == pytest.approx(amount)


def test_a_thousand_sign_ins_cost_what_the_page_explains_line_by_line() -> None:
    _, _, section = PAGE.partition("## The cost of 1,000 sign-ins")
    section, _, _ = section.partition("\n## ")
    lines = re.findall(r"^\| (?!\*\*).+ \| ([0-9.]+) \|$", section, re.MULTILINE)
    explained = sum(float(amount) for amount in lines)
    (event,) = re.findall(r"Together they cost about ([0-9.]+) for 1,000 emails", PAGE)
    assert len(lines) == 8
    assert 1_000 * cost.sign_in(TEMPLATE) == pytest.approx(explained + float(event), abs=0.003)


@pytest.mark.parametrize("level", cost.METRICS)
def test_the_page_has_the_cost_of_each_level_of_monitoring(level: str) -> None:
    metrics, alarms = cost.METRICS[level], cost.alarm_metrics(TEMPLATE, level)
    amount = metrics * 0.30 + alarms * 0.10
    assert cost.monitoring(TEMPLATE, level) == pytest.approx(amount)
    assert f"| `{level}` | {metrics} | {alarms} | {amount:.2f} |" in PAGE


def test_monitoring_can_be_switched_off_but_for_one_alarm() -> None:
    assert cost.alarm_metrics(TEMPLATE, "OFF") == 1
    assert cost.monitoring(TEMPLATE, "OFF") < cost.monitoring(TEMPLATE, "ESSENTIAL") < 10
    assert cost.monitoring(TEMPLATE, "FULL") > 20


def test_the_page_has_the_time_of_the_functions_with_the_memory_of_the_template() -> None:
    memory = cost.memory_gb(TEMPLATE)
    warm, cold = (float(found) for found in re.findall(r"^\| Lambda, .* = ([0-9]+) GB-s", PAGE, re.MULTILINE))
    # define 3 x 5 ms, create 60, verify 80, deliver 250, and a 20th of three starts of 0.5 s.
    assert 1_000 * cost.warm_gb_seconds(memory, defines=3) == pytest.approx(405 * 1_769 / 1_024)
    assert 1_000 * cost.cold_gb_seconds(memory) == pytest.approx(75 * 1_769 / 1_024)
    assert warm == pytest.approx(405 * 1_769 / 1_024, abs=0.5)
    assert cold == pytest.approx(75 * 1_769 / 1_024, abs=0.5)


def test_waf_and_snapstart_have_a_fixed_part_and_one_for_each_sign_in() -> None:
    assert cost.web_acl(TEMPLATE, 0) == 5 + 4
    assert cost.web_acl(TEMPLATE, 1_000_000) - cost.web_acl(TEMPLATE, 0) == pytest.approx(1.80)
    # Two functions and the token service with 1,769 MB each, for 30 days: 5.18 GB.
    assert cost.snapstart(TEMPLATE, 0) == pytest.approx(20.21, abs=0.01)
    # One restore in twenty of two functions: 3.46 GB.
    by_use = cost.snapstart(TEMPLATE, 1_000_000) - cost.snapstart(TEMPLATE, 0)
    assert by_use == pytest.approx(3.455 / 20 * 139.7998, abs=0.01)


def test_the_sum_is_that_of_the_lines_above_it() -> None:
    *rows, together = cost.default_rows(TEMPLATE)
    for index, amount in enumerate(together.amounts):
        assert amount == pytest.approx(sum(row.amounts[index] for row in rows))


@pytest.mark.parametrize("marker", [cost.BEGIN, cost.END])
def test_a_page_without_a_marker_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match="lacks a marker line"):
        cost.page(PAGE.replace(marker, ""), TEMPLATE)
