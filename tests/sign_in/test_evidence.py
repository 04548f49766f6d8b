"""`verify` keeps evidence of an accepted code with the write that spends the code."""

import pytest

from passcode.sign_in.verify import check_sign_in
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, Challenge
from passcode.token_service.check import Verdict
from passcode.token_service.store import Evidence
from tests.support.events import CODE_ONLY_CLIENT, SALT, SIGN_IN_KEY, SUB, code_of, golden
from tests.support.sign_in_handlers import ORDER, SignInHandlers


@pytest.fixture
def handlers() -> SignInHandlers:
    return SignInHandlers()


def checked(handlers: SignInHandlers, to: Challenge, **settings: bool) -> Verdict:
    """Check the right answer with the settings of a deployment."""
    return check_sign_in(
        golden("verify_plain", challengeAnswer=code_of(to)),
        to,
        order=ORDER,
        code_mac=handlers.code_mac,
        store=handlers.store,
        policy=handlers.policy,
        now=handlers.now,
        salt=SALT,
        **settings,
    )


def kept(handlers: SignInHandlers) -> tuple[Evidence | None, Evidence | None]:
    """Read the evidence of the user and the app client of the golden event."""
    return handlers.store.read_evidence(SIGN_IN_CODE, SUB, CODE_ONLY_CLIENT)


def test_evidence_names_the_app_client_and_the_channel(handlers: SignInHandlers) -> None:
    assert checked(handlers, handlers.issued(), keeps_evidence=True).accepted
    assert kept(handlers) == 2 * (Evidence(handlers.now, "email"),)


@pytest.mark.parametrize("settings", [{}, {"keeps_evidence": False}])
def test_a_deployment_without_claims_keeps_no_evidence(
    handlers: SignInHandlers, settings: dict[str, bool]
) -> None:
    assert checked(handlers, handlers.issued(), **settings).accepted
    assert kept(handlers) == (None, None)
    assert handlers.store.evidence == {}


def test_a_long_code_is_evidence_too(handlers: SignInHandlers) -> None:
    to = handlers.issued(digits=20)
    handlers.store.records[SIGN_IN_KEY] = handlers.store.records[SIGN_IN_KEY]._replace(failures=100)
    assert checked(handlers, to, keeps_evidence=True).accepted
    assert handlers.store.writes == ["start_challenge", "record_attempt"]
    assert kept(handlers) == 2 * (Evidence(handlers.now, "email"),)


def test_evidence_names_the_channel_of_the_accepted_code(handlers: SignInHandlers) -> None:
    to = handlers.issued()
    assert checked(handlers, to._replace(channel="sms"), keeps_evidence=True).channel == "sms"
    assert kept(handlers) == 2 * (Evidence(handlers.now, "sms"),)


def test_each_kind_of_sign_in_has_its_evidence(handlers: SignInHandlers) -> None:
    assert checked(handlers, handlers.issued(), keeps_evidence=True).accepted
    assert handlers.store.read_evidence(SIGN_IN_PASSWORD, SUB, CODE_ONLY_CLIENT) == (None, None)
