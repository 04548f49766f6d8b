"""Attach, detach and doctor with Cognito's custom senders."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.botocore_values import members
from tests.support.doctor_samples import CLEAN, HEALTHY, POOL, STACK, only_finding
from tests.support.fake_user_pool import ARN, POOL_ID, full_pool
from tests.support.pool_admin_world import FUNCTIONS, OTHERS, SENDER_KEY, World, app_client
from tools.pool_admin.attachment.plan import AttachOptions
from tools.pool_admin.aws_resources.pool_settings import difference
from tools.pool_admin.doctor.finding import Severity
from tools.pool_admin.doctor.run import run_checks
from tools.pool_admin.errors import AdminError

OURS = {"LambdaArn": FUNCTIONS["CustomSender"], "LambdaVersion": "V1_0"}
THEIRS = {"LambdaArn": OTHERS, "LambdaVersion": "V1_0"}
BOTH = {"KMSKeyID": SENDER_KEY, "CustomEmailSender": OURS, "CustomSMSSender": OURS}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSCODE_ADMIN_DIR", str(tmp_path))


def world(senders: str, **there: Any) -> World:
    pool = full_pool(members, by_link=False)
    pool["LambdaConfig"] = {"PreSignUp": OTHERS} | there
    return World(pool, {"web": app_client("web")}, senders=senders)


def attach(here: World, *, replacing: bool = False) -> None:
    here.attach(AttachOptions(("web",), (), replacing))


@pytest.mark.parametrize(
    ("senders", "found"),
    [
        ("BOTH", BOTH),
        ("EMAIL", {"KMSKeyID": SENDER_KEY, "CustomEmailSender": OURS}),
        ("SMS", {"KMSKeyID": SENDER_KEY, "CustomSMSSender": OURS}),
        ("OFF", {}),
    ],
)
def test_attach_sets_the_senders_of_the_parameter_and_detach_removes_them(
    senders: str, found: dict[str, Any]
) -> None:
    here = world(senders)
    before = here.state()
    attach(here)
    config = here.aws.pool["LambdaConfig"]
    assert {k: v for k, v in config.items() if k == "KMSKeyID" or k.endswith("Sender")} == found
    assert (FUNCTIONS["CustomSender"] in here.permitted) == (senders != "OFF")
    assert here.plan(AttachOptions(("web",), ())).is_empty
    here.detach()
    assert {c.path[1] for c in difference(before, here.state())} == {"SchemaAttributes"}


def test_other_senders_stay_if_the_stack_wants_none() -> None:
    theirs = {"KMSKeyID": ARN, "CustomEmailSender": THEIRS, "CustomSMSSender": THEIRS}
    here = world("OFF", **theirs)
    attach(here)
    assert {name: here.aws.pool["LambdaConfig"][name] for name in theirs} == theirs


@pytest.mark.parametrize("name", ["CustomEmailSender", "CustomSMSSender"])
def test_other_senders_are_replaced_only_with_the_option(name: str) -> None:
    here = world("EMAIL", **{"KMSKeyID": ARN, name: THEIRS})
    with pytest.raises(AdminError, match=rf"already has triggers: {name} \("):
        attach(here)
    attach(here, replacing=True)
    assert here.aws.pool["LambdaConfig"]["KMSKeyID"] == SENDER_KEY
    here.detach()
    assert here.aws.pool["LambdaConfig"] == {"PreSignUp": OTHERS, "KMSKeyID": ARN, name: THEIRS}


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
    ("config", "severity", "words"),
    [
        (BOTH | {"CustomSMSSender": THEIRS}, Severity.WARNING, f"trigger CustomSMSSender (calls {OTHERS}"),
        (BOTH | {"CustomEmailSender": None}, Severity.WARNING, "trigger CustomEmailSender (calls nothing"),
        (BOTH | {"KMSKeyID": ARN}, Severity.ERROR, f"encrypts its codes with {ARN}"),
    ],
)
def test_a_pool_with_other_senders_or_keys(config: dict[str, Any], severity: Severity, words: str) -> None:
    only_finding(replace(WITH_SENDERS, pool=pool_with(**config)), severity, words)


@pytest.mark.parametrize("stack", [HEALTHY, None])
def test_a_sender_that_the_stack_does_not_want_is_noted(stack: Any) -> None:
    facts = replace(CLEAN, pool=pool_with(KMSKeyID=ARN, CustomEmailSender=THEIRS), stack=stack)
    assert (f"trigger CustomEmailSender (calls {OTHERS})",) in [
        finding.about for finding in run_checks(facts)
    ]


def test_the_fix_for_both_senders_is_one_setting() -> None:
    facts = replace(CLEAN, pool=pool_with(KMSKeyID=ARN, CustomEmailSender=THEIRS, CustomSMSSender=THEIRS))
    found = only_finding(facts, Severity.NOTE, "Another function sends Cognito's own messages")
    assert len(found.about) == 2
    assert [step for step in map(str, found.fix) if "CustomSenders=BOTH" in step] == [str(found.fix[0])]
