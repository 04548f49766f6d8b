"""The doctor's findings about addresses: users without a verified one, and app clients that change it."""

import re
from dataclasses import replace
from typing import Any

import jmespath  # type: ignore[import-untyped]
import pytest

from tests.support.doctor_samples import CLEAN, CLIENT, HEALTHY, POOL, STACK, WARNING, fix_of, only_finding
from tools.pool_admin.doctor.facts import Facts, Reason, Unchecked, UserFacts
from tools.pool_admin.doctor.run import run_checks

NO_SIGN_UP = {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}
BOTH = ("email", "sms")


def facts(*clients: dict[str, Any], **pool: Any) -> Facts:
    return replace(CLEAN, clients=clients, pool=POOL | pool)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (None, "email and phone_number"),
        ([], "email and phone_number"),
        (["locale", "email"], "change email with"),
        (["phone_number"], "change phone_number with"),
    ],
)
@pytest.mark.parametrize("step_up", [True, False])
def test_a_client_that_writes_addresses_is_named(
    written: list[str] | None, words: str, step_up: bool
) -> None:
    outputs = STACK.outputs | ({"StepUpAPIURL": "https://api.example/v1/step-up"} if step_up else {})
    known = replace(HEALTHY, deployed=replace(STACK, outputs=outputs))
    found = only_finding(replace(facts(CLIENT | {"WriteAttributes": written}), stack=known), WARNING, words)
    assert found.about == ("app client Web (web)",)


def test_a_client_that_writes_other_attributes_is_fine() -> None:
    assert run_checks(facts(CLIENT | {"WriteAttributes": ["locale", "custom:otp_channel"]})) == []


HOSTED = CLIENT | {
    "ClientName": "HOSTED",
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "WriteAttributes": None,
}
ADMIN = {"AllowedOAuthScopes": ["openid", "aws.cognito.signin.user.admin"]}


def test_tokens_of_hosted_sign_ins_write_by_their_scope() -> None:
    only_finding(facts(HOSTED | ADMIN), WARNING, "HOSTED")
    assert run_checks(facts(HOSTED | {"AllowedOAuthScopes": ["openid"]})) == []


def test_tokens_of_the_inner_client_stay_in_its_function() -> None:
    inner = replace(HEALTHY, deployed=replace(STACK, inner_client=str(CLIENT["ClientId"])))
    named = facts(CLIENT | {"WriteAttributes": ["email"]})
    assert run_checks(replace(named, stack=inner)) == []
    found = run_checks(replace(named, stack=None, found_stack=inner.deployed))
    assert [finding.what for finding in found] == ["Only the pool was checked, because no stack was named."]


WRITES = CLIENT | {"WriteAttributes": ["email"]}


def test_self_sign_up_is_a_reason_only_if_it_is_on() -> None:
    closed = facts(WRITES, **NO_SIGN_UP)
    assert "Self sign-up" in run_checks(facts(WRITES))[0].why
    assert "Turn self sign-up off first, in the console" in fix_of(facts(WRITES))
    assert "Self sign-up" not in run_checks(closed)[0].why
    assert "sign-up" not in fix_of(closed)


def test_the_stacks_own_pool_closes_sign_up_by_its_parameter() -> None:
    own = replace(HEALTHY, deployed=replace(STACK, parameters={"UserPoolId": ""}))
    assert "SelfSignUp=OFF" in fix_of(replace(facts(WRITES), stack=own))


@pytest.mark.parametrize("required", [True, False])
def test_a_required_attribute_may_have_to_stay(required: bool) -> None:
    schema = [*POOL["SchemaAttributes"], {"Name": "email", "Required": required, "Mutable": True}]
    assert ("If Cognito refuses" in fix_of(facts(WRITES, SchemaAttributes=schema))) == required


def test_two_such_clients_are_one_finding() -> None:
    found = only_finding(
        facts(WRITES, WRITES | {"ClientId": "kiosk", "ClientName": "Kiosk"}), WARNING, "change email"
    )
    assert found.about == ("app client Web (web)", "app client Kiosk (kiosk)")
    assert str(found.fix[-1]).endswith("WriteAttributes of: web kiosk")


@pytest.mark.parametrize(
    ("users", "words"),
    [
        (
            UserFacts(1000, 37, BOTH, more=True),
            "37 of the first 1,000 users have no verified email",
        ),
        (UserFacts(12, 1, ("sms",), more=False), "1 of 12 users have no verified phone number."),
        (UserFacts(12, 12, ("email",), more=False), "12 of 12 users have no verified email address."),
    ],
)
def test_users_without_a_verified_address(users: UserFacts, words: str) -> None:
    only_finding(replace(CLEAN, users=users), WARNING, words)


@pytest.mark.parametrize(
    "users", [None, UserFacts(1000, 0, BOTH, more=True), UserFacts(0, 0, BOTH, more=False)]
)
def test_users_with_a_verified_address(users: UserFacts | None) -> None:
    assert run_checks(replace(CLEAN, users=users)) == []


def test_users_that_cannot_be_listed_are_a_finding() -> None:
    denied = Unchecked("ListUsers", Reason.DENIED)
    only_finding(replace(CLEAN, users=denied), WARNING, "ListUsers: AWS denied calls")


def test_the_command_lists_exactly_the_users_that_were_counted() -> None:
    fix = fix_of(replace(CLEAN, users=UserFacts(12, 1, BOTH, more=False)))
    query = re.search(r'--query "(.*)"', fix)
    assert query
    listed = jmespath.search(
        query[1],
        {
            "Users": [
                {"Username": "ada", "Attributes": [{"Name": "email_verified", "Value": "true"}]},
                {"Username": "bob", "Attributes": [{"Name": "email_verified", "Value": "false"}]},
                {"Username": "cy", "Attributes": [{"Name": "phone_number_verified", "Value": "true"}]},
                {"Username": "di", "Attributes": []},
            ]
        },
    )
    assert listed == ["bob", "di"]
