"""`verify` keeps evidence of an accepted code with the write that spends the code."""

from dataclasses import replace

import pytest

from passcode.sign_in.verify import check_sign_in
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, Challenge
from passcode.token_service.check import Verdict
from passcode.token_service.store import Evidence
from tests.support.events import CODE_ONLY_CLIENT, SALT, SIGN_IN_KEY, SUB, code_of, golden
from tests.support.sign_in_world import ORDER, World


@pytest.fixture
def world() -> World:
    return World()


def checked(world: World, to: Challenge, **settings: bool) -> Verdict:
    """Check the right answer with the settings of a deployment."""
    return check_sign_in(
        golden("verify_plain", challengeAnswer=code_of(to)),
        to,
        order=ORDER,
        code_mac=world.code_mac,
        store=world.store,
        policy=world.policy,
        now=world.now,
        salt=SALT,
        **settings,
    )


def kept(world: World) -> tuple[Evidence | None, Evidence | None]:
    """Read the evidence of the user and the app client of the golden event."""
    return world.store.read_evidence(SIGN_IN_CODE, SUB, CODE_ONLY_CLIENT)


def test_evidence_names_the_app_client_and_the_channel(world: World) -> None:
    assert checked(world, world.issued(), proves=True).accepted
    assert kept(world) == 2 * (Evidence(world.now, "email"),)


@pytest.mark.parametrize("settings", [{}, {"proves": False}])
def test_a_deployment_without_claims_keeps_no_evidence(world: World, settings: dict[str, bool]) -> None:
    assert checked(world, world.issued(), **settings).accepted
    assert kept(world) == (None, None)
    assert world.store.evidence == {}


def test_a_long_code_is_evidence_too(world: World) -> None:
    to = world.issued(digits=20)
    world.store.records[SIGN_IN_KEY] = replace(world.store.records[SIGN_IN_KEY], failures=100)
    assert checked(world, to, proves=True).accepted
    assert world.store.writes == ["start_challenge", "record_attempt"]
    assert kept(world) == 2 * (Evidence(world.now, "email"),)


def test_evidence_names_the_channel_of_the_accepted_code(world: World) -> None:
    to = world.issued()
    assert checked(world, replace(to, channel="sms"), proves=True).channel == "sms"
    assert kept(world) == 2 * (Evidence(world.now, "sms"),)


def test_each_kind_of_sign_in_has_its_evidence(world: World) -> None:
    assert checked(world, world.issued(), proves=True).accepted
    assert world.store.read_evidence(SIGN_IN_PASSWORD, SUB, CODE_ONLY_CLIENT) == (None, None)
