"""The limits and the bill of benchmarks/capacity.py, with values computed by hand, and docs/capacity.md."""

import copy
import json
from dataclasses import replace

import pytest

from benchmarks import capacity, capacity_page
from benchmarks.capacity import CODE_ONLY, EMAIL, FLOWS, HOSTED, NEW_SMS, SMS, SignInFlow, StackLimits
from passcode.adapters.telemetry import make_telemetry
from passcode.delivery.email_limits import EmailBudget, EmailCount
from tests.support.events import NOW
from tests.support.hosted_in_memory import FORM, pool_of, provider
from tests.support.template import TEMPLATE
from tools.artefacts.cost import sign_in, standing
from tools.artefacts.prices import each

STACK = StackLimits.read(TEMPLATE)
AUTHENTICATION = "Cognito, UserAuthentication: requests a second"
FIFO = "SQS, calls a second of each operation of a FIFO queue"
SMS_DAY = "item `sms_day#<date>`: write units a second"


def reached_at(name: str, flow: SignInFlow = EMAIL, stack: StackLimits = STACK) -> float:
    """Return the sign-ins a second at which a limit is reached."""
    (quota,) = (quota for quota in capacity.quotas(flow, stack) if quota.name == name)
    return quota.sign_ins


def test_the_page_and_the_charts_are_the_output_of_the_script() -> None:
    assert capacity_page.PAGE.read_text("utf-8") == capacity_page.page(), (
        "Run `python -m benchmarks.capacity`."
    )
    for path, look in capacity_page.CHARTS.items():
        assert path.read_text("utf-8") == capacity_page.chart().svg(look)


@pytest.mark.parametrize(
    ("name", "sign_ins"),
    [
        ("`EmailsPerDay`", 50_000 / (86_400 / 4)),
        ("SES, emails a second", 14),
        # 6 messages at the same time, half of them for each queue, 0.25 seconds each.
        ("`DeliverConcurrency`: messages at the same time", 12),
        (AUTHENTICATION, 120),
        # Two batches of ten events in 0.05 seconds.
        ("`delivery_events`: batches at the same time", 400),
        ("Lambda, requests a second of the account", 10_000 / 6),
        # define 3 x 5 ms, create 60, verify 80, deliver 250, an event 5, and a 20th of three starts of 0.5 s.
        ("Lambda, concurrent executions of the account", 1_000 / 0.485),
        (FIFO, 2_400),
        ("KMS, symmetric operations a second", 5_000),
        # Two writes, and one for each 25 emails.
        ("DynamoDB, write quota of a table", 40_000 / 2.04),
        ("item `email_day#<date>`: write units a second", 25_000),
    ],
)
def test_each_limit_of_a_sign_in_by_email_is_reached_at_its_rate(name: str, sign_ins: float) -> None:
    assert reached_at(name) == pytest.approx(sign_ins)


@pytest.mark.parametrize(
    ("flow", "name", "sign_ins"),
    [
        (SMS, SMS_DAY, 1_000),
        (NEW_SMS, SMS_DAY, 500),
        # As tests/e2e/test_cost.py counts them: two of the record, two of the number, and two of the day.
        (NEW_SMS, "DynamoDB, write quota of a table", 40_000 / 6),
        (SMS, "SNS, SMS a second", 20),
        # SMS to new numbers may use one half of a cap.
        (SMS, "`SmsPerDay`", 1_000 / (86_400 / 4)),
        (NEW_SMS, "`SmsPerDay`", 500 / (86_400 / 4)),
        # 30 seconds pass before an answer, and one SMS in 100 has no answer on the day.
        (NEW_SMS, "`SmsUnansweredPerCountry`", 100 / (30 + 0.01 * 86_400 / 4)),
        (HOSTED, "Cognito, UserFederation: requests a second", 25),
        (HOSTED, "Cognito, UserRead: requests a second", 60),
        # Eleven requests. In thirteen Regions an account has 2,500 a second.
        (HOSTED, "API Gateway, requests a second of the account", 2_500 / 11),
        # 50 requests a second to a page, and three of them in a sign-in.
        (HOSTED, "`POST /sign-in`: requests a second", 50 / 3),
        (HOSTED, "`POST /token`: requests a second", 1_000),
        # Two signatures, and the check of the access token at /userinfo.
        (HOSTED, "KMS, RSA operations a second", 1_000 / 3),
        (CODE_ONLY, "Lambda, requests a second of the account", 2_000),
    ],
)
def test_other_kinds_of_sign_in_have_their_limits(flow: SignInFlow, name: str, sign_ins: float) -> None:
    assert reached_at(name, flow) == pytest.approx(sign_ins)


