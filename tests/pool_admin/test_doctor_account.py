"""The doctor's findings about the account: DeliverConcurrency and the limits of Lambda and SES."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.doctor_samples import CLEAN, HEALTHY, NOTE, STACK, WARNING, fix_of, only_finding, summary
from tests.support.template import TEMPLATE
from tools.pool_admin.aws_resources.functions import Concurrency
from tools.pool_admin.doctor.account import CONCURRENCIES
from tools.pool_admin.doctor.facts import EmailFacts, Facts, Reason, SmsFacts, Unchecked
from tools.pool_admin.doctor.finding import Severity
from tools.pool_admin.doctor.run import run_checks


def facts(deliver: int, **known: Any) -> Facts:
    stack = replace(STACK, parameters=STACK.parameters | {"DeliverConcurrency": str(deliver)})
    return replace(CLEAN, stack=replace(HEALTHY, deployed=stack, **known))


def email(per_second: float | Unchecked, *, out_of_sandbox: bool | Unchecked = True) -> EmailFacts:
    return EmailFacts("a@b.example", True, out_of_sandbox, per_second)


@pytest.mark.parametrize(
    ("region", "tls", "severity"),
    [
        ("", "REQUIRE", None),
        ("eu-central-1", "REQUIRE", None),
        ("eu-west-1", "REQUIRE", WARNING),
        ("eu-west-1", "OPTIONAL", NOTE),
    ],
)
def test_a_sender_of_another_region_is_a_finding(region: str, tls: str, severity: Severity | None) -> None:
    arn = f"arn:aws:ses:{region}:123456789012:identity/b.example" if region else ""
    parameters = STACK.parameters | {"SenderIdentityArn": arn, "TlsPolicy": tls}
    sender = EmailFacts("a@b.example", True, True, 100.0)
    known = replace(
        CLEAN, stack=replace(HEALTHY, deployed=replace(STACK, parameters=parameters), email=sender)
    )
    if severity is None:
        assert run_checks(known) == []
        return
    only_finding(known, severity, f"SES in {region} sends the emails, without the configuration set")
    unverified = replace(known.stack or HEALTHY, email=replace(sender, sender_verified=False))
    assert f"--region {region}" in fix_of(replace(known, stack=unverified))


def test_the_doctor_suggests_values_that_the_template_allows() -> None:
    assert list(CONCURRENCIES) == TEMPLATE["Parameters"]["DeliverConcurrency"]["AllowedValues"]


@pytest.mark.parametrize(
    ("deliver", "limit", "lower"),
    [(12, 12, "=6"), (18, 35, "=12"), (600, 1000, "=300"), (12, 10, "=6"), (6, 10, "")],
)
def test_a_burst_that_leaves_too_little_for_the_triggers_is_a_finding(
    deliver: int, limit: int, lower: str
) -> None:
    known_facts = facts(deliver, concurrency=Concurrency(limit, limit))
    only_finding(known_facts, WARNING, f"deliver may run {deliver} times at once")
    assert "--quota-code L-B99A9384" in fix_of(known_facts)
    assert (f"DeliverConcurrency{lower} in" in fix_of(known_facts)) == bool(lower)


@pytest.mark.parametrize(
    ("deliver", "total", "unreserved", "quota"),
    [(10, 10, 10, 1000), (600, 1000, 1000, 1200), (500, 1000, 900, 1100), (500, 950, 900, 1050)],
)
def test_the_requested_quota_is_enough(deliver: int, total: int, unreserved: int, quota: int) -> None:
    known_facts = facts(deliver, concurrency=Concurrency(total, unreserved))
    assert f"--desired-value {quota} --region eu-central-1" in fix_of(known_facts)


@pytest.mark.parametrize(("deliver", "limit"), [(10, 20), (10, 1000), (10, 0)])
def test_a_burst_that_leaves_enough_is_no_finding(deliver: int, limit: int) -> None:
    assert run_checks(facts(deliver, concurrency=Concurrency(limit, limit))) == []


@pytest.mark.parametrize(("deliver", "rate", "lower"), [(18, 14.0, "=12"), (12, 1.0, "=6"), (6, 1.0, "")])
def test_a_burst_above_the_send_rate_is_a_finding(deliver: int, rate: float, lower: str) -> None:
    known_facts = facts(deliver, email=email(rate))
    only_finding(
        known_facts, WARNING, f"SES accepts {rate:g} emails a second, and DeliverConcurrency allows {deliver}"
    )
    assert (f"DeliverConcurrency{lower} in" in fix_of(known_facts)) == bool(lower)


@pytest.mark.parametrize(("deliver", "rate"), [(14, 14.0), (10, 200.0), (10, 0.0)])
def test_a_burst_within_the_send_rate_is_no_finding(deliver: int, rate: float) -> None:
    assert run_checks(facts(deliver, email=email(rate))) == []


def test_the_sandbox_is_one_finding() -> None:
    found = run_checks(facts(10, email=email(1.0, out_of_sandbox=False)))
    assert [what for _severity, what in summary(found)] == ["SES: SES is in its sandbox."]


def spend(alarm: str, sms: SmsFacts) -> Facts:
    stack = replace(STACK, parameters=STACK.parameters | {"SmsSpendPerMonth": alarm})
    return replace(CLEAN, stack=replace(HEALTHY, deployed=stack, sms=sms))


@pytest.mark.parametrize("alarm", ["50", "80"])
def test_an_alarm_above_the_spend_limit_is_a_finding(alarm: str) -> None:
    found = spend(alarm, SmsFacts(False, 50.0))
    only_finding(
        found, WARNING, f"SmsSpendAlarm fires at {alarm} USD a month, and SNS stops sending SMS at 50"
    )
    assert "SmsSpendPerMonth=40 in" in fix_of(found)


@pytest.mark.parametrize(
    ("alarm", "sms"),
    [
        ("40", SmsFacts(False, 50.0)),
        ("80", SmsFacts(False, 50.0, "END_USER_MESSAGING")),
        ("80", SmsFacts(False, 50.0, "NOTIFY")),
        ("", SmsFacts(False, 50.0)),
    ],
)
def test_an_alarm_that_fires_in_time_is_no_finding(alarm: str, sms: SmsFacts) -> None:
    assert run_checks(spend(alarm, sms)) == []


def test_the_default_limit_of_sns_is_known() -> None:
    found = [finding.what for finding in run_checks(spend("80", SmsFacts(False, 0.0)))]
    assert "SmsSpendAlarm fires at 80 USD a month, and SNS stops sending SMS at 1 USD." in found


def test_limits_that_cannot_be_read_are_one_finding() -> None:
    account = Unchecked("GetAccount", Reason.DENIED)
    settings = Unchecked("GetAccountSettings", Reason.DENIED)
    known_facts = facts(10, concurrency=settings, email=email(account, out_of_sandbox=account))
    found = only_finding(known_facts, WARNING, "GetAccount, GetAccountSettings: AWS denied calls")
    assert str(found.fix[0]) == "Allow these credentials to call: GetAccount GetAccountSettings"


def test_failed_calls_are_one_finding_per_reason() -> None:
    known_facts = facts(
        10,
        concurrency=Unchecked("GetAccountSettings", Reason.NOT_OFFERED),
        email=email(Unchecked("GetAccount", Reason.THROTTLED)),
    )
    assert [what for _severity, what in summary(run_checks(known_facts))] == [
        "GetAccount: AWS throttled calls.",
        "GetAccountSettings: AWS does not have these calls here.",
    ]
