"""The doctor's findings about addresses: users without a verified one, and app clients that change it."""

import subprocess
from dataclasses import replace
from typing import Any

import jmespath  # type: ignore[import-untyped]
import pytest

from passcode.channels.channel import AddressFault
from passcode.channels.registry import CHANNELS
from tests.support.doctor_samples import (
    CLEAN,
    CLIENT,
    HEALTHY,
    NOTE,
    POOL,
    STACK,
    WARNING,
    fix_of,
    only_finding,
)
from tools.pool_admin.doctor.addresses import OF_CHANNEL
from tools.pool_admin.doctor.facts import Facts, Reason, Unchecked, UserFacts
from tools.pool_admin.doctor.run import run_checks
from tools.pool_admin.unusable import REASONS

NO_SIGN_UP = {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}
BOTH = ("email", "sms")


def facts(*clients: dict[str, Any], **pool: Any) -> Facts:
    return replace(CLEAN, clients=clients, pool=POOL | pool)


def test_doctor_knows_the_attribute_of_each_channel() -> None:
    assert {name: attribute for name, (attribute, _) in OF_CHANNEL.items()} == {
        channel.name: channel.attribute for channel in CHANNELS.values()
    }


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (None, "email and phone_number"),
        ([], "email and phone_number"),
        (["locale", "email"], "change email with"),
        (["phone_number"], "change phone_number with"),
    ],
)
@pytest.mark.parametrize("step_up", [True, False])
def test_a_client_that_writes_addresses_is_named(written: list[str] | None, text: str, step_up: bool) -> None:
    outputs = STACK.outputs | ({"StepUpAPIURL": "https://api.example/v1/step-up"} if step_up else {})
    known = replace(HEALTHY, deployed=replace(STACK, outputs=outputs))
    found = only_finding(replace(facts(CLIENT | {"WriteAttributes": written}), stack=known), WARNING, text)
    assert found.about == ("app client Web (web)",)


def test_a_client_that_writes_other_attributes_is_no_finding() -> None:
    assert run_checks(facts(CLIENT | {"WriteAttributes": ["locale", "custom:otp_channel"]})) == []


HOSTED = CLIENT | {
    "ClientName": "HOSTED",
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "WriteAttributes": None,
}
ADMIN = {"AllowedOAuthScopes": ["openid", "aws.cognito.signin.user.admin"]}


def test_tokens_of_hosted_sign_ins_write_by_their_scope() -> None:
    only_finding(facts(HOSTED | ADMIN), WARNING, "HOSTED")
    assert run_checks(facts(HOSTED | {"AllowedOAuthScopes": ["openid"]})) == []
    assert run_checks(facts(HOSTED | ADMIN | {"AllowedOAuthFlows": ["client_credentials"]})) == []
    assert run_checks(facts(HOSTED | ADMIN | {"AllowedOAuthFlowsUserPoolClient": False})) == []


@pytest.mark.parametrize(
    ("immutable", "text"),
    [(("email",), "change phone_number with"), (("email", "phone_number"), "")],
)
def test_an_immutable_attribute_cannot_be_changed(immutable: tuple[str, ...], text: str) -> None:
    schema = [*POOL["SchemaAttributes"], *({"Name": name, "Mutable": False} for name in immutable)]
    known_facts = facts(CLIENT | {"WriteAttributes": None}, SchemaAttributes=schema)
    if text:
        only_finding(known_facts, WARNING, text)
    else:
        assert run_checks(known_facts) == []


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


def test_a_client_without_a_list_needs_a_new_one() -> None:
    unlisted = {"ClientId": "kiosk", "ClientName": "Kiosk", "WriteAttributes": None}
    both = facts(WRITES | {"WriteAttributes": ["email", "phone_number"]}, WRITES | unlisted, **NO_SIGN_UP)
    steps = [str(step) for step in run_checks(both)[0].fix]
    assert steps[0].startswith("Let a back end change email and phone_number after a step-up")
    assert steps[1:] == [
        "Remove email and phone_number from WriteAttributes of: web",
        "Set WriteAttributes, without email and phone_number, of: kiosk",
    ]


