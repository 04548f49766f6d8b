"""The facts of a healthy pool and its stack, and helpers for the doctor's findings."""

from collections.abc import Mapping
from dataclasses import replace

from tests.support.account_in_memory import FUNCTIONS
from tests.support.fake_user_pool import ARN, POOL_ID
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.doctor.facts import EmailFacts, Facts, Reason, SmsFacts, StackFacts, Unchecked
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.doctor.run import run_checks

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR
DENIED = Unchecked("GetAccount", Reason.DENIED)
STACK = DeployedStack(
    "passcode",
    {"UserPoolId": POOL_ID, "CodeLifeSeconds": "300"},
    {"UserPoolId": POOL_ID},
    FUNCTIONS,
)
STACK = replace(STACK, functions={k: v for k, v in FUNCTIONS.items() if k != "PreTokenGeneration"})
CLAIMS = replace(STACK, functions=FUNCTIONS, parameters=STACK.parameters | {"AssuranceClaims": "ID_TOKEN"})
SERVED = {"Timeout": 5, "Environment": {"Variables": {"CODE_ONLY_CLIENTS": ""}}, "CodeSha256": "a"}
HEALTHY = StackFacts(
    STACK,
    dict.fromkeys(STACK.triggers.values(), True),
    dict.fromkeys(STACK.functions, SERVED),
    dict.fromkeys(STACK.functions, SERVED),
    EmailFacts("no-reply@people.example", sender_verified=True, out_of_sandbox=True),
    SmsFacts(in_sandbox=False, monthly_usd=200.0),
)
CLIENT = {
    "ClientId": "web",
    "ClientName": "Web",
    "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "PreventUserExistenceErrors": "ENABLED",
    "AuthSessionValidity": 15,
    "WriteAttributes": ["name", "custom:otp_channel"],
}
POOL = {
    "Id": POOL_ID,
    "Arn": ARN,
    "MfaConfiguration": "OFF",
    "LambdaConfig": STACK.triggers,
    "AutoVerifiedAttributes": ["email"],
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
    "SchemaAttributes": [{"Name": ATTRIBUTE}],
    "Domain": "people",
}
CLEAN = Facts(POOL, (CLIENT,), HEALTHY)


def text_of(finding: Finding) -> str:
    return f"{', '.join(finding.about)}: {finding.what}"


def summary(found: list[Finding]) -> list[tuple[Severity, str]]:
    return [(finding.severity, text_of(finding)) for finding in found]


def only_finding(facts: Facts, severity: Severity, text: str) -> Finding:
    """The only finding of `facts`. Checks its severity and text, and that it has a reason and a fix."""
    found = run_checks(facts)
    assert [f.severity for f in found] == [severity], summary(found)
    assert text in text_of(found[0])
    assert len(found[0].why) > 10
    assert all(len(str(step)) > 10 for step in found[0].fix)
    assert found[0].fix
    return found[0]


def fix_of(facts: Facts) -> str:
    """The fixes of the worst finding."""
    return "\n".join(map(str, run_checks(facts)[0].fix))


def triggers(**others: str | None) -> dict[str, str]:
    """The triggers of the stack, and `others` in place of some. None removes a trigger."""
    wanted: Mapping[str, str | None] = STACK.triggers | others
    return {name: arn for name, arn in wanted.items() if arn}
