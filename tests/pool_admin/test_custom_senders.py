"""Attach, detach and doctor with Cognito's custom senders."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.account_in_memory import FUNCTIONS, OTHERS, SENDER_KEY, AccountInMemory, app_client
from tests.support.botocore_values import members
from tests.support.doctor_samples import CLEAN, HEALTHY, POOL, STACK, only_finding
from tests.support.fake_user_pool import ARN, POOL_ID, full_pool
from tools.pool_admin.attachment.plan import AttachOptions
from tools.pool_admin.aws_resources.pool_settings import difference
from tools.pool_admin.doctor.finding import Severity
from tools.pool_admin.doctor.run import run_checks
from tools.pool_admin.errors import AdminError

STACK_SENDER = {"LambdaArn": FUNCTIONS["CustomSender"], "LambdaVersion": "V1_0"}
OTHER_SENDER = {"LambdaArn": OTHERS, "LambdaVersion": "V1_0"}
BOTH = {"KMSKeyID": SENDER_KEY, "CustomEmailSender": STACK_SENDER, "CustomSMSSender": STACK_SENDER}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSCODE_ADMIN_DIR", str(tmp_path))


def make_account(senders: str, **there: Any) -> AccountInMemory:
    pool = full_pool(members, by_link=False)
    pool["LambdaConfig"] = {"PreSignUp": OTHERS} | there
    return AccountInMemory(pool, {"web": app_client("web")}, senders=senders)


def attach(account: AccountInMemory, *, replacing: bool = False) -> None:
    account.attach(AttachOptions(("web",), (), replacing))


@pytest.mark.parametrize(
    ("senders", "found"),
    [
        ("BOTH", BOTH),
        ("EMAIL", {"KMSKeyID": SENDER_KEY, "CustomEmailSender": STACK_SENDER}),
        ("SMS", {"KMSKeyID": SENDER_KEY, "CustomSMSSender": STACK_SENDER}),
        ("OFF", {}),
    ],
)
def test_attach_sets_the_senders_of_the_parameter_and_detach_removes_them(
    senders: str, found: dict[str, Any]
) -> None:
    account = make_account(senders)
    before = account.state()
    attach(account)
    config = account.cognito.pool["LambdaConfig"]
    assert {k: v for k, v in config.items() if k == "KMSKeyID" or k.endswith("Sender")} == found
    assert (FUNCTIONS["CustomSender"] in account.permitted) == (senders != "OFF")
    assert account.plan(AttachOptions(("web",), ())).is_empty
    account.detach()
    assert {c.path[1] for c in difference(before, account.state())} == {"SchemaAttributes"}


def test_other_senders_stay_if_the_stack_wants_none() -> None:
    other_senders = {"KMSKeyID": ARN, "CustomEmailSender": OTHER_SENDER, "CustomSMSSender": OTHER_SENDER}
    account = make_account("OFF", **other_senders)
    attach(account)
    assert {name: account.cognito.pool["LambdaConfig"][name] for name in other_senders} == other_senders


@pytest.mark.parametrize("name", ["CustomEmailSender", "CustomSMSSender"])
def test_other_senders_are_replaced_only_with_the_option(name: str) -> None:
    account = make_account("EMAIL", **{"KMSKeyID": ARN, name: OTHER_SENDER})
    with pytest.raises(AdminError, match=rf"already has triggers: {name} \("):
        attach(account)
    attach(account, replacing=True)
    assert account.cognito.pool["LambdaConfig"]["KMSKeyID"] == SENDER_KEY
    account.detach()
    assert account.cognito.pool["LambdaConfig"] == {"PreSignUp": OTHERS, "KMSKeyID": ARN, name: OTHER_SENDER}


def pool_with(**config: Any) -> dict[str, Any]:
    return POOL | {"LambdaConfig": STACK.triggers | config}


ASKED = replace(
    STACK,
    parameters=STACK.parameters | {"CustomSenders": "BOTH"},
    outputs={"UserPoolId": POOL_ID, "CustomSenderKeyArn": SENDER_KEY},
)
WITH_SENDERS = replace(CLEAN, stack=replace(HEALTHY, deployed=ASKED))


def test_a_pool_with_the_wanted_senders_has_no_findings() -> None:
    assert run_checks(replace(WITH_SENDERS, pool=pool_with(**BOTH))) == []


@pytest.mark.parametrize(
    ("config", "severity", "text"),
    [
        (
            BOTH | {"CustomSMSSender": OTHER_SENDER},
            Severity.WARNING,
            f"trigger CustomSMSSender (calls {OTHERS}",
        ),
        (BOTH | {"CustomEmailSender": None}, Severity.WARNING, "trigger CustomEmailSender (calls nothing"),
        (BOTH | {"KMSKeyID": ARN}, Severity.ERROR, f"encrypts its codes with {ARN}"),
    ],
)
def test_other_senders_or_keys_are_a_finding(config: dict[str, Any], severity: Severity, text: str) -> None:
    only_finding(replace(WITH_SENDERS, pool=pool_with(**config)), severity, text)


@pytest.mark.parametrize("stack", [HEALTHY, None])
def test_a_sender_that_the_stack_does_not_want_is_noted(stack: Any) -> None:
    facts = replace(CLEAN, pool=pool_with(KMSKeyID=ARN, CustomEmailSender=OTHER_SENDER), stack=stack)
    assert (f"trigger CustomEmailSender (calls {OTHERS})",) in [
        finding.about for finding in run_checks(facts)
    ]


def test_the_fix_for_both_senders_is_one_setting() -> None:
    facts = replace(
        CLEAN, pool=pool_with(KMSKeyID=ARN, CustomEmailSender=OTHER_SENDER, CustomSMSSender=OTHER_SENDER)
    )
    found = only_finding(facts, Severity.NOTE, "Another function sends Cognito's own messages")
    assert len(found.about) == 2
    assert [step for step in map(str, found.fix) if "CustomSenders=BOTH" in step] == [str(found.fix[0])]
