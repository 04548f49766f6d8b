"""The doctor and the operator's gateway function: the facts, and the finding for each of them."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.account_in_memory import AccountInMemory, refusal
from tests.support.doctor_samples import CLEAN, ERROR, HEALTHY, STACK, WARNING, fix_of, only_finding
from tests.support.fake_user_pool import REGION, Json
from tests.support.template import ROOT, TEMPLATE
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.doctor.account import _SMS_SERVICES
from tools.pool_admin.doctor.collect import gateway_facts, sms_facts, stack_facts
from tools.pool_admin.doctor.collect_phone import Messaging
from tools.pool_admin.doctor.facts import (
    CALLS,
    EmailFacts,
    Facts,
    GatewayFacts,
    Reason,
    SmsFacts,
    Unchecked,
)
from tools.pool_admin.doctor.gateway import _MOST_SECONDS
from tools.pool_admin.doctor.run import run_checks

ARN = f"arn:aws:lambda:{REGION}:123456789012:function:sms-gateway:live"
ROLE = "arn:aws:iam::123456789012:role/deliver"
RUNNING = {"State": "Active", "Timeout": 6}


def facts(configuration: Any = RUNNING, is_invocable: Any = True) -> Facts:
    gateway = GatewayFacts(ARN, ("email", "sms"), configuration, is_invocable)
    return replace(CLEAN, stack=replace(HEALTHY, gateway=gateway))


@pytest.mark.parametrize(
    ("configuration", "is_invocable"),
    [(RUNNING, True), (RUNNING, None), ({"State": "Inactive", "Timeout": 3}, True), ({}, True)],
)
def test_a_function_that_runs_is_no_finding(configuration: Json, is_invocable: bool | None) -> None:
    assert run_checks(facts(configuration, is_invocable)) == []


def test_a_function_that_does_not_exist_is_an_error() -> None:
    found = only_finding(facts(None), ERROR, "names a function that does not exist, for email and sms.")
    assert ARN in found.about[0]
    assert 'GatewayFunctionArn=""' in fix_of(facts(None))
    assert (ROOT / "docs" / "gateways.md").exists()


def test_a_function_that_failed_is_an_error() -> None:
    broken = {"State": "Failed", "StateReason": "The image was deleted", "Timeout": 6}
    only_finding(facts(broken), ERROR, "The function is Failed: The image was deleted.")
    only_finding(facts({"State": "Pending"}), ERROR, "The function is Pending: AWS gives no reason.")


@pytest.mark.parametrize("seconds", [7, 900])
def test_a_function_that_runs_longer_than_deliver_waits_is_a_finding(seconds: int) -> None:
    found = facts(RUNNING | {"Timeout": seconds})
    only_finding(found, WARNING, f"The function may run for {seconds} s, and deliver waits 6.5 s")
    assert f"--timeout 6 --function-name {ARN} --region {REGION}" in fix_of(found)


def test_the_time_out_is_below_the_wait_of_deliver() -> None:
    # The source of deliver, because its import would need its environment.
    source = (ROOT / "triggers" / "deliver.py").read_text()
    assert "_PATIENCE = 6.5" in source
    assert _MOST_SECONDS < 6.5


def test_a_function_that_deliver_may_not_invoke_is_an_error() -> None:
    only_finding(facts(is_invocable=False), ERROR, "The role of deliver may not invoke the function.")
    assert "PermissionsBoundaryArn" in fix_of(facts(is_invocable=False))


def test_calls_that_aws_denied_are_one_finding() -> None:
    function = Unchecked("GetFunctionConfiguration", Reason.DENIED)
    simulation = Unchecked("SimulatePrincipalPolicy", Reason.DENIED)
    only_finding(
        facts(function, simulation),
        WARNING,
        "GetFunctionConfiguration, SimulatePrincipalPolicy: AWS denied calls",
    )


class FakeAws:
    """Lambda and IAM. `function` is the configuration, or the error of the call; `decision` that of IAM."""

    def __init__(self, function: Json | ClientError, decision: str = "allowed") -> None:
        self.function, self.decision = function, decision
        self.simulated: Json = {}
        self.asked = ""

    def get_function_configuration(self, FunctionName: str) -> Json:  # noqa: N803
        self.asked = FunctionName
        if isinstance(self.function, ClientError):
            raise self.function
        return self.function

    def simulate_principal_policy(self, **request: Any) -> Json:
        self.simulated = request
        return {"EvaluationResults": [{"EvalDecision": self.decision}]}


def read(aws: Any, parameter: str = f"email,sms={ARN}", deliver: Any = None) -> GatewayFacts | None:
    """The facts that the doctor reads from `aws`."""
    account: Any = SimpleNamespace(region=REGION, client=lambda _service: aws)
    context = replace(AccountInMemory({}, {}).context(), aws=account, functions=Functions(aws))
    stack = replace(STACK, parameters={"GatewayFunctionArn": parameter})
    return gateway_facts(context, stack, {"Role": ROLE} if deliver is None else deliver)


def test_the_facts_of_the_function_are_read() -> None:
    aws = FakeAws(RUNNING)
    assert read(aws) == GatewayFacts(ARN, ("email", "sms"), RUNNING, is_invocable=True)
    assert aws.asked == ARN
    assert aws.simulated == {
        "PolicySourceArn": ROLE,
        "ActionNames": ["lambda:InvokeFunction"],
        "ResourceArns": [ARN],
    }


def test_a_stack_without_such_a_function_has_no_facts_of_it() -> None:
    assert read(FakeAws(RUNNING), "") is None


@pytest.mark.parametrize("decision", ["implicitDeny", "explicitDeny"])
def test_a_policy_that_refuses_the_call_is_read(decision: str) -> None:
    found = read(FakeAws(RUNNING, decision))
    assert found
    assert found.is_invocable is False


def test_a_function_that_lambda_does_not_find_does_not_exist() -> None:
    missing = refusal("ResourceNotFoundException", "GetFunctionConfiguration")
    found = read(FakeAws(missing))
    assert found
    assert found.configuration is None


def test_a_function_that_lambda_does_not_show_is_not_known() -> None:
    denied = refusal("AccessDeniedException", "GetFunctionConfiguration")
    unknown = Unchecked("GetFunctionConfiguration", Reason.DENIED)
    found = read(FakeAws(denied), deliver=unknown)
    assert found == GatewayFacts(ARN, ("email", "sms"), unknown, None)


@pytest.mark.parametrize(
    ("parameter", "has_email", "has_sms"),
    [("", True, True), (f"sms={ARN}", True, False), (f"email,sms={ARN}", False, False)],
)
def test_ses_and_sns_are_checked_only_for_their_channels(
    parameter: str, has_email: bool, has_sms: bool
) -> None:
    denying: Any = _Denying()
    account: Any = SimpleNamespace(region=REGION, client=lambda _service: denying)
    context = replace(AccountInMemory({}, {}).context(), aws=account, functions=Functions(denying))
    stack = context.stack("passcode")
    stack = replace(stack, parameters=stack.parameters | {"GatewayFunctionArn": parameter})
    found = stack_facts(context, stack, ())
    assert (found.email is not None, found.sms is not None) == (has_email, has_sms)
    assert (found.gateway is not None) == bool(parameter)


class _Denying:
    """A service that denies every call."""

    def __getattr__(self, call: str) -> Any:
        def deny(**_request: Any) -> None:
            raise refusal("AccessDeniedException", call)

        return deny


def email(per_day: float, *, out_of_sandbox: bool = True) -> EmailFacts:
    return EmailFacts("a@b.example", True, out_of_sandbox, 1000.0, per_day)


def capped(cap: str, found: EmailFacts | None) -> Facts:
    stack = replace(STACK, parameters=STACK.parameters | {"EmailsPerDay": cap})
    return replace(CLEAN, stack=replace(HEALTHY, deployed=stack, email=found))


def test_a_cap_above_the_quota_of_ses_is_a_finding() -> None:
    found = capped("60000", email(50_000.0))
    only_finding(found, WARNING, "SES accepts 50,000 emails a day, and EmailsPerDay allows 60,000.")
    assert "EmailsPerDay=50000 in" in fix_of(found)


@pytest.mark.parametrize(
    ("cap", "quota"), [("50000", 50_000.0), ("1", 50_000.0), ("60000", 0.0), ("60000", -1.0)]
)
def test_a_cap_within_the_quota_is_no_finding(cap: str, quota: float) -> None:
    assert run_checks(capped(cap, email(quota))) == []


def test_a_stack_whose_emails_go_elsewhere_has_no_quota() -> None:
    assert run_checks(capped("60000", None)) == []


def test_the_quota_of_the_sandbox_is_not_a_second_finding() -> None:
    found = run_checks(capped("60000", email(200.0, out_of_sandbox=False)))
    assert [finding.what for finding in found] == ["SES is in its sandbox."]


class FakeMessaging:
    """End User Messaging in its sandbox or not, with a spend limit for each kind of message."""

    def __init__(self, tier: str = "PRODUCTION", **limits: int) -> None:
        self.tier, self.limits = tier, limits

    def describe_account_attributes(self) -> Json:
        return {
            "AccountAttributes": [
                {"Name": "DEFAULT_PROTECT_CONFIGURATION_ID", "Value": "protect-1"},
                {"Name": "ACCOUNT_TIER", "Value": self.tier},
            ]
        }

    def describe_spend_limits(self) -> Json:
        found = [
            {"Name": f"{kind}_MESSAGE_MONTHLY_SPEND_LIMIT", "EnforcedLimit": limit, "MaxLimit": 1000}
            for kind, limit in self.limits.items()
        ]
        return {"SpendLimits": found}


def messaging_facts(messaging: Any, gateway: str) -> SmsFacts:
    """The facts that the doctor reads from `messaging`."""
    return sms_facts(AccountInMemory({}, {}).context(), Messaging(messaging), gateway)


@pytest.mark.parametrize(("gateway", "usd"), [("END_USER_MESSAGING", 50.0), ("NOTIFY", 20.0), (CALLS, 9.0)])
def test_the_limits_of_end_user_messaging_are_read(gateway: str, usd: float) -> None:
    messaging = FakeMessaging("SANDBOX", VOICE=9, TEXT=50, NOTIFY=20)
    assert messaging_facts(messaging, gateway) == SmsFacts(True, usd, gateway)
    assert messaging_facts(FakeMessaging(), gateway) == SmsFacts(False, 0.0, gateway)
    denied = messaging_facts(_Denying(), gateway)
    assert {type(denied.in_sandbox), type(denied.monthly_usd)} == {Unchecked}


@pytest.mark.parametrize(
    ("gateway", "name", "command"),
    [
        ("END_USER_MESSAGING", "End User Messaging", "set-text-message-spend-limit-override"),
        ("NOTIFY", "Notify", "set-notify-message-spend-limit-override"),
    ],
)
def test_the_limits_of_end_user_messaging_are_findings(gateway: str, name: str, command: str) -> None:
    poor = replace(CLEAN, stack=replace(HEALTHY, sms=SmsFacts(False, 1.0, gateway)))
    only_finding(poor, WARNING, f"{name} stops sending SMS at 1.00 USD a month.")
    assert f"aws pinpoint-sms-voice-v2 {command} --monthly-limit USD" in fix_of(poor)
    sandbox = replace(CLEAN, stack=replace(HEALTHY, sms=SmsFacts(True, 200.0, gateway)))
    only_finding(sandbox, WARNING, f"{name} is in the SMS sandbox.")


def test_the_limits_of_calls_are_findings() -> None:
    poor = replace(CLEAN, stack=replace(HEALTHY, calls=SmsFacts(False, 1.0, CALLS)))
    only_finding(poor, WARNING, "End User Messaging stops calling at 1.00 USD a month.")
    assert "set-voice-message-spend-limit-override --monthly-limit USD" in fix_of(poor)
    sandbox = replace(CLEAN, stack=replace(HEALTHY, calls=SmsFacts(True, 200.0, CALLS)))
    only_finding(sandbox, WARNING, "End User Messaging is in the voice sandbox.")
    assert run_checks(replace(CLEAN, stack=replace(HEALTHY, calls=SmsFacts(False, 200.0, CALLS)))) == []


def test_the_doctor_knows_each_gateway_for_sms_and_the_one_for_calls() -> None:
    assert list(_SMS_SERVICES) == [*TEMPLATE["Parameters"]["SmsGateway"]["AllowedValues"], CALLS]
