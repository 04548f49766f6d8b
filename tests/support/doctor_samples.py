"""A healthy pool and its stack as the doctor's facts, and checks on its findings."""

from dataclasses import replace

from tests.support.fake_user_pool import ARN, POOL_ID
from tests.support.pool_admin_world import FUNCTIONS
from tools.pool_admin.doctor.check_up import findings
from tools.pool_admin.doctor.facts import (
    Facts,
    Finding,
    Mail,
    Severity,
    StackFacts,
    Texts,
)
from tools.pool_admin.pool import ATTRIBUTE
from tools.pool_admin.stack import DeployedStack

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR
STACK = DeployedStack(
    "passcode",
    "CREATE_COMPLETE",
    {"UserPoolId": POOL_ID, "CodeLifeSeconds": "300"},
    {"UserPoolId": POOL_ID},
    FUNCTIONS,
)
STACK = replace(STACK, functions={k: v for k, v in FUNCTIONS.items() if k != "PreTokenGeneration"})
SERVED = {"Timeout": 5, "Environment": {"Variables": {"CODE_ONLY_CLIENTS": ""}}, "CodeSha256": "a"}
HEALTHY = StackFacts(
    STACK,
    dict.fromkeys(STACK.triggers.values(), True),
    dict.fromkeys(STACK.functions, SERVED),
    dict.fromkeys(STACK.functions, SERVED),
    Mail("no-reply@people.example", sender_verified=True, out_of_sandbox=True),
    Texts(in_sandbox=False, monthly_usd=200.0),
)
CLIENT = {
    "ClientId": "web",
    "ClientName": "Web",
    "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "PreventUserExistenceErrors": "ENABLED",
    "AuthSessionValidity": 15,
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


def of(found: list[Finding]) -> list[tuple[Severity, str]]:
    return [(finding.severity, f"{finding.about} {finding.what}") for finding in found]


def one(facts: Facts, severity: Severity, words: str) -> None:
    """That `facts` have one finding, of that severity and with those words, that says why and what mends."""
    found = findings(facts)
    assert [f.severity for f in found] == [severity], of(found)
    assert words in f"{found[0].about} {found[0].what}"
    assert len(found[0].why) > 10
    assert len(found[0].mend) > 10
