"""The evidence that a store writes with an accepted answer is what the reader of token claims finds.

Each test runs in memory, on moto and on the local stack's DynamoDB.
"""

import uuid

import pytest

from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, STEP_UP, record_key
from passcode.token_service.store import Attempt, Evidence, Record
from tests.support.record_stores import StoreUnderTest

NOW = 1_800_000_000
OPEN = Record(
    issued=1,
    nonce="a" * 32,
    digits=6,
    issued_at=NOW,
    expires_at=NOW + 300,
    channel="email",
    sent_at=NOW,
    send_tat=NOW,
    sent_to={"email": "b" * 16},
)
CLIENT = "2v6codeonlyclientexample01"
RIGHT = Attempt(
    counter=1, nonce=OPEN.nonce, id="c" * 16, is_short=True, channel="email", now=NOW, client_id=CLIENT
)


@pytest.fixture
def sub(under_test: StoreUnderTest) -> str:
    """A user with an open challenge for a sign-in with a password."""
    sub = str(uuid.uuid4())
    under_test.put(record_key(SIGN_IN_PASSWORD, sub), OPEN)
    return sub


def accept(under_test: StoreUnderTest, sub: str, attempt: Attempt = RIGHT) -> None:
    """Record a right answer."""
    assert under_test.store.record_attempt(record_key(SIGN_IN_PASSWORD, sub), attempt).accepted


def accept_later(under_test: StoreUnderTest, sub: str, counter: int, channel: str, client_id: str) -> int:
    """Start another challenge and record its right answer. Returns the time of both."""
    now = NOW + 1000 * counter
    draft = OPEN._replace(sent_at=now, expires_at=now + 300, send_tat=now)
    key = record_key(SIGN_IN_PASSWORD, sub)
    assert under_test.store.start_challenge(key, draft, 100, now).accepted
    accept(under_test, sub, RIGHT._replace(counter=counter, channel=channel, now=now, client_id=client_id))
    return now


def read(under_test: StoreUnderTest, sub: str, client_id: str = CLIENT) -> tuple[Evidence | None, ...]:
    """The first and the last evidence of a sign-in with a password."""
    return under_test.read_evidence(SIGN_IN_PASSWORD, sub, client_id)


def test_a_user_without_a_record_has_no_evidence(under_test: StoreUnderTest) -> None:
    assert read(under_test, str(uuid.uuid4())) == (None, None)


def test_the_first_code_is_the_first_and_the_last(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub)
    assert read(under_test, sub) == (Evidence(NOW, "email"), Evidence(NOW, "email"))


def test_a_later_code_is_the_last_and_the_first_stays(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub)
    for counter in (2, 3):
        now = accept_later(under_test, sub, counter, "sms", CLIENT)
        assert read(under_test, sub) == (Evidence(NOW, "email"), Evidence(now, "sms"))


def test_each_app_client_has_its_own_evidence(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub)
    later = accept_later(under_test, sub, 2, "sms", "another")
    assert read(under_test, sub) == 2 * (Evidence(NOW, "email"),)
    assert read(under_test, sub, "another") == 2 * (Evidence(later, "sms"),)
    assert read(under_test, sub, "a third") == (None, None)


def test_a_deployment_without_claims_writes_no_evidence_and_removes_none(
    under_test: StoreUnderTest, sub: str
) -> None:
    accept(under_test, sub, RIGHT._replace(client_id=""))
    assert read(under_test, sub) == (None, None)
    later = accept_later(under_test, sub, 2, "email", CLIENT)
    accept_later(under_test, sub, 3, "sms", "")
    assert read(under_test, sub) == 2 * (Evidence(later, "email"),)


def test_an_answer_that_is_wrong_or_refused_is_no_evidence(under_test: StoreUnderTest, sub: str) -> None:
    key = record_key(SIGN_IN_PASSWORD, sub)
    assert under_test.store.record_attempt(key, RIGHT._replace(channel="")).accepted
    assert not under_test.store.record_attempt(key, RIGHT._replace(counter=2)).accepted
    assert not under_test.store.record_attempt(key, RIGHT._replace(nonce="d" * 32)).accepted
    assert read(under_test, sub) == (None, None)


def test_a_repeated_answer_does_not_change_the_evidence(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub)
    key = record_key(SIGN_IN_PASSWORD, sub)
    assert not under_test.store.record_attempt(key, RIGHT._replace(now=NOW + 9)).accepted
    assert read(under_test, sub) == 2 * (Evidence(NOW, "email"),)


def test_a_long_code_is_evidence_as_a_short_one(under_test: StoreUnderTest, sub: str) -> None:
    accept(under_test, sub, RIGHT._replace(is_short=False))
    assert read(under_test, sub) == 2 * (Evidence(NOW, "email"),)


@pytest.mark.parametrize("kind", [SIGN_IN_CODE, STEP_UP])
def test_a_code_of_another_kind_is_no_evidence_of_a_sign_in(under_test: StoreUnderTest, kind: str) -> None:
    """A code without a password must not look like one after a password."""
    sub = str(uuid.uuid4())
    under_test.put(record_key(kind, sub), OPEN)
    assert under_test.store.record_attempt(record_key(kind, sub), RIGHT).accepted
    assert read(under_test, sub) == (None, None)
    assert under_test.read_evidence(kind, sub, CLIENT) == 2 * (Evidence(NOW, "email"),)
