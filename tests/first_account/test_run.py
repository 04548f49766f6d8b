"""A run: every error becomes a sentence, and the stacks are deleted whatever happened."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, NoRegionError

from tests.support.account_in_memory import refusal
from tests.support.stacks_in_memory import AwsInMemory, StacksInMemory
from tools.first_account import run as runs
from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, ClaimResult, NotTried, Observation, changes, no, yes
from tools.first_account.parts import PARTS, TAG, Left, Parts
from tools.first_account.run import AccountRegion, Run, check_place, new_account, run_claims
from tools.pool_admin.errors import AdminError, to_admin_error

PLACE = AccountRegion("123456789012", "eu-central-1", {})


def claim(
    name: str, attempt: Callable[[ThrowAwayAccount], Observation], *parts: str, lacks: str = ""
) -> Claim:
    return Claim(name, "AWS does it.", "-", (), parts, changes(yes="Y", no="N"), attempt, lacks)


def raising(error: BaseException) -> Callable[[ThrowAwayAccount], Observation]:
    def attempt(_: ThrowAwayAccount) -> Observation:
        raise error

    return attempt


def run(stacks: StacksInMemory, *claims: Claim, place: AccountRegion = PLACE, is_local: bool = False) -> Run:
    account = new_account(AwsInMemory({"cloudformation": stacks}, is_local), place, "a@b.example", print)  # type: ignore[arg-type]
    account.parts.pause = 0
    return run_claims(account, print, claims)


def results(found: Run) -> dict[str, tuple[str, str]]:
    return {each.claim.name: (each.observation.result.value, each.observation.seen) for each in found.tried}


SAYS_YES = claim("yes", lambda _: yes("It did."), "pool")


def test_every_stack_has_the_prefix_and_the_tag_and_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    stacks = StacksInMemory()
    create = stacks.create_stack

    def recorded(**named: Any) -> dict[str, Any]:
        calls.append(named)
        return create(**named)

    monkeypatch.setattr(stacks, "create_stack", recorded)
    found = run(stacks, SAYS_YES, claim("no", lambda _: no("It did not.")))
    assert results(found) == {"yes": ("YES", "It did."), "no": ("NO", "It did not.")}
    assert (found.left, found.problem) == ([], "")
    names = [call["StackName"] for call in calls]
    assert {re.sub(r"-[0-9a-f]{6}-", "-", name) for name in names} == {
        f"passcode-first-account-{part.name}" for part in PARTS
    }
    run_id = names[0].split("-")[3]
    assert all(call["Tags"] == [{"Key": TAG, "Value": run_id}] for call in calls)
    assert sorted(stacks.deleted) == sorted(names)
    assert stacks.statuses == {}


def test_a_stack_is_created_after_and_deleted_before_those_it_needs() -> None:
    stacks = StacksInMemory()
    run(stacks)
    created, deleted = (
        [name.rpartition("-")[2] for name in each] for each in (stacks.created, stacks.deleted)
    )
    for part in PARTS:
        for needed in part.needs:
            assert created.index(needed) < created.index(part.name)
            assert deleted.index(part.name) < deleted.index(needed)


def test_an_error_in_a_claim_ends_that_claim_only() -> None:
    stacks = StacksInMemory()
    denied = raising(refusal("AccessDeniedException", "AdminDisableUser"))
    found = run(
        stacks,
        claim("denied", denied),
        claim("faulty", raising(KeyError("secret"))),
        claim("undecided", raising(NotTried("No result."))),
        SAYS_YES,
    )
    seen = results(found)
    assert seen["denied"][0] == seen["faulty"][0] == ClaimResult.NOT_TRIED.value
    assert "may not call AdminDisableUser" in seen["denied"][1]
    assert "KeyError" in seen["faulty"][1]
    assert "secret" not in seen["faulty"][1]
    assert seen["undecided"] == (ClaimResult.NOT_TRIED.value, "No result.")
    assert seen["yes"] == ("YES", "It did.")
    assert (stacks.statuses, found.left, found.problem) == ({}, [], "")


def test_a_claim_whose_stack_failed_gives_the_reason() -> None:
    stacks = StacksInMemory(create_failures={"api": "The quota of APIs is reached"})
    found = run(stacks, claim("gateway", raising(AssertionError()), "api"), SAYS_YES)
    assert results(found)["gateway"] == (
        ClaimResult.NOT_TRIED.value,
        "The part api is missing. CREATE_FAILED of Pool: The quota of APIs is reached.",
    )
    assert results(found)["yes"][0] == "YES"
    assert not any(name.endswith("-waf") for name in stacks.created), "it needs the API"
    assert stacks.statuses == {}


def test_without_the_pool_no_claim_is_tried() -> None:
    stacks = StacksInMemory(create_failures={"pool": "not authorized to perform: iam:CreateRole"})
    found = run(stacks, SAYS_YES)
    assert found.tried == []
    assert "iam:CreateRole" in found.problem
    assert (stacks.statuses, found.left) == ({}, [])


def test_a_missing_right_for_stacks_is_one_sentence() -> None:
    found = run(StacksInMemory(denied={"CreateStack"}), SAYS_YES)
    assert "These credentials may not call CreateStack. Add that permission" in found.problem
    assert found.tried == []


@pytest.mark.parametrize("part", [part.name for part in PARTS])
def test_an_interrupted_creation_is_deleted(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = StacksInMemory()
    create = stacks.create_stack

    def interrupted(**named: Any) -> Any:
        create(**named)
        # The call had an effect, but its response did not arrive.
        if named["StackName"].endswith(f"-{part}"):
            raise KeyboardInterrupt

    monkeypatch.setattr(stacks, "create_stack", interrupted)
    found = run(stacks, SAYS_YES)
    assert (found.problem, found.tried, found.left) == ("Interrupted.", [], [])
    assert stacks.statuses == {}
    assert any(name.endswith(f"-{part}") for name in stacks.deleted)


def test_ctrl_c_keeps_the_verdicts_so_far_and_deletes() -> None:
    stacks = StacksInMemory()
    found = run(stacks, SAYS_YES, claim("slow", raising(KeyboardInterrupt())), SAYS_YES)
    assert list(results(found)) == ["yes"]
    assert found.problem == "Interrupted."
    assert (stacks.statuses, found.left) == ({}, [])


def test_a_second_ctrl_c_lists_what_may_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = StacksInMemory()
    monkeypatch.setattr(stacks, "delete_stack", lambda **_: raising(KeyboardInterrupt())(None))  # type: ignore[arg-type]
    found = run(stacks, SAYS_YES)
    assert found.left == [Left(name, "The deletion was interrupted.") for name in stacks.created]


@pytest.mark.parametrize(("failures", "left"), [(1, False), (2, False), (3, True)])
def test_a_failed_deletion_is_tried_three_times(failures: int, left: bool) -> None:
    stacks = StacksInMemory(delete_failures={"waf": failures})
    found = run(stacks, SAYS_YES)
    reasons = [each.reason for each in found.left if each.stack.endswith("-waf")]
    assert reasons == (["DELETE_FAILED of Pool: It is in use."] if left else [])
    assert {name for name in stacks.statuses if not name.endswith("-waf")} == set(), "the others are deleted"


def test_a_missing_right_to_delete_is_the_reason() -> None:
    found = run(StacksInMemory(denied={"DeleteStack"}), SAYS_YES)
    assert len(found.left) == len(PARTS)
    assert all("may not call DeleteStack" in each.reason for each in found.left)


def test_a_deletion_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.first_account.parts.DELETE_SECONDS", -1.0)
    found = run(StacksInMemory(), SAYS_YES)
    assert {each.reason for each in found.left} == {"CloudFormation needed more than -1 seconds."}


def test_a_creation_without_end_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.first_account.parts.CREATE_SECONDS", -1.0)
    stacks = StacksInMemory()
    found = run(stacks, SAYS_YES)
    assert "CloudFormation needed more than -1 seconds" in found.problem
    assert stacks.statuses == {}


def test_after_its_time_a_run_starts_no_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CLAIM_SECONDS", -1.0)
    found = run(StacksInMemory(), SAYS_YES)
    assert results(found) == {"yes": (ClaimResult.NOT_TRIED.value, "The run had no time left. Run again.")}


@pytest.mark.parametrize(("is_local", "result"), [(True, ClaimResult.NOT_TRIED), (False, ClaimResult.YES)])
def test_a_local_aws_gives_no_result_about_what_it_lacks(is_local: bool, result: ClaimResult) -> None:
    lacking = claim("acr", lambda _: yes("It had acr."), lacks="the claim acr")
    (tried,) = run(StacksInMemory(), lacking, is_local=is_local).tried
    assert tried.observation.result is result
    if is_local:
        assert tried.observation.seen == "The local AWS lacks the claim acr. It showed: It had acr."


def test_parts_without_their_service_are_not_created() -> None:
    stacks = StacksInMemory()
    place = AccountRegion("1", "mx-central-1", {"kms": "mx-central-1 has no kms."})
    found = run(stacks, claim("sender", raising(AssertionError()), "sender"), place=place)
    assert results(found)["sender"][1] == "The part sender is missing. mx-central-1 has no kms."
    assert not any(name.endswith("-sender") for name in stacks.created)


def parts_of_a_run(stacks: StacksInMemory) -> Parts:
    settings = {"HomeRegion": "eu-central-1", "Scopes": "openid email"}
    outputs = {"pool": {"PoolId": "eu-central-1_A"}}
    return Parts(stacks, "a1b2c3", settings, print, 0, outputs)  # type: ignore[arg-type]


def test_a_stack_that_fails_is_rolled_back_and_deleted() -> None:
    stacks = StacksInMemory(create_failures={"rollback": "It timed out"})
    parts = parts_of_a_run(stacks)
    assert parts.create_failing("rollback") == "CREATE_FAILED of Pool: It timed out."
    (name,) = stacks.created
    assert stacks.statuses == {name: "ROLLBACK_COMPLETE"}
    assert parts.delete() == []
    assert stacks.statuses == {}


def test_a_stack_that_is_refused_or_created_although_it_should_fail() -> None:
    refused = parts_of_a_run(StacksInMemory(denied={"CreateStack"}))
    assert "may not call CreateStack" in refused.create_failing("rules")
    stacks = StacksInMemory()
    created = parts_of_a_run(stacks)
    assert created.create_failing("rules") == ""
    assert created.delete() == []
    assert stacks.statuses == {}, "it is deleted too"


def test_an_update_changes_one_setting_and_keeps_the_others() -> None:
    stacks = StacksInMemory()
    parts_of_a_run(stacks).update("levels", Scopes="openid")
    (update,) = stacks.updates
    assert update["UsePreviousTemplate"] is True
    assert update["Parameters"] == [
        {"ParameterKey": "PoolId", "UsePreviousValue": True},
        {"ParameterKey": "Scopes", "ParameterValue": "openid"},
    ]
    assert list(stacks.statuses.values()) == ["UPDATE_COMPLETE"]


def test_an_update_that_fails_or_does_not_end_gives_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = StacksInMemory(update_failures={"levels"})
    with pytest.raises(NotTried, match="UPDATE_FAILED of Pool"):
        parts_of_a_run(failing).update("levels", Scopes="openid")
    monkeypatch.setattr("tools.first_account.parts.CHANGE_SECONDS", -1.0)
    with pytest.raises(NotTried, match="needed more than -1 seconds"):
        parts_of_a_run(StacksInMemory()).update("levels", Scopes="openid")


class AnyCall:
    """A client whose calls succeed, or raise `error`."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.meta = SimpleNamespace(region_name="ap-southeast-7")

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> dict[str, str]:
            if self.error:
                raise self.error
            return {"Account": "123456789012"}

        return call