@pytest.mark.parametrize(
    ("users", "text"),
    [
        (
            UserFacts(1000, 940, 37, BOTH, more=True),
            "or phone number. doctor read the first 1,000 users",
        ),
        (
            UserFacts(1000, 940, 37, BOTH, more=True),
            "37 of 940 users who can sign in have no verified email address or phone number.",
        ),
        (UserFacts(15, 12, 1, ("sms",), more=False), "1 of 12 users who can sign in have no verified phone"),
        (UserFacts(12, 12, 12, ("email",), more=False), "have no verified email address."),
    ],
)
def test_users_without_a_verified_address_are_a_finding(users: UserFacts, text: str) -> None:
    only_finding(replace(CLEAN, users=users), WARNING, text)


@pytest.mark.parametrize("fault", AddressFault)
def test_verified_addresses_that_get_no_code_are_a_finding_with_the_reason(fault: AddressFault) -> None:
    channel = "sms" if fault in (AddressFault.NUMBER, AddressFault.COUNTRY) else "email"
    subs = tuple(f"sub-{number}" for number in range(12))
    users = UserFacts(12, 12, 0, BOTH, more=False, unusable={(channel, fault): subs})
    address = {"sms": "phone number", "email": "email address"}[channel]
    text = f"12 of 12 users who can sign in have a verified {address} that gets no code ({fault.value})."
    found = only_finding(replace(CLEAN, users=users), WARNING, text)
    assert found.why == REASONS[fault][0]
    (step,) = map(str, found.fix)
    assert step.startswith(REASONS[fault][1])
    assert step.endswith("sub-8, sub-9 and 2 more.")


@pytest.mark.parametrize(
    "users",
    [
        None,
        UserFacts(1000, 1, 0, BOTH, more=True),
        UserFacts(0, 0, 0, BOTH, more=False),
        UserFacts(9, 0, 0, BOTH, more=False),
    ],
)
def test_users_with_a_verified_address_are_no_finding(users: UserFacts | None) -> None:
    assert run_checks(replace(CLEAN, users=users)) == []


def test_a_check_without_users_is_noted() -> None:
    users = UserFacts(1000, 0, 0, BOTH, more=True)
    found = only_finding(replace(CLEAN, users=users), NOTE, "None of the first 1,000 users signs in with a")
    assert "list-users" in str(found.fix[0])


def test_users_that_cannot_be_listed_are_a_finding() -> None:
    denied = Unchecked("ListUsers", Reason.DENIED)
    only_finding(replace(CLEAN, users=denied), WARNING, "ListUsers: AWS denied calls")


def listed_user(name: str, status: str = "CONFIRMED", *, enabled: bool = True, **attributes: str) -> Any:
    listed = [{"Name": attribute, "Value": value} for attribute, value in attributes.items()]
    return {"Username": name, "UserStatus": status, "Enabled": enabled, "Attributes": listed}


def test_the_command_lists_exactly_the_users_that_were_counted() -> None:
    fix = fix_of(replace(CLEAN, users=UserFacts(12, 12, 1, BOTH, more=False), profile="my profile"))
    # An interactive shell expands `!`. Bash does so in a script only if the script asks for it.
    script = f"aws() {{ printf '%s\\0' \"$@\"; }}\nset -o history -o histexpand\n{fix[fix.index('aws ') :]}\n"
    pasted = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True)
    arguments = pasted.stdout.split("\0")
    assert arguments[-5:-1] == ["--region", "eu-central-1", "--profile", "my profile"]
    users = [
        listed_user("ada", email="a@b.example", email_verified="true"),
        listed_user("bob", email="a@b.example", email_verified="false"),
        listed_user("cy", phone_number="+1", phone_number_verified="True"),
        listed_user("di"),
        listed_user("eve", email_verified="true"),
        listed_user("fay", "EXTERNAL_PROVIDER"),
        listed_user("gil", "UNCONFIRMED"),
        listed_user("hal", enabled=False),
        listed_user("ira", "RESET_REQUIRED"),
    ]
    query = arguments[arguments.index("--query") + 1]
    assert jmespath.search(query, {"Users": users}) == ["bob", "di", "eve", "ira"]
