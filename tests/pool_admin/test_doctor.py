"""The checks of the doctor: the facts of a pool or a stack, and the finding for them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.account_in_memory import FUNCTIONS, OTHERS
from tests.support.doctor_samples import (
    CLAIMS,
    CLEAN,
    CLIENT,
    DENIED,
    ERROR,
    HEALTHY,
    NOTE,
    POOL,
    SERVED,
    STACK,
    WARNING,
    fix_of,
    only_finding,
    triggers,
)
from tests.support.fake_user_pool import ARN, POOL_ID
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.stack import TRIGGERS
from tools.pool_admin.doctor.facts import (
    EmailFacts,
    Facts,
    Reason,
    SmsFacts,
    StackFacts,
    Unchecked,
    Unreadable,
)
from tools.pool_admin.doctor.finding import Finding, Severity, group_findings
from tools.pool_admin.doctor.run import exit_code, run_checks
from tools.pool_admin.fixes import Fix
from tools.pool_admin.output import Output, show_findings


def test_a_healthy_pool_has_no_findings() -> None:
    assert run_checks(CLEAN) == []
    assert exit_code([]) == 0


@pytest.mark.parametrize(
    ("settings", "severity", "text"),
    [
        ({"MfaConfiguration": "ON"}, ERROR, "Cognito's MFA is ON"),
        ({"MfaConfiguration": "OPTIONAL"}, ERROR, "Cognito's MFA is OPTIONAL"),
        ({"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False}}, WARNING, "remembers devices"),
        (
            {"LambdaConfig": triggers(CreateAuthChallenge=None)},
            ERROR,
            "trigger CreateAuthChallenge: The pool lacks triggers",
        ),
        (
            {"LambdaConfig": triggers(DefineAuthChallenge=OTHERS)},
            ERROR,
            f"trigger DefineAuthChallenge (calls {OTHERS}",
        ),
        (
            {
                "LambdaConfig": triggers(
                    DefineAuthChallenge=FUNCTIONS["DefineAuthChallenge"].removesuffix(":live")
                )
            },
            WARNING,
            "another version or alias of the stack's functions",
        ),
        ({"SchemaAttributes": []}, NOTE, f"The attribute {ATTRIBUTE} is missing"),
        ({"AutoVerifiedAttributes": []}, WARNING, "verifies neither email addresses nor phone numbers"),
        ({"UserAttributeUpdateSettings": None}, NOTE, "replaces the old one before it is verified"),
        ({"AccountRecoverySetting": None}, NOTE, "reset their password by email"),
    ],
)
def test_a_setting_of_the_pool_is_a_finding(settings: dict[str, Any], severity: Severity, text: str) -> None:
    only_finding(replace(CLEAN, pool=POOL | settings), severity, text)


def served(name: str, **settings: Any) -> dict[str, Any]:
    return {"functions": dict(HEALTHY.functions) | {name: SERVED | settings}, "newest": {}}


NEWER = SERVED | {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": "", "COOLDOWN_SECONDS": "9"}}}


@pytest.mark.parametrize(
    ("known", "severity", "text"),
    [
        ({"permitted": {ARN: False}}, ERROR, "may not call functions of the stack"),
        (served("CreateAuthChallenge", Timeout=30), WARNING, "may run for 30 s"),
        (
            served("VerifyAuthChallenge", State="Failed", StateReason="no role"),
            ERROR,
            "The function is Failed: no role",
        ),
        (
            served("DefineAuthChallenge", Environment={"Variables": {"CODE_ONLY_CLIENTS": "kiosk"}}),
            ERROR,
            "list of app clients differs from the stack's CodeOnlyClientIds",
        ),
        ({"newest": {"Deliver": NEWER}}, WARNING, "alias live does not serve the newest COOLDOWN_SECONDS"),
        ({"newest": {"Deliver": SERVED | {"CodeSha256": "b"}}}, WARNING, "does not serve the newest code"),
        (
            {"email": EmailFacts("a@b.example", sender_verified=False, out_of_sandbox=True)},
            ERROR,
            "sender a@b.example is not verified",
        ),
        (
            {"email": EmailFacts("a@b.example", sender_verified=True, out_of_sandbox=False)},
            ERROR,
            "SES is in its sandbox",
        ),
        ({"sms": SmsFacts(in_sandbox=True, monthly_usd=200.0)}, WARNING, "is in the SMS sandbox"),
        (
            {"sms": SmsFacts(in_sandbox=False, monthly_usd=0.0)},
            WARNING,
            "stops sending SMS at 1.00 USD a month",
        ),
        ({"idle_alarms": ("Slow",)}, NOTE, "alarm Slow: Alarms have no recipient"),
        ({"idle_alarms": ("Slow", "Late")}, NOTE, "alarm Slow, alarm Late: Alarms have no recipient"),
        (
            {"deployed": replace(STACK, outputs={"UserPoolId": "eu-central-1_Other"})},
            ERROR,
            "was deployed for eu-central-1_Other",
        ),
        (
            {"email": EmailFacts("a@b.example", sender_verified=True, out_of_sandbox=DENIED)},
            WARNING,
            "GetAccount: AWS denied calls",
        ),
        (
            {"idle_alarms": Unchecked("DescribeAlarms", Reason.NOT_OFFERED)},
            NOTE,
            "DescribeAlarms: AWS does not have",
        ),
        (
            {"permitted": {ARN: Unchecked("GetPolicy", Reason.DENIED)}},
            WARNING,
            "GetPolicy: AWS denied calls",
        ),
        ({"deployed": CLAIMS}, WARNING, "is not the stack's function for claims"),
    ],
)
def test_a_fact_about_the_stack_is_a_finding(known: dict[str, Any], severity: Severity, text: str) -> None:
    only_finding(replace(CLEAN, stack=replace(HEALTHY, **known)), severity, text)


def with_list(listed: str) -> StackFacts:
    """The healthy stack with this list in `CodeOnlyClientIds` and in its function."""
    stack = replace(STACK, parameters=STACK.parameters | {"CodeOnlyClientIds": listed})
    function = SERVED | {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": listed}}}
    return replace(
        HEALTHY, deployed=stack, functions={**HEALTHY.functions, "DefineAuthChallenge": function}, newest={}
    )


@pytest.mark.parametrize(
    ("listed", "modes", "text", "fix"),
    [
        ("", {}, "", ""),
        ("", {"web": False}, "", ""),
        ("kiosk", {"kiosk": True, "web": False}, "", ""),
        ("lobby,kiosk", {"kiosk": True}, "", ""),
        ("", {"kiosk": True}, "kiosk changed", "CodeOnlyClientIds=kiosk into"),
        ("lobby", {"kiosk": True}, "kiosk changed", "CodeOnlyClientIds=lobby,kiosk into"),
        ("kiosk", {"kiosk": False}, "kiosk changed", 'CodeOnlyClientIds="" into'),
        ("web", {"kiosk": True, "web": False}, "kiosk, web changed", "CodeOnlyClientIds=kiosk into"),
    ],
)
def test_a_deployment_that_reset_the_list_is_a_finding(
    listed: str, modes: dict[str, bool], text: str, fix: str
) -> None:
    facts = Facts(POOL, (), replace(with_list(listed), modes=modes))
    if not text:
        assert run_checks(facts) == []
        return
    only_finding(
        facts, ERROR, f"stack passcode: CodeOnlyClientIds does not have the value that attach set: {text}"
    )
    assert fix in fix_of(facts)
    assert "parameter_overrides of samconfig.mine.toml, then `make deploy`" in fix_of(facts)


def test_a_backup_that_cannot_be_read_is_a_finding() -> None:
    known = replace(HEALTHY, modes=Unreadable("Use the version that saved it."))
    only_finding(replace(CLEAN, stack=known), WARNING, "that attach saved for this pool cannot be read")


@pytest.mark.parametrize(
    ("own", "pool_of_stack", "fix"),
    [
        (True, POOL_ID, "In the console: App clients > web > Edit"),
        (True, "eu-central-1_Other", f"attach {POOL_ID} --stack NAME --client web"),
        (False, "eu-central-1_Other", f"attach {POOL_ID} --stack passcode --client web"),
        (False, POOL_ID, f"attach {POOL_ID} --stack passcode --client web"),
    ],
)
def test_the_fix_depends_on_the_pool_of_the_stack(own: bool, pool_of_stack: str, fix: str) -> None:
    parameters = STACK.parameters | {"UserPoolId": "" if own else pool_of_stack}
    stack = replace(STACK, parameters=parameters, outputs={"UserPoolId": pool_of_stack})
    lax = CLIENT | {"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"]}
    found = run_checks(Facts(POOL, (lax,), replace(HEALTHY, deployed=stack)))
    (of_client,) = (list(map(str, f.fix)) for f in found if f.about[0].startswith("app client"))
    assert fix in of_client[0]
    assert any("delete" in step for step in of_client) == (pool_of_stack == POOL_ID)
    of_stack = [str(f.fix[0]) for f in found if f.about[0].startswith("stack")]
    if pool_of_stack == POOL_ID:
        assert of_stack == []
    elif own:
        assert of_stack[0].startswith(f"Deploy another stack with the parameter UserPoolId={POOL_ID}")
    else:
        assert of_stack[0].startswith(f"Set UserPoolId={POOL_ID} in parameter_overrides of samconfig.mine")


def test_the_function_for_claims_may_be_in_either_setting() -> None:
    arn = FUNCTIONS["PreTokenGeneration"]
    for config in ({"PreTokenGeneration": arn}, {"PreTokenGenerationConfig": {"LambdaArn": arn}}):
        facts = Facts(
            POOL | {"LambdaConfig": STACK.triggers | config}, (CLIENT,), replace(HEALTHY, deployed=CLAIMS)
        )
        assert run_checks(facts) == []


def test_app_clients_that_cannot_be_read_are_a_finding() -> None:
    only_finding(
        replace(CLEAN, unread_clients=(Unchecked("ListUserPoolClients", Reason.DENIED),)),
        WARNING,
        "ListUserPoolClients: AWS denied calls",
    )


def test_a_check_without_a_stack_is_noted() -> None:
    only_finding(replace(CLEAN, stack=None), NOTE, "Only the pool was checked")


BROKEN = replace(
    CLEAN,
    pool=POOL | {"MfaConfiguration": "ON", "SchemaAttributes": [], "LambdaConfig": {}},
    stack=replace(
        HEALTHY,
        email=EmailFacts("a@b.example", sender_verified=False, out_of_sandbox=True),
        sms=SmsFacts(in_sandbox=False, monthly_usd=0.0),
        **served("Deliver", CodeSha256="b", Timeout=30) | {"newest": {"Deliver": SERVED}},
    ),
)


@pytest.mark.parametrize("facts", [BROKEN, replace(CLEAN, stack=None)])
def test_fixes_name_the_region_and_the_profile(facts: Facts) -> None:
    commands = [str(step) for f in run_checks(replace(facts, profile="my profile")) for step in f.fix]
    for command in (step for step in commands if step.startswith("aws ")):
        assert command.count("aws ") == command.count("--region eu-central-1 --profile 'my profile'")
    for command in (step for step in commands if step.startswith(".venv")):
        assert "--profile 'my profile'" in command
    assert len(commands) == (6 if facts is BROKEN else 1)


def test_deliver_may_take_longer_than_cognito_waits() -> None:
    assert run_checks(replace(CLEAN, stack=replace(HEALTHY, **served("Deliver", Timeout=10)))) == []


def test_the_worst_finding_is_first_and_sets_the_exit_code() -> None:
    bad: dict[str, Any] = POOL | {
        "MfaConfiguration": "ON",
        "SchemaAttributes": [],
        "AutoVerifiedAttributes": None,
    }
    found = run_checks(replace(CLEAN, pool=bad))
    assert [f.severity for f in found] == [ERROR, WARNING, NOTE]
    assert [exit_code(found), exit_code(found[1:]), exit_code(found[2:])] == [20, 10, 0]


def test_the_table_names_every_trigger() -> None:
    assert set(STACK.triggers) == set(TRIGGERS)


def test_one_command_restores_the_triggers_of_a_stacks_own_pool() -> None:
    own = replace(HEALTHY, deployed=replace(STACK, parameters={"UserPoolId": "", "CodeLifeSeconds": "300"}))
    lost = only_finding(Facts(POOL | {"LambdaConfig": {}}, (), own), ERROR, "The pool lacks triggers")
    assert lost.about == tuple(f"trigger {name}" for name in TRIGGERS)
    assert list(map(str, lost.fix)) == [
        f".venv/bin/python -m tools.pool_admin attach {POOL_ID} --stack passcode"
    ]


def make_finding(
    about: str, *fix: Fix | str, severity: Severity = ERROR, what: str = "W.", why: str = "Y."
) -> Finding:
    return Finding.of(severity, about, what, why, *fix)


def test_one_cause_is_one_finding_with_every_resource_and_fix() -> None:
    found = group_findings(
        [
            make_finding("a", Fix("attach", ("--client a",)), "Or delete it."),
            make_finding("b", Fix("attach", ("--client b",)), "Or delete it."),
            make_finding("a", Fix("attach", ("--client a",)), "delete a"),
        ]
    )
    assert [finding.about for finding in found] == [("a", "b")]
    assert list(map(str, found[0].fix)) == ["attach --client a --client b", "Or delete it.", "delete a"]


@pytest.mark.parametrize("other", [{"severity": WARNING}, {"what": "Other."}, {"why": "Other."}])
def test_another_cause_is_another_finding(other: dict[str, Any]) -> None:
    found = group_findings([make_finding("a", "Fix it."), make_finding("b", "Fix it.", **other)])
    assert [finding.about for finding in found] == [("a",), ("b",)]


def test_a_finding_is_printed_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = group_findings(
        [make_finding("a", Fix("attach", ("--client a",))), make_finding("b", Fix("attach", ("--client b",)))]
    )
    show_findings(Output(as_json=False), POOL_ID, found)
    assert capsys.readouterr().out.splitlines() == [
        "ERROR  W.",
        "  In: a, b",
        "  Why: Y.",
        "  Fix: attach --client a --client b",
        "1 error, 0 warnings, 0 notes.",
    ]
    show_findings(Output(as_json=True), POOL_ID, found)
    (listed,) = json.loads(capsys.readouterr().out)["findings"]
    assert listed == {
        "severity": "error",
        "about": ["a", "b"],
        "what": "W.",
        "why": "Y.",
        "fix": ["attach --client a --client b"],
    }
