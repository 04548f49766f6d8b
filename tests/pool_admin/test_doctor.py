"""The doctor's rules, each as an example: what is there, and what must be found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.pool_admin.fake import ARN, POOL_ID
from tests.pool_admin.world import FUNCTIONS, OTHERS, refusal
from tools.pool_admin.doctor.collect import _ask
from tools.pool_admin.doctor.facts import (
    EmailFacts,
    Facts,
    Finding,
    Severity,
    SmsFacts,
    StackFacts,
    Unchecked,
    Unreadable,
)
from tools.pool_admin.doctor.run import exit_code, findings
from tools.pool_admin.pool import ATTRIBUTE
from tools.pool_admin.stack import TRIGGERS, DeployedStack

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR
DENIED = Unchecked("GetAccount", denied=True)
STACK = DeployedStack(
    "passcode",
    "CREATE_COMPLETE",
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
    """That `facts` have one finding, of that severity and with those words, that says why and what fixes."""
    found = findings(facts)
    assert [f.severity for f in found] == [severity], of(found)
    assert words in f"{found[0].about} {found[0].what}"
    assert len(found[0].why) > 10
    assert len(found[0].fix) > 10


def test_a_clean_pool_is_clean() -> None:
    assert findings(CLEAN) == []
    assert exit_code([]) == 0


@pytest.mark.parametrize(
    ("settings", "severity", "words"),
    [
        (
            {"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH"]},
            ERROR,
            "(USER_PASSWORD_AUTH)",
        ),
        ({"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"]}, ERROR, "(USER_SRP_AUTH)"),
        ({"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_AUTH"]}, ERROR, "(USER_AUTH)"),
        ({"ExplicitAuthFlows": ["USER_PASSWORD_AUTH"]}, ERROR, "It has not heard of codes"),
        ({"ExplicitAuthFlows": ["CUSTOM_AUTH_FLOW_ONLY", "ADMIN_NO_SRP_AUTH"]}, WARNING, "a back end"),
        ({"ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]}, WARNING, "a back end"),
        ({"ExplicitAuthFlows": []}, ERROR, "It lists no flows, and then AWS allows SRP"),
        ({"ExplicitAuthFlows": None}, ERROR, "It lists no flows, and then AWS allows SRP"),
        ({"PreventUserExistenceErrors": "LEGACY"}, WARNING, "tells strangers which users exist"),
        ({"PreventUserExistenceErrors": None}, WARNING, "tells strangers which users exist"),
        ({"AuthSessionValidity": 4}, WARNING, "forgets a sign-in after 4 min, but a code is good for 5 min"),
        ({"AuthSessionValidity": None}, WARNING, "forgets a sign-in after 3 min"),
    ],
)
def test_app_clients(settings: dict[str, Any], severity: Severity, words: str) -> None:
    one(replace(CLEAN, clients=(CLIENT | settings,)), severity, words)


@pytest.mark.parametrize("flows", [["ALLOW_REFRESH_TOKEN_AUTH"], ["ALLOW_CUSTOM_AUTH"]])
def test_app_clients_that_offer_no_way_round(flows: list[str]) -> None:
    assert findings(replace(CLEAN, clients=(CLIENT | {"ExplicitAuthFlows": flows},))) == []


HOSTED = {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"]}


@pytest.mark.parametrize(
    ("settings", "domain", "severity", "words"),
    [
        ({"SupportedIdentityProviders": ["COGNITO"]}, "people", ERROR, "Those pages cannot ask for the code"),
        ({"SupportedIdentityProviders": ["COGNITO"]}, None, WARNING, "once the pool has a domain"),
        ({"SupportedIdentityProviders": ["Okta"]}, "people", NOTE, "lets users of Okta in by hosted sign-in"),
    ],
)
def test_hosted_sign_in(settings: dict[str, Any], domain: str | None, severity: Severity, words: str) -> None:
    one(Facts(POOL | {"Domain": domain}, (CLIENT | HOSTED | settings,), HEALTHY), severity, words)


def test_a_machine_client_is_no_way_round() -> None:
    machine = HOSTED | {
        "AllowedOAuthFlows": ["client_credentials"],
        "SupportedIdentityProviders": ["COGNITO"],
    }
    assert findings(replace(CLEAN, clients=(CLIENT | machine,))) == []


def test_the_mend_of_a_client_is_the_command_for_its_mode() -> None:
    lax = CLIENT | {"PreventUserExistenceErrors": "LEGACY"}
    attach = f".venv/bin/python -m tools.pool_admin attach {POOL_ID} --stack passcode"
    assert findings(replace(CLEAN, clients=(lax,)))[0].fix == f"{attach} --client web"
    stack = replace(STACK, parameters=STACK.parameters | {"CodeOnlyClientIds": "web"})
    served = {"DefineAuthChallenge": {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": "web"}}}}
    facts = Facts(POOL, (lax,), replace(HEALTHY, stack=stack, functions=served, newest={}))
    assert findings(facts)[0].fix == f"{attach} --code-only-client web"


def test_a_code_alone_beside_a_password() -> None:
    stack = replace(STACK, parameters=STACK.parameters | {"CodeOnlyClientIds": "kiosk"})
    served = {"DefineAuthChallenge": {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": "kiosk"}}}}
    kiosk = CLIENT | {"ClientId": "kiosk", "ClientName": "Kiosk"}
    facts = Facts(POOL, (CLIENT, kiosk), replace(HEALTHY, stack=stack, functions=served, newest={}))
    one(facts, NOTE, "(kiosk) takes a code without the password")
    assert findings(facts)[0].fix == "Keep no CODE_ONLY client in this pool, or keep two pools."
    assert findings(replace(facts, clients=(kiosk,))) == []


def triggers(**others: str | None) -> dict[str, str]:
    wanted: Mapping[str, str | None] = STACK.triggers | others
    return {name: arn for name, arn in wanted.items() if arn}


@pytest.mark.parametrize(
    ("settings", "severity", "words"),
    [
        ({"MfaConfiguration": "ON"}, ERROR, "has MFA of its own, which is ON"),
        ({"MfaConfiguration": "OPTIONAL"}, ERROR, "has MFA of its own, which is OPTIONAL"),
        ({"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False}}, WARNING, "remembers devices"),
        ({"LambdaConfig": triggers(CreateAuthChallenge=None)}, ERROR, "has no CreateAuthChallenge trigger"),
        (
            {"LambdaConfig": triggers(DefineAuthChallenge=OTHERS)},
            ERROR,
            f"calls {OTHERS} as its DefineAuthChallenge",
        ),
        (
            {
                "LambdaConfig": triggers(
                    DefineAuthChallenge=FUNCTIONS["DefineAuthChallenge"].removesuffix(":live")
                )
            },
            WARNING,
            "and not this stack's",
        ),
        ({"SchemaAttributes": []}, NOTE, f"has no attribute {ATTRIBUTE}"),
        ({"AutoVerifiedAttributes": []}, WARNING, "verifies neither email addresses nor phone numbers"),
        ({"UserAttributeUpdateSettings": None}, NOTE, "takes a new email address before it is verified"),
        ({"AccountRecoverySetting": None}, NOTE, "lets users reset a password by email"),
    ],
)
def test_the_pool(settings: dict[str, Any], severity: Severity, words: str) -> None:
    one(replace(CLEAN, pool=POOL | settings), severity, words)


def served(name: str, **settings: Any) -> dict[str, Any]:
    return {"functions": dict(HEALTHY.functions) | {name: SERVED | settings}, "newest": {}}


NEWER = SERVED | {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": "", "COOLDOWN_SECONDS": "9"}}}


@pytest.mark.parametrize(
    ("known", "severity", "words"),
    [
        ({"permitted": {ARN: False}}, ERROR, "may not be called by this pool"),
        (served("CreateAuthChallenge", Timeout=30), WARNING, "may run for 30 s"),
        (served("VerifyAuthChallenge", State="Failed", StateReason="no role"), ERROR, "is Failed: no role"),
        (
            served("DefineAuthChallenge", Environment={"Variables": {"CODE_ONLY_CLIENTS": "kiosk"}}),
            ERROR,
            "does not have the app clients that the stack's CodeOnlyClientIds names",
        ),
        ({"newest": {"Deliver": NEWER}}, WARNING, "has newer COOLDOWN_SECONDS than its alias live serves"),
        ({"newest": {"Deliver": SERVED | {"CodeSha256": "b"}}}, WARNING, "has newer code than its alias"),
        (
            {"email": EmailFacts("a@b.example", sender_verified=False, out_of_sandbox=True)},
            ERROR,
            "has not verified",
        ),
        (
            {"email": EmailFacts("a@b.example", sender_verified=True, out_of_sandbox=False)},
            ERROR,
            "SES is in its sandbox",
        ),
        ({"sms": SmsFacts(in_sandbox=True, monthly_usd=200.0)}, WARNING, "is in the SMS sandbox"),
        ({"sms": SmsFacts(in_sandbox=False, monthly_usd=0.0)}, WARNING, "sends SMS for 1.00 USD a month"),
        ({"idle_alarms": ("Slow",)}, NOTE, "has 1 alarm that tells nobody."),
        ({"idle_alarms": ("Slow", "Late")}, NOTE, "has 2 alarms that tell nobody."),
        (
            {"stack": replace(STACK, outputs={"UserPoolId": "eu-central-1_Other"})},
            ERROR,
            "was deployed for eu-central-1_Other",
        ),
        (
            {"email": EmailFacts("a@b.example", sender_verified=True, out_of_sandbox=DENIED)},
            WARNING,
            "not allowed to call GetAccount",
        ),
        ({"idle_alarms": Unchecked("DescribeAlarms", denied=False)}, NOTE, "could not call DescribeAlarms"),
        ({"permitted": {ARN: Unchecked("GetPolicy", denied=True)}}, WARNING, "not allowed to call GetPolicy"),
        ({"stack": CLAIMS}, WARNING, "does not call the stack's function for claims"),
    ],
)
def test_the_stack(known: dict[str, Any], severity: Severity, words: str) -> None:
    one(replace(CLEAN, stack=replace(HEALTHY, **known)), severity, words)


def with_list(listed: str) -> StackFacts:
    """The healthy stack with that `CodeOnlyClientIds`, which its function has, too."""
    stack = replace(STACK, parameters=STACK.parameters | {"CodeOnlyClientIds": listed})
    function = SERVED | {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": listed}}}
    return replace(
        HEALTHY, stack=stack, functions={**HEALTHY.functions, "DefineAuthChallenge": function}, newest={}
    )


@pytest.mark.parametrize(
    ("listed", "modes", "words", "fix"),
    [
        ("", {}, "", ""),
        ("", {"web": False}, "", ""),
        ("kiosk", {"kiosk": True, "web": False}, "", ""),
        ("door,kiosk", {"kiosk": True}, "", ""),
        ("", {"kiosk": True}, "kiosk changed", "CodeOnlyClientIds=kiosk into"),
        ("door", {"kiosk": True}, "kiosk changed", "CodeOnlyClientIds=door,kiosk into"),
        ("kiosk", {"kiosk": False}, "kiosk changed", 'CodeOnlyClientIds="" into'),
        ("web", {"kiosk": True, "web": False}, "kiosk, web changed", "CodeOnlyClientIds=kiosk into"),
    ],
)
def test_a_deployment_that_took_the_list_back(
    listed: str, modes: dict[str, bool], words: str, fix: str
) -> None:
    facts = Facts(POOL, (), replace(with_list(listed), modes=modes))
    if not words:
        assert findings(facts) == []
        return
    one(facts, ERROR, f"stack passcode has another CodeOnlyClientIds than attach gave it: {words}")
    assert fix in findings(facts)[0].fix
    assert "parameter_overrides of samconfig.mine.toml, then `make deploy`" in findings(facts)[0].fix


def test_a_record_that_makes_no_sense_is_said() -> None:
    known = replace(HEALTHY, modes=Unreadable("Use the version that saved it."))
    one(replace(CLEAN, stack=known), WARNING, "cannot read what attach saved")


@pytest.mark.parametrize(
    ("own", "pool_of_stack", "fix"),
    [
        (True, POOL_ID, "Deploy the stack passcode again, which sets its own app clients right, or delete"),
        (True, "eu-central-1_Other", f"attach {POOL_ID} --stack STACK --client web"),
        (False, "eu-central-1_Other", f"attach {POOL_ID} --stack passcode --client web"),
        (False, POOL_ID, f"attach {POOL_ID} --stack passcode --client web, or delete the client"),
    ],
)
def test_mends_where_the_stack_is_another_pools(own: bool, pool_of_stack: str, fix: str) -> None:
    parameters = STACK.parameters | {"UserPoolId": "" if own else pool_of_stack}
    stack = replace(STACK, parameters=parameters, outputs={"UserPoolId": pool_of_stack})
    lax = CLIENT | {"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"]}
    found = findings(Facts(POOL, (lax,), replace(HEALTHY, stack=stack)))
    (of_client,) = (f.fix for f in found if f.about.startswith("app client"))
    assert fix in of_client
    assert ("delete" in of_client) == (pool_of_stack == POOL_ID)
    of_stack = [f.fix for f in found if f.about.startswith("stack")]
    if pool_of_stack == POOL_ID:
        assert of_stack == []
    elif own:
        assert of_stack[0].startswith(f"Deploy another stack with the parameter UserPoolId={POOL_ID}")
    else:
        assert of_stack[0].startswith(f"Set UserPoolId={POOL_ID} in parameter_overrides of samconfig.mine")


def test_the_function_for_claims_in_either_place() -> None:
    arn = FUNCTIONS["PreTokenGeneration"]
    for config in ({"PreTokenGeneration": arn}, {"PreTokenGenerationConfig": {"LambdaArn": arn}}):
        facts = Facts(
            POOL | {"LambdaConfig": STACK.triggers | config}, (CLIENT,), replace(HEALTHY, stack=CLAIMS)
        )
        assert findings(facts) == []


def test_clients_that_may_not_be_read_are_not_clean() -> None:
    one(
        replace(CLEAN, clients=Unchecked("ListUserPoolClients", denied=True)),
        WARNING,
        "not allowed to call ListUser",
    )


def test_without_a_stack_that_is_said() -> None:
    one(replace(CLEAN, stack=None), NOTE, "looked at the pool only")


def test_deliver_may_take_longer_than_cognito_waits() -> None:
    assert findings(replace(CLEAN, stack=replace(HEALTHY, **served("Deliver", Timeout=10)))) == []


def test_the_worst_comes_first_and_is_the_exit_code() -> None:
    bad: dict[str, Any] = POOL | {
        "MfaConfiguration": "ON",
        "SchemaAttributes": [],
        "AutoVerifiedAttributes": None,
    }
    found = findings(replace(CLEAN, pool=bad))
    assert [f.severity for f in found] == [ERROR, WARNING, NOTE]
    assert [exit_code(found), exit_code(found[1:]), exit_code(found[2:])] == [2, 1, 0]


def test_only_a_refusal_is_noted_and_every_other_error_is_an_error() -> None:
    def asks(code: str) -> Any:
        def call() -> None:
            raise refusal(code, "GetAccount")

        return _ask(call)

    assert asks("AccessDeniedException") == DENIED
    assert asks("InvalidAction") == Unchecked("GetAccount", denied=False)
    with pytest.raises(ClientError):
        asks("InternalFailure")


def test_the_table_names_every_trigger() -> None:
    assert set(STACK.triggers) == set(TRIGGERS)


def test_a_stacks_own_pool_gets_its_triggers_back_by_one_command() -> None:
    own = replace(HEALTHY, stack=replace(STACK, parameters={"UserPoolId": "", "CodeLifeSeconds": "300"}))
    lost = [f for f in findings(Facts(POOL | {"LambdaConfig": {}}, (), own)) if "trigger" in f.what]
    assert len(lost) == 3
    assert {f.fix for f in lost} == {
        f".venv/bin/python -m tools.pool_admin attach {POOL_ID} --stack passcode"
    }
