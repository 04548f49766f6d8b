"""Doctor and attach with the hosted sign-in of a stack."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.doctor_samples import (
    CLEAN,
    CLIENT,
    ERROR,
    HEALTHY,
    NOTE,
    POOL,
    SERVED,
    STACK,
    WARNING,
    only_finding,
    summary,
)
from tests.support.fake_user_pool import ARN, POOL_ID
from tools.pool_admin.attachment.declaration import Declaration, Format, declaration_text
from tools.pool_admin.attachment.plan import AttachOptions, PoolState, check_options, plan_attach
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.doctor.facts import Facts, Reason, Unchecked
from tools.pool_admin.doctor.finding import Severity
from tools.pool_admin.doctor.run import run_checks
from tools.pool_admin.errors import AdminError
from tools.pool_admin.output import report_of_attach

ISSUER = "https://abc.execute-api.eu-central-1.amazonaws.com/v1"
HOSTED = {
    "ClientId": "hosted",
    "ClientName": "HOSTED",
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "SupportedIdentityProviders": ["OneTimeCode"],
}
INNER = CLIENT | {
    "ClientId": "inner",
    "ClientName": "HOSTED_INNER",
    "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"],
}
CLAIMS = ("email", "email_verified", "phone_number", "phone_number_verified")
PROVIDER: dict[str, Any] = {
    "ProviderDetails": {"oidc_issuer": ISSUER},
    "AttributeMapping": {"username": "sub"} | {name: name for name in CLAIMS},
    "AcrMapping": {f"Level{n}": f"urn:cognito:loa:{n}" for n in (1, 2, 3, 4)},
}


def stack(mode: str = "PASSWORD_AND_CODE") -> DeployedStack:
    return replace(
        STACK,
        parameters=STACK.parameters | {"HostedSignInMode": mode},
        outputs=STACK.outputs | {"HostedIssuer": ISSUER},
        hosted_client="hosted",
        inner_client="inner",
    )


def facts(provider: Any = PROVIDER, mode: str = "PASSWORD_AND_CODE", **hosted: Any) -> Facts:
    clients = (CLIENT, INNER, HOSTED | hosted)
    alone = {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": "inner" if mode == "CODE_ONLY" else ""}}}
    functions = dict(HEALTHY.functions) | {"DefineAuthChallenge": SERVED | alone}
    known = replace(HEALTHY, deployed=stack(mode), provider=provider, functions=functions, newest={})
    return replace(CLEAN, clients=clients, stack=known)


def test_a_healthy_hosted_sign_in_has_no_findings() -> None:
    assert run_checks(facts()) == []


@pytest.mark.parametrize(
    ("provider", "text"),
    [
        (None, "no longer has the identity provider"),
        (
            PROVIDER | {"ProviderDetails": {"oidc_issuer": "https://evil.example"}},
            "issuer is https://evil.example",
        ),
        (PROVIDER | {"ProviderDetails": {}}, "issuer is empty"),
        (PROVIDER | {"AttributeMapping": {"email": "email"}}, "mapping lacks email_verified"),
    ],
)
def test_a_wrong_provider_is_a_finding(provider: Any, text: str) -> None:
    only_finding(facts(provider), ERROR, text)


@pytest.mark.parametrize(
    ("mapping", "severity", "text"),
    [
        (None, WARNING, "AcrMapping is not set"),
        ({}, WARNING, "AcrMapping is not set"),
        ({"Level2": None}, WARNING, "is not the one of this stack"),
        ({"Level3": "silver"}, WARNING, "is not the one of this stack"),
        ({"Level3": "urn:cognito:loa:4", "Level4": None}, WARNING, "is not the one of this stack"),
        ({"Level3": "urn:cognito:loa:2"}, ERROR, "AcrMapping counts urn:cognito:loa:2 as Level3"),
        (
            {"Level4": "urn:cognito:loa:2", "Level3": "urn:cognito:loa:1"},
            ERROR,
            "counts urn:cognito:loa:1 as Level3 and urn:cognito:loa:2 as Level4",
        ),
    ],
)
def test_a_provider_with_other_levels_is_a_finding(mapping: Any, severity: Severity, text: str) -> None:
    """With a lower level, apps refuse users. With a higher one, they accept too much."""
    changed = PROVIDER["AcrMapping"] | mapping if mapping else mapping
    kept = changed and {level: acr for level, acr in changed.items() if acr}
    finding = only_finding(facts(PROVIDER | {"AcrMapping": kept}), severity, text)
    assert f"attach {POOL_ID} --stack passcode" in str(finding.fix[0])


def test_a_provider_that_cannot_be_read_is_a_finding() -> None:
    denied = Unchecked("DescribeIdentityProvider", Reason.DENIED)
    assert "DescribeIdentityProvider" in summary(run_checks(facts(denied)))[0][1]


def test_a_pool_without_a_domain_is_a_finding() -> None:
    bare = replace(facts(), pool={name: value for name, value in POOL.items() if name != "Domain"})
    only_finding(bare, ERROR, "has no domain")


@pytest.mark.parametrize(
    ("attribute", "severity", "text"),
    [
        (
            {"Name": "email", "Mutable": False, "Required": True},
            ERROR,
            "attribute email: The attribute is immutable",
        ),
        ({"Name": "name", "Mutable": True, "Required": True}, WARNING, "name: The pool requires"),
    ],
)
def test_an_attribute_that_prevents_the_hosted_sign_in_is_a_finding(
    attribute: dict[str, Any], severity: Severity, text: str
) -> None:
    schema = [*POOL["SchemaAttributes"], {"Name": "sub", "Mutable": False, "Required": True}, attribute]
    only_finding(replace(facts(), pool=POOL | {"SchemaAttributes": schema}), severity, text)


def test_the_pools_own_password_on_the_hosted_page_is_a_bypass() -> None:
    offered = facts(SupportedIdentityProviders=["COGNITO", "OneTimeCode"])
    only_finding(offered, ERROR, "hosted page signs users in with a password alone")


def test_another_provider_is_noted_and_the_provider_of_the_stack_is_not() -> None:
    only_finding(facts(SupportedIdentityProviders=["OneTimeCode", "Okta"]), NOTE, "Users of Okta sign in")


def test_a_page_without_a_password_is_noted() -> None:
    found = run_checks(facts(mode="CODE_ONLY"))
    assert [(f.severity, "HOSTED_INNER" in f.about[0]) for f in found] == [(NOTE, True)]
    assert "HostedSignInMode" in str(found[0].fix[0])


def test_a_function_that_lost_the_inner_client_is_found() -> None:
    known = facts(mode="CODE_ONLY").stack
    assert known
    lost = replace(known, functions=dict(known.functions) | {"DefineAuthChallenge": SERVED})
    assert [f.severity for f in run_checks(replace(facts(mode="CODE_ONLY"), stack=lost))] == [ERROR, NOTE]


def test_attach_needs_no_other_app_client() -> None:
    planned = plan_attach(PoolState(POOL_ID, ARN, stack(), {}, {}), AttachOptions())
    assert [change.path[0] for change in planned.backup.changes["pool"]] == ["LambdaConfig"] * 3
    assert planned.acr_mapping is None, "the pool does not have the provider"


@pytest.mark.parametrize("mapping", [{}, {"Level3": "urn:cognito:loa:3"}, {"Level4": "urn:cognito:loa:2"}])
def test_attach_sets_the_levels_if_nothing_else_is_left(mapping: dict[str, str]) -> None:
    attached = {"LambdaConfig": stack().triggers}
    state = PoolState(POOL_ID, ARN, stack(), attached, {}, acr_mapping=mapping)
    planned = plan_attach(state, AttachOptions())
    assert planned.acr_mapping == PROVIDER["AcrMapping"]
    assert (planned.has_backup, planned.is_empty) == (False, False)
    report = report_of_attach(planned)
    assert report.facts["acr_mapping"] == PROVIDER["AcrMapping"]
    assert report.steps == ["Set AcrMapping of the identity provider OneTimeCode. `detach` does not undo it"]
    printed = declaration_text(Declaration.of(planned), Format.CLOUDFORMATION)
    assert f"# - .venv/bin/python -m tools.pool_admin attach {POOL_ID} --stack passcode\n" in printed
    done = plan_attach(replace(state, acr_mapping=PROVIDER["AcrMapping"]), AttachOptions())
    assert (done.acr_mapping, done.is_empty) == (None, True)
    assert " attach " not in declaration_text(Declaration.of(done), Format.CLOUDFORMATION)


@pytest.mark.parametrize("client_id", ["hosted", "inner"])
def test_attach_refuses_the_clients_of_the_hosted_sign_in(client_id: str) -> None:
    options = AttachOptions(password_and_code=(client_id,), code_only=())
    with pytest.raises(AdminError, match=f"{client_id} belongs to the hosted sign-in"):
        check_options(POOL_ID, stack(), options)
