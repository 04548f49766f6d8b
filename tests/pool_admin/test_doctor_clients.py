"""The doctor's findings about app clients: flows, hosted pages, registration, migration and settings."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.account_in_memory import OTHERS
from tests.support.botocore_values import model
from tests.support.doctor_samples import (
    CLEAN,
    CLIENT,
    ERROR,
    HEALTHY,
    NOTE,
    POOL,
    STACK,
    WARNING,
    fix_of,
    only_finding,
    triggers,
)
from tests.support.fake_user_pool import POOL_ID
from tools.pool_admin.doctor.clients import KNOWN_FLOWS, clients_that_migrate
from tools.pool_admin.doctor.facts import Facts, Reason, Unchecked, Unreadable
from tools.pool_admin.doctor.finding import Severity
from tools.pool_admin.doctor.run import run_checks

ATTACH = f".venv/bin/python -m tools.pool_admin attach {POOL_ID} --stack passcode"


def named(name: str, **settings: Any) -> dict[str, Any]:
    return CLIENT | {"ClientId": name, "ClientName": name.title()} | settings


def flows(*names: str) -> dict[str, Any]:
    return {"ExplicitAuthFlows": list(names)}


@pytest.mark.parametrize(
    ("settings", "severity", "text"),
    [
        (flows("ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH"), ERROR, "(USER_PASSWORD_AUTH)"),
        (flows("ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"), ERROR, "(USER_SRP_AUTH)"),
        (flows("ALLOW_CUSTOM_AUTH", "ALLOW_USER_AUTH"), ERROR, "(USER_AUTH)"),
        (flows("USER_PASSWORD_AUTH"), ERROR, "(USER_PASSWORD_AUTH)"),
        (flows("CUSTOM_AUTH_FLOW_ONLY", "ADMIN_NO_SRP_AUTH"), WARNING, "A back end signs users in"),
        (flows("ALLOW_ADMIN_USER_PASSWORD_AUTH"), WARNING, "A back end signs users in"),
        (flows("ALLOW_TOKEN_EXCHANGE_IMPERSONATION"), ERROR, "(TOKEN_EXCHANGE_IMPERSONATION)"),
        (flows("ALLOW_TOKEN_EXCHANGE_DELEGATION"), ERROR, "(TOKEN_EXCHANGE_DELEGATION)"),
        (flows("ALLOW_CUSTOM_AUTH", "ALLOW_RIDDLE_AUTH"), ERROR, "ALLOW_RIDDLE_AUTH is not known to be safe"),
        (
            flows(),
            ERROR,
            "Web (web), which lists no flow: Users sign in with a password alone (USER_SRP_AUTH)",
        ),
        ({"ExplicitAuthFlows": None}, ERROR, "which lists no flow"),
        ({"PreventUserExistenceErrors": "LEGACY"}, WARNING, "can find out which users exist"),
        ({"PreventUserExistenceErrors": None}, WARNING, "can find out which users exist"),
        ({"AuthSessionValidity": 4}, WARNING, "A sign-in ends after 4 min, but a code is valid for 5 min"),
        ({"AuthSessionValidity": None}, WARNING, "A sign-in ends after 3 min"),
    ],
)
def test_a_setting_of_an_app_client_is_a_finding(
    settings: dict[str, Any], severity: Severity, text: str
) -> None:
    found = only_finding(replace(CLEAN, clients=(CLIENT | settings,)), severity, text)
    assert str(found.fix[0]) == f"{ATTACH} --client web"


@pytest.mark.parametrize(
    "safe", [["ALLOW_REFRESH_TOKEN_AUTH"], ["ALLOW_CUSTOM_AUTH"], ["CUSTOM_AUTH_FLOW_ONLY"]]
)
def test_safe_flows_are_no_finding(safe: list[str]) -> None:
    assert run_checks(replace(CLEAN, clients=(CLIENT | flows(*safe),))) == []


def test_every_flow_of_the_model_has_a_rule() -> None:
    known: Iterable[str] = model().shape_for("ExplicitAuthFlowsType").enum  # type: ignore[attr-defined]
    assert set(known) <= KNOWN_FLOWS.keys()


def test_the_same_flow_of_five_clients_is_one_finding() -> None:
    clients = tuple(named(name, **flows("ALLOW_USER_SRP_AUTH")) for name in "abcde")
    found = only_finding(replace(CLEAN, clients=clients), ERROR, "(USER_SRP_AUTH)")
    assert found.about == tuple(f"app client {name.title()} ({name})" for name in "abcde")
    assert list(map(str, found.fix)) == [
        f"{ATTACH} --client a --client b --client c --client d --client e",
        "Or delete the app client, if no app uses it.",
    ]


def test_a_client_that_lists_no_flow_is_in_the_same_finding() -> None:
    clients = (named("a", **flows("ALLOW_USER_SRP_AUTH")), named("b", **flows()))
    found = only_finding(replace(CLEAN, clients=clients), ERROR, "(USER_SRP_AUTH)")
    assert found.about == ("app client A (a)", "app client B (b), which lists no flow")


def test_different_flows_are_different_findings() -> None:
    clients = (named("a", **flows("ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH")),)
    found = run_checks(replace(CLEAN, clients=clients))
    assert [finding.about for finding in found] == [("app client A (a)",)] * 2
    assert len({finding.what for finding in found}) == 2


HOSTED = {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"]}
PASSWORD_PAGE = HOSTED | {"SupportedIdentityProviders": ["COGNITO"]}


@pytest.mark.parametrize(
    ("settings", "domain", "severity", "text"),
    [
        (PASSWORD_PAGE, "people", ERROR, "Cognito's hosted page signs users in with a password alone."),
        (PASSWORD_PAGE, None, WARNING, "as soon as the pool has a domain"),
        (HOSTED | {"SupportedIdentityProviders": ["Okta"]}, "people", NOTE, "Users of Okta sign in"),
    ],
)
def test_a_hosted_page_without_a_code_is_a_finding(
    settings: dict[str, Any], domain: str | None, severity: Severity, text: str
) -> None:
    only_finding(Facts(POOL | {"Domain": domain}, (CLIENT | settings,), HEALTHY), severity, text)


MACHINE = PASSWORD_PAGE | {"AllowedOAuthFlows": ["client_credentials"]}


def test_a_machine_client_is_no_bypass() -> None:
    assert run_checks(replace(CLEAN, clients=(CLIENT | MACHINE,))) == []


OPEN = {"EnableStatus": "Enabled", "OpenDcrEnabled": True}


@pytest.mark.parametrize(
    ("settings", "domain", "severity", "text"),
    [
        (OPEN, "people", ERROR, "Any stranger can register an app client"),
        ({"OpenDcrEnabled": True}, "people", ERROR, "Any stranger can register an app client"),
        (OPEN, None, WARNING, "as soon as the pool has a domain"),
        ({"EnableStatus": "Enabled"}, "people", WARNING, "can register app clients with a token"),
        (OPEN | {"OpenDcrGrantTypes": []}, "people", WARNING, "can register app clients with a token"),
    ],
)
def test_dynamic_client_registration_is_a_finding(
    settings: dict[str, Any], domain: str | None, severity: Severity, text: str
) -> None:
    only_finding(replace(CLEAN, pool=POOL | {"DcrConfiguration": settings, "Domain": domain}), severity, text)


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        OPEN | {"EnableStatus": "Disabled"},
        {"EnableStatus": "Enabled", "AuthenticatedGrantTypes": []},
    ],
)
def test_registration_that_is_off_is_no_finding(settings: dict[str, Any] | None) -> None:
    assert run_checks(replace(CLEAN, pool=POOL | {"DcrConfiguration": settings})) == []


def test_a_registered_app_client_is_a_finding() -> None:
    agent = named("agent", ClientType="DCR")
    found = only_finding(
        replace(CLEAN, clients=(CLIENT, agent)), ERROR, "An application registered this app client"
    )
    assert found.about == ("app client Agent (agent)",)
    delete = "aws cognito-idp delete-user-pool-client --user-pool-id"
    assert str(found.fix[0]) == f"{delete} {POOL_ID} --client-id agent --region eu-central-1"
    only_finding(replace(CLEAN, clients=(CLIENT, agent | MACHINE)), NOTE, "for machines only")
    assert run_checks(replace(CLEAN, clients=(CLIENT | {"ClientType": "REGULAR"},))) == []


MIGRATES = POOL | {"LambdaConfig": triggers() | {"UserMigration": OTHERS}}


def test_a_migration_without_its_password_flow_is_a_finding() -> None:
    only_finding(replace(CLEAN, pool=MIGRATES), WARNING, "Users can no longer migrate when they sign in")
    assert run_checks(CLEAN) == []


@pytest.mark.parametrize(
    ("settings", "runs"),
    [
        (flows("ALLOW_USER_PASSWORD_AUTH"), True),
        (flows("ALLOW_ADMIN_USER_PASSWORD_AUTH"), True),
        (flows("ADMIN_NO_SRP_AUTH"), True),
        (PASSWORD_PAGE, True),
        (flows("ALLOW_USER_SRP_AUTH"), False),
        (flows("ALLOW_USER_AUTH"), False),
        (flows(), False),
        (MACHINE, False),
    ],
)
def test_only_password_flows_run_a_migration(settings: dict[str, Any], runs: bool) -> None:
    found = run_checks(Facts(MIGRATES, (CLIENT, named("old", **settings)), HEALTHY))
    assert any("migrate" in finding.what for finding in found) != runs


def test_a_password_page_without_a_domain_runs_no_migration() -> None:
    pool = {name: value for name, value in MIGRATES.items() if name != "Domain"}
    found = run_checks(Facts(pool, (CLIENT | PASSWORD_PAGE,), HEALTHY))
    assert any("migrate" in finding.what for finding in found)


def test_an_app_client_that_was_not_read_may_run_a_migration() -> None:
    unread = (Unchecked("DescribeUserPoolClient", Reason.DENIED, "old"),)
    facts = replace(CLEAN, pool=MIGRATES, unread_clients=unread)
    only_finding(facts, WARNING, "DescribeUserPoolClient of old: AWS denied calls")


def test_clients_that_can_migrate_are_listed() -> None:
    clients = [named("a", **flows("ALLOW_USER_PASSWORD_AUTH")), named("b"), named("c", **flows())]
    assert clients_that_migrate(clients) == ["a"]


def with_list(listed: str, **modes: bool) -> Any:
    stack = replace(STACK, parameters=STACK.parameters | {"CodeOnlyClientIds": listed})
    served = {"DefineAuthChallenge": {"Environment": {"Variables": {"CODE_ONLY_CLIENTS": listed}}}}
    return replace(HEALTHY, deployed=stack, functions=served, newest={}, modes=modes)


def test_the_fix_of_a_client_is_the_command_for_its_mode() -> None:
    lax = CLIENT | {"PreventUserExistenceErrors": "LEGACY"}
    assert fix_of(replace(CLEAN, clients=(lax,))) == f"{ATTACH} --client web"
    assert fix_of(Facts(POOL, (lax,), with_list("web"))) == f"{ATTACH} --code-only-client web"


BARE = POOL | {"LambdaConfig": {}}


def test_lost_triggers_are_one_finding_and_its_fix_names_the_real_clients() -> None:
    facts = Facts(BARE, (CLIENT, named("robot", **flows("ALLOW_REFRESH_TOKEN_AUTH"))), HEALTHY)
    found = only_finding(facts, ERROR, "The pool lacks triggers")
    assert len(found.about) == 3
    assert list(map(str, found.fix)) == [f"{ATTACH} --client web"]


def test_the_fix_names_the_clients_of_attach() -> None:
    clients = (CLIENT, named("kiosk"), named("other"))
    known = with_list("kiosk", web=False, kiosk=True)
    assert fix_of(Facts(BARE, clients, known)) == f"{ATTACH} --client web --code-only-client kiosk"


def test_the_fix_names_an_attached_client_that_was_not_read() -> None:
    unread = (Unchecked("DescribeUserPoolClient", Reason.THROTTLED, "kiosk"),)
    facts = Facts(BARE, (CLIENT,), with_list("kiosk", web=False, kiosk=True), unread_clients=unread)
    assert fix_of(facts) == f"{ATTACH} --client web --code-only-client kiosk"


def test_the_fix_names_no_registered_client() -> None:
    facts = Facts(BARE, (CLIENT, named("agent", ClientType="DCR")), HEALTHY)
    lost = next(f for f in run_checks(facts) if f.what == "The pool lacks triggers.")
    assert list(map(str, lost.fix)) == [f"{ATTACH} --client web"]


def test_the_fix_names_every_client_if_none_uses_codes() -> None:
    closed = tuple(named(name, **flows("ALLOW_REFRESH_TOKEN_AUTH")) for name in ("a", "b"))
    only_machines = (
        named("agent", ClientType="DCR"),
        named("job", **MACHINE, **flows("ALLOW_REFRESH_TOKEN_AUTH")),
    )
    facts = Facts(BARE, (*closed, *only_machines), HEALTHY)
    triggers_lost = next(f for f in run_checks(facts) if f.what == "The pool lacks triggers.")
    assert list(map(str, triggers_lost.fix)) == [f"{ATTACH} --client a --client b"]
    without = run_checks(replace(facts, clients=only_machines))
    assert [str(f.fix[0]) for f in without if f.what == "The pool lacks triggers."] == [
        f"{ATTACH} --client CLIENT_ID"
    ]
    assert fix_of(Facts(BARE, closed, HEALTHY)) == f"{ATTACH} --client a --client b"
    hosted = replace(HEALTHY, deployed=replace(STACK, inner_client="b"))
    assert fix_of(Facts(BARE, closed, hosted)) == ATTACH


def test_only_an_unknown_name_is_a_placeholder() -> None:
    assert "--stack NAME --client web" in fix_of(Facts(BARE, (CLIENT,)))
    assert fix_of(Facts(BARE, (CLIENT,), found_stack=STACK)) == f"{ATTACH} --client web"
    assert fix_of(Facts(BARE, (), HEALTHY)) == f"{ATTACH} --client CLIENT_ID"
    unreadable = replace(HEALTHY, modes=Unreadable("Use the version that saved it."))
    assert fix_of(Facts(BARE, (CLIENT,), unreadable)) == f"{ATTACH} --client web"


def test_a_code_only_client_in_a_pool_with_a_password_is_noted() -> None:
    facts = Facts(POOL, (CLIENT, named("kiosk")), with_list("kiosk"))
    found = only_finding(facts, NOTE, "app client Kiosk (kiosk): A code is enough to sign in")
    assert str(found.fix[0]) == "Keep no CODE_ONLY client in this pool, or keep two pools."
    assert run_checks(replace(facts, clients=(named("kiosk"),))) == []