def test_the_mode_of_the_queues_is_that_of_the_template() -> None:
    slow = copy.deepcopy(TEMPLATE)
    slow["Resources"]["EmailQueue"]["Properties"]["FifoThroughputLimit"] = "perQueue"
    assert reached_at(FIFO, stack=StackLimits.read(slow)) == 300


def test_a_parameter_moves_its_limit() -> None:
    raised = StackLimits.read(TEMPLATE, DeliverConcurrency=600, EmailsPerDay=100_000_000)
    assert reached_at("`DeliverConcurrency`: messages at the same time", stack=raised) == 1_200
    assert reached_at("`delivery_events`: batches at the same time", stack=raised) == 4_000
    one_queue = copy.deepcopy(TEMPLATE)
    one_queue["Parameters"]["ChannelOrder"]["Default"] = "email"
    assert (
        reached_at("`DeliverConcurrency`: messages at the same time", stack=StackLimits.read(one_queue)) == 24
    )


@pytest.mark.parametrize(("countries", "sign_ins"), [(29, 1_000), (30, 500)])
def test_the_item_of_a_day_with_many_countries_takes_two_units(countries: int, sign_ins: float) -> None:
    assert reached_at(SMS_DAY, SMS, replace(STACK, sms_countries=countries)) == sign_ins


def test_an_email_costs_a_25th_of_a_write_of_the_day() -> None:
    class Counters:
        writes = 0

        def add(self, count: EmailCount, now: int) -> EmailCount:
            self.writes += 1
            return count

    counters = Counters()
    budget = EmailBudget(counters, 1_000_000, make_telemetry("test", "test"))
    emails = 100 * capacity.EMAILS_PER_COUNT
    for _ in range(emails):
        assert not budget.is_used_up(1_800_000_000, is_open_class=False)
        budget.count(is_open_class=False)
    assert counters.writes == emails / capacity.EMAILS_PER_COUNT


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_each_limit_can_be_raised_to_1000_sign_ins_a_second(flow: SignInFlow) -> None:
    """docs/decisions/0044 has the reason for the exception."""
    stuck = {quota.name for quota in capacity.quotas(flow, STACK) if quota.most_sign_ins < 1_000}
    assert stuck == ({SMS_DAY} if flow is NEW_SMS else set())


def test_the_limits_to_raise_come_in_the_order_in_which_they_are_reached() -> None:
    found = capacity.to_raise(EMAIL, STACK, 1_000)
    assert [quota.sign_ins for quota in found] == sorted(quota.sign_ins for quota in found)
    assert AUTHENTICATION in {quota.name for quota in found}
    assert FIFO not in {quota.name for quota in found}
    assert capacity.to_raise(EMAIL, STACK, 1) == []


def test_the_bill_without_cognito_is_that_of_docs_cost() -> None:
    """1,000 sign-ins by email cost 0.19 USD there, without keys and polling."""
    rate = 1_000 / capacity.sign_ins_a_month(1)
    services = capacity.bill(EMAIL, STACK, "ESSENTIALS", rate)
    assert services["SES"] == pytest.approx(0.16)
    by_use = sum(services.values()) - services["Cognito, users"] - standing()
    counts = 1_000 / capacity.EMAILS_PER_COUNT * each("dynamodb_write")
    assert by_use == pytest.approx(1_000 * sign_in(TEMPLATE) + counts)


@pytest.mark.parametrize(
    ("plan", "amount"),
    # 162,000 users. Above the 10,000 free ones: LITE has 90,000 at 0.0055 and 62,000 at 0.0046.
    [("LITE", 495 + 285.2), ("ESSENTIALS", 2_280), ("PLUS", 3_240)],
)
def test_cognito_bills_the_users_of_the_month_by_plan(plan: str, amount: float) -> None:
    assert capacity.bill(EMAIL, STACK, plan, 1)["Cognito, users"] == pytest.approx(amount)


def test_cognito_bills_the_rate_above_its_quota() -> None:
    assert capacity.bill(EMAIL, STACK, "LITE", 120)["Cognito, request rate"] == 0
    assert capacity.bill(EMAIL, STACK, "LITE", 121)["Cognito, request rate"] == pytest.approx(20)
    # 1 of UserAuthentication, and 96 of UserFederation.
    assert capacity.bill(HOSTED, STACK, "LITE", 121)["Cognito, request rate"] == pytest.approx(97 * 20)


