"""Attach and doctor with Cognito's custom senders: set, put back, carried over, and told of."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.botocore_values import members
from tests.support.doctor_samples import CLEAN, HEALTHY, POOL, STACK, one
from tests.support.fake_user_pool import ARN, POOL_ID, full_pool
from tests.support.pool_admin_world import FUNCTIONS, OTHERS, SENDER_KEY, World, app_client
from tools.pool_admin.attachment.attach import Attach
from tools.pool_admin.attachment.detach import Detach
from tools.pool_admin.attachment.plan import Wish
from tools.pool_admin.aws_resources.pool_settings import difference
from tools.pool_admin.doctor.finding import Severity
from tools.pool_admin.doctor.run import findings
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
    Attach.of(here.place(), "passcode", Wish(("web",), (), replacing)).carry_out()


@pytest.mark.parametrize(
    ("senders", "found"),
    [
        ("BOTH", BOTH),
        ("EMAIL", {"KMSKeyID": SENDER_KEY, "CustomEmailSender": OURS}),
        ("SMS", {"KMSKeyID": SENDER_KEY, "CustomSMSSender": OURS}),
        ("OFF", {}),
    ],
)
def test_attach_sets_what_the_parameter_asks_for_and_detach_takes_it_back(
    senders: str, found: dict[str, Any]
) -> None:
    here = world(senders)
    before = here.state()
    attach(here)
    config = here.aws.pool["LambdaConfig"]
    assert {k: v for k, v in config.items() if k == "KMSKeyID" or k.endswith("Sender")} == found
    assert (FUNCTIONS["CustomSender"] in here.permitted) == (senders != "OFF")
    assert Attach.of(here.place(), "passcode", Wish(("web",), ())).plan.is_empty
    Detach.of(here.place()).carry_out()
    assert {c.path[1] for c in difference(before, here.state())} == {"SchemaAttributes"}


def test_somebody_elses_sender_and_key_stay_as_they_are_without_ours() -> None:
    theirs = {"KMSKeyID": ARN, "CustomEmailSender": THEIRS, "CustomSMSSender": THEIRS}
    here = world("OFF", **theirs)
    attach(here)
    assert {name: here.aws.pool["LambdaConfig"][name] for name in theirs} == theirs


@pytest.mark.parametrize("name", ["CustomEmailSender", "CustomSMSSender"])
def test_somebody_elses_sender_is_not_replaced_unasked_nor_left_with_our_key(name: str) -> None:
    here = world("EMAIL", **{"KMSKeyID": ARN, name: THEIRS})
    with pytest.raises(AdminError, match=rf"triggers of its own: {name} \("):
        attach(here)
    attach(here, replacing=True)
    assert here.aws.pool["LambdaConfig"]["KMSKeyID"] == SENDER_KEY
    Detach.of(here.place()).carry_out()
    assert here.aws.pool["LambdaConfig"] == {"PreSignUp": OTHERS, "KMSKeyID": ARN, name: THEIRS}


def pool_with(**config: Any) -> dict[str, Any]:
    return POOL | {"LambdaConfig": STACK.triggers | config}


ASKED = replace(
    STACK,
    parameters=STACK.parameters | {"CustomSenders": "BOTH"},
    outputs={"UserPoolId": POOL_ID, "CustomSenderKeyArn": SENDER_KEY},
)
WITH_SENDERS = replace(CLEAN, stack=replace(HEALTHY, stack=ASKED))


def test_a_pool_that_has_what_was_asked_for_is_clean() -> None:
    assert findings(replace(WITH_SENDERS, pool=pool_with(**BOTH))) == []


@pytest.mark.parametrize(
    ("config", "severity", "words"),
    [
        (BOTH | {"CustomSMSSender": THEIRS}, Severity.WARNING, f"trigger CustomSMSSender (calls {OTHERS}"),
        (BOTH | {"CustomEmailSender": None}, Severity.WARNING, "trigger CustomEmailSender (calls nothing"),
        (BOTH | {"KMSKeyID": ARN}, Severity.ERROR, f"encrypts its codes with {ARN}"),
    ],
)
def test_a_pool_whose_messages_go_elsewhere(config: dict[str, Any], severity: Severity, words: str) -> None:
    one(replace(WITH_SENDERS, pool=pool_with(**config)), severity, words)


@pytest.mark.parametrize("stack", [HEALTHY, None])
def test_a_sender_that_nobody_asked_this_stack_for_is_noted(stack: Any) -> None:
    facts = replace(CLEAN, pool=pool_with(KMSKeyID=ARN, CustomEmailSender=THEIRS), stack=stack)
    assert (f"trigger CustomEmailSender (calls {OTHERS})",) in [finding.about for finding in findings(facts)]


def test_the_fix_for_both_senders_is_one_setting() -> None:
    facts = replace(CLEAN, pool=pool_with(KMSKeyID=ARN, CustomEmailSender=THEIRS, CustomSMSSender=THEIRS))
    found = one(facts, Severity.NOTE, "Another function sends Cognito's own messages")
    assert len(found.about) == 2
    assert [step for step in map(str, found.fix) if "CustomSenders=BOTH" in step] == [str(found.fix[0])]
