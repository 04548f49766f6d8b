"""The evidence that a store writes with an accepted answer is what the reader of token claims finds.

Each test runs in memory, on moto and on the local stack's DynamoDB.
"""

import uuid
from dataclasses import replace

import pytest

from passcode.token_service.challenge import SIGN_IN, STEP_UP, record_key
from passcode.token_service.policy import DAY
from passcode.token_service.store import Evidence, Record, VerifiedCode
from tests.support.record_stores import StoreUnderTest

NOW = 1_800_000_000
OPEN = Record(
    issued=1,
    nonce="a" * 32,
    issued_at=NOW,
    expires_at=NOW + 300,
    channel="email",
    bound="b" * 16,
    sent_at=NOW,
    send_tat=NOW + 900,
)
CLIENT = "2v6codeonlyclientexample01"
BY_EMAIL, BY_SMS = VerifiedCode(CLIENT, "email"), VerifiedCode(CLIENT, "sms")


@pytest.fixture
def sub(under_test: StoreUnderTest) -> str:
    """A user with an open challenge for a sign-in."""
    sub = str(uuid.uuid4())
    under_test.put(record_key(SIGN_IN, sub), OPEN)
    return sub


def accept(
    under_test: StoreUnderTest, sub: str, given: VerifiedCode | None, counter: int = 1, now: int = NOW
) -> None:
    """Record a right answer."""
    key = record_key(SIGN_IN, sub)
    assert under_test.store.record_attempt(key, counter, right=True, now=now, given=given).accepted


def issue(under_test: StoreUnderTest, sub: str, now: int) -> None:
    """Start another challenge."""
    draft = replace(OPEN, sent_at=now, expires_at=now + 300)
    assert under_test.store.start_challenge(record_key(SIGN_IN, sub), draft, now).accepted


def test_a_user_without_a_record_has_no_evidence(under_test: StoreUnderTest) -> None:
    assert under_test.read_evidence(str(uuid.uuid4()), CLIENT) == (None, None)


def test_the_first_code_is_the_first_and_the_last(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub, BY_EMAIL)
    assert under_test.read_evidence(sub, CLIENT) == (Evidence(NOW, "email"), Evidence(NOW, "email"))


def test_a_later_code_is_the_last_and_the_first_stays(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub, BY_EMAIL)
    for counter, given in ((2, BY_SMS), (3, BY_SMS)):
        now = NOW + 1000 * counter
        issue(under_test, sub, now)
        accept(under_test, sub, given, counter, now)
        assert under_test.read_evidence(sub, CLIENT) == (Evidence(NOW, "email"), Evidence(now, "sms"))


def test_each_app_client_has_its_own_evidence(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub, BY_EMAIL)
    issue(under_test, sub, NOW + 1000)
    accept(under_test, sub, VerifiedCode("another", "sms"), 2, NOW + 1000)
    assert under_test.read_evidence(sub, CLIENT) == 2 * (Evidence(NOW, "email"),)
    assert under_test.read_evidence(sub, "another") == 2 * (Evidence(NOW + 1000, "sms"),)
    assert under_test.read_evidence(sub, "a third") == (None, None)


def test_a_deployment_without_claims_writes_no_evidence_and_removes_none(
    under_test: StoreUnderTest, sub: str
) -> None:
    accept(under_test, sub, None)
    assert under_test.read_evidence(sub, CLIENT) == (None, None)
    issue(under_test, sub, NOW + 1000)
    accept(under_test, sub, BY_EMAIL, 2, NOW + 1000)
    issue(under_test, sub, NOW + 2000)
    accept(under_test, sub, None, 3, NOW + 2000)
    assert under_test.read_evidence(sub, CLIENT) == 2 * (Evidence(NOW + 1000, "email"),)


def test_an_answer_that_is_wrong_or_refused_is_no_evidence(under_test: StoreUnderTest, sub: str) -> None:
    key = record_key(SIGN_IN, sub)
    assert under_test.store.record_attempt(key, 1, right=False, now=NOW, given=BY_EMAIL).accepted
    assert not under_test.store.record_attempt(key, 2, right=True, now=NOW, given=BY_EMAIL).accepted
    assert under_test.read_evidence(sub, CLIENT) == (None, None)


@pytest.mark.parametrize("right", [True, False])
def test_after_a_pause_only_a_right_answer_is_evidence(
    under_test: StoreUnderTest, sub: str, right: bool
) -> None:
    key, paused = record_key(SIGN_IN, sub), replace(OPEN, failures=100, failed_at=NOW - DAY)
    under_test.put(key, paused)
    write = under_test.store.record_attempt_after_pause(key, 1, paused, right=right, now=NOW, given=BY_SMS)
    assert write.accepted
    again = under_test.store.record_attempt_after_pause(
        key, 1, paused, right=True, now=NOW + 1, given=BY_EMAIL
    )
    assert not again.accepted
    assert under_test.read_evidence(sub, CLIENT) == 2 * ((Evidence(NOW, "sms") if right else None),)


def test_a_step_up_is_no_evidence_of_a_sign_in(under_test: StoreUnderTest) -> None:
    sub = str(uuid.uuid4())
    key = record_key(STEP_UP, sub)
    under_test.put(key, OPEN)
    assert under_test.store.record_attempt(key, 1, right=True, now=NOW, given=BY_EMAIL).accepted
    assert under_test.read_evidence(sub, CLIENT) == (None, None)