def test_a_hosted_sign_in_adds_its_requests_and_all_users_are_federated() -> None:
    services = capacity.bill(HOSTED, STACK, "LITE", 1)
    # 3.50 USD a million: eleven requests of 648,000 sign-ins.
    assert services["API Gateway"] == pytest.approx(11 * 0.648 * 3.5)
    assert services["Cognito, users"] == pytest.approx((162_000 - 50) * 0.015)


def test_a_hosted_sign_in_reads_its_user_for_the_tokens_and_for_userinfo() -> None:
    by = provider()
    assert by.user_info(str(by.exchange(FORM, NOW)["access_token"]), NOW) is not None
    assert len(pool_of(by).sent("admin_get_user")) == capacity.HOSTED_USER_READS


def test_the_hosted_sign_in_has_two_more_keys_and_a_secret() -> None:
    services = capacity.bill(HOSTED, STACK, "LITE", 0)
    assert services["KMS"] == 3 + 2
    assert services["Secrets Manager"] == pytest.approx(0.4)


def test_lambda_is_billed_by_the_memory_of_the_template() -> None:
    def price(gb: float, hosted_gb: float, flow: SignInFlow = EMAIL) -> float:
        stack = replace(STACK, memory_gb=dict.fromkeys(STACK.memory_gb, gb) | {"hosted_sign_in": hosted_gb})
        return capacity.bill(flow, stack, "LITE", 1 / capacity.sign_ins_a_month(1))["Lambda"]

    # define 3 x 5 ms, create 60, verify 80, deliver 250, and a 20th of three starts of 0.5 s.
    assert price(1, 0) - price(0, 0) == pytest.approx(0.48 * 13.3334e-6)
    # A second in all.
    assert price(0, 1, HOSTED) - price(0, 0, HOSTED) == pytest.approx(13.3334e-6)
    assert price(0, 1) == price(0, 0)


def test_an_sms_is_billed_by_the_price_of_its_country() -> None:
    services = capacity.bill(SMS, STACK, "LITE", 1)
    assert services["SNS"] == pytest.approx(648_000 * 0.07451)
    assert "SES" not in services


def test_a_needed_value_is_one_that_the_parameter_allows() -> None:
    needed = {quota.name: quota.needed(100) for quota in capacity.to_raise(EMAIL, STACK, 100)}
    # 50 messages at the same time, and 60 is the next value of the parameter.
    assert needed["`DeliverConcurrency`: messages at the same time"] == 60
    assert needed["SES, emails a second"] == 100


def test_a_rate_on_the_command_line_prints_what_to_raise(capsys: pytest.CaptureFixture[str]) -> None:
    capacity.main(["250"])
    printed = capsys.readouterr().out
    assert f"  {AUTHENTICATION}: 120 -> 250 (ask AWS)" in printed
    assert "USD a month, plan PLUS: " in printed
    assert FIFO not in printed
    capacity.main(["5000"])
    assert "  `EmailsPerDay`: 50,000 -> 108,000,000: not possible" in capsys.readouterr().out


def test_a_hosted_sign_in_has_one_price_with_any_plan(capsys: pytest.CaptureFixture[str]) -> None:
    capacity.main(["1", "--sign-in", "hosted"])
    assert "USD a month, any plan: 2," in capsys.readouterr().out


def test_a_rate_below_the_first_limit_needs_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    capacity.main(["2.3"])
    assert "No limit has to be raised." in capsys.readouterr().out


def test_a_rate_of_another_kind_of_sign_in_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    capacity.main(["600", "--sign-in", "new-sms", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["sign_in"] == NEW_SMS.name
    assert {"limit": SMS_DAY, "initial_value": 1_000, "reached_at": 500, "needed": 1_200} | {
        "raised_by": None,
        "possible_up_to": 500,
    } in printed["to_raise"]
    assert printed["usd_a_month"]["LITE"] == capacity.bill(NEW_SMS, STACK, "LITE", 600)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["0"], "'0' is not a number of sign-ins a second above 0."),
        (["nan"], "'nan' is not"),
        (["many"], "'many' is not"),
        (["--json"], "--json needs a rate."),
        (["--sign-in", "sms"], "--sign-in needs a rate."),
    ],
)
def test_a_wrong_rate_is_refused_and_writes_no_page(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity_page, "write", pytest.fail)
    with pytest.raises(SystemExit):
        capacity.main(arguments)
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.314, "2.3"),
        (0.0231, "0.023"),
        (0.001, "less than 0.01"),
        (14, "14"),
        (1_785.7, "1,785"),
        (float("inf"), "no limit known"),
    ],
)
def test_a_number_is_rounded_down_to_two_digits(value: float, text: str) -> None:
    assert capacity_page.number(value) == text