SERVICES = ("sts", "cloudformation", "cognito-idp", "lambda", "apigateway", "wafv2", "kms", "sesv2")


def place_with(**errors: Exception) -> AccountRegion:
    clients = {
        name: AnyCall(errors.get(name.replace("-", "_"))) if name != "sts" else AnyCall() for name in SERVICES
    }
    return check_place(AwsInMemory(clients))  # type: ignore[arg-type]


def test_a_region_without_a_service_that_some_claims_need() -> None:
    assert place_with() == AccountRegion("123456789012", "ap-southeast-7", {})
    missing = place_with(
        sesv2=EndpointConnectionError(endpoint_url="https://email.x"),
        kms=refusal("AccessDeniedException", "ListKeys"),
    ).missing
    assert set(missing) == {"kms", "sesv2"}
    assert missing["sesv2"].startswith("ap-southeast-7 has no sesv2, or this machine cannot reach it.")
    assert "may not call ListKeys" in missing["kms"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (EndpointConnectionError(endpoint_url="https://cognito"), "ap-southeast-7 has no cognito-idp"),
        (refusal("AccessDeniedException", "ListUserPools"), "may not call ListUserPools"),
    ],
)
def test_a_region_without_cognito_ends_the_run_before_anything_is_created(
    error: Exception, sentence: str
) -> None:
    with pytest.raises(AdminError, match=sentence):
        place_with(cognito_idp=error)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoCredentialsError(), "No AWS credentials were found"),
        (NoRegionError(), "No region is set"),
        (refusal("ExpiredToken", "GetCallerIdentity"), "Sign in with the AWS CLI again"),
    ],
)
def test_missing_credentials_are_one_sentence(error: Exception, sentence: str) -> None:
    with pytest.raises(type(error)) as raised:
        check_place(AwsInMemory({"sts": error}))  # type: ignore[arg-type]
    assert sentence in str(to_admin_error(raised.value))
