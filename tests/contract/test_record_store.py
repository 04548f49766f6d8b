"""The contract of every record store: in memory, on moto, and on the DynamoDB of the local stack."""

import secrets
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from passcode.token_service.store import Record, RecordStore, WriteResult
from tests.support.memory_stores import MemoryStore
from tests.support.record_stores import POLICY, StoreUnderTest

NOW = 1_800_000_000
DRAFT = Record(
    nonce="a" * 32,
    issued_at=NOW,
    expires_at=NOW + 300,
    channel="email",
    bound="b" * 16,
    sent_at=NOW,
    send_tat=NOW + 900,
)
OPEN = replace(DRAFT, issued=3, spent=2)


def test_the_first_challenge_of_a_subject_has_counter_1(under_test: StoreUnderTest, key: str) -> None:
    write = under_test.store.start_challenge(key, DRAFT, NOW)
    assert write.accepted
    assert write.record == replace(DRAFT, issued=1)


def test_a_new_challenge_gets_the_next_counter_and_keeps_the_failures(
    under_test: StoreUnderTest, key: str
) -> None:
    under_test.put(key, Record(issued=7, spent=7, failures=4, failed_at=NOW - 5, nonce="old"))
    write = under_test.store.start_challenge(key, DRAFT, NOW)
    assert write.accepted
    assert write.record == replace(DRAFT, issued=8, spent=7, failures=4, failed_at=NOW - 5)


def test_an_open_challenge_refuses_a_new_one_and_is_returned(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    write = under_test.store.start_challenge(key, DRAFT, NOW + 1)
    assert not write.accepted
    assert write.record == OPEN


def test_a_refused_write_changes_nothing(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    under_test.store.start_challenge(key, replace(DRAFT, nonce="c" * 32), NOW + 1)
    under_test.store.record_attempt(key, 2, right=True, now=NOW)
    under_test.store.replace_challenge(key, replace(OPEN, issued=2), OPEN, NOW)
    assert under_test.store.record_attempt(key, 3, right=False, now=NOW).record == replace(
        OPEN, failures=1, failed_at=NOW
    )


def test_a_right_answer_spends_the_challenge_and_clears_failures_and_quota(
    under_test: StoreUnderTest, key: str
) -> None:
    under_test.put(key, replace(OPEN, failures=9, failed_at=NOW - 1))
    write = under_test.store.record_attempt(key, 3, right=True, now=NOW)
    assert write.accepted
    assert write.record == replace(OPEN, spent=3, failures=0, failed_at=0, send_tat=0)
    assert not under_test.store.record_attempt(key, 3, right=True, now=NOW).accepted
    assert not under_test.store.record_attempt(key, 2, right=False, now=NOW).accepted


def test_a_wrong_answer_is_counted(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    for n in (1, 2):
        write = under_test.store.record_attempt(key, 3, right=False, now=NOW + n)
        assert write.accepted
        assert (write.record.failures, write.record.failed_at) == (n, NOW + n)


@pytest.mark.parametrize("right", [True, False])
def test_a_subject_without_a_record_has_nothing_to_answer(
    under_test: StoreUnderTest, key: str, right: bool
) -> None:
    write = under_test.store.record_attempt(key, 1, right=right, now=NOW)
    assert not write.accepted
    assert write.record == Record()


@pytest.mark.parametrize("right", [True, False])
def test_a_counter_that_was_never_issued_is_refused(
    under_test: StoreUnderTest, key: str, right: bool
) -> None:
    under_test.put(key, OPEN)
    assert not under_test.store.record_attempt(key, 4, right=right, now=NOW).accepted


@pytest.mark.parametrize("right", [True, False])
def test_a_pause_ends_once(under_test: StoreUnderTest, key: str, right: bool) -> None:
    paused = replace(OPEN, failures=100, failed_at=NOW - 86_400)
    under_test.put(key, paused)
    assert not under_test.store.record_attempt(key, 3, right=right, now=NOW).accepted
    write = under_test.store.record_attempt_after_pause(key, 3, paused, right=right, now=NOW)
    assert write.accepted
    assert write.record.failures == (0 if right else 1)
    assert not under_test.store.record_attempt_after_pause(key, 3, paused, right=right, now=NOW).accepted


def test_a_challenge_is_replaced_only_if_it_is_unchanged(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    new = replace(OPEN, sent_at=NOW + 30, send_tat=NOW + 1800, channel="sms")
    for stale in (replace(OPEN, issued=2), replace(OPEN, sent_at=NOW - 1), replace(OPEN, spent=1)):
        assert not under_test.store.replace_challenge(key, stale, new, NOW + 30).accepted
    write = under_test.store.replace_challenge(key, OPEN, new, NOW + 30)
    assert write.accepted
    assert write.record == new


def test_a_record_is_unchanged_after_writing_and_reading(under_test: StoreUnderTest, key: str) -> None:
    assert under_test.store.read(key) == Record()
    for record in (OPEN, replace(OPEN, failures=3, failed_at=NOW, channel="sms")):
        under_test.put(key, record)
        assert under_test.store.read(key) == record
    write = under_test.store.record_attempt(key, 3, right=True, now=NOW)
    assert under_test.store.read(key) == write.record


around = st.sampled_from([-86_401, -86_400, -301, -300, -299, -30, -29, -1, 0, 1, 119, 120, 121, 900])
records = st.builds(
    lambda issued, behind, failures, times: Record(
        issued=issued,
        spent=max(0, issued - behind),
        nonce="n" * 32,
        channel="sms",
        bound="b" * 16,
        failures=failures,
        issued_at=NOW - 10,
        expires_at=NOW + times[0],
        sent_at=NOW + times[1],
        send_tat=NOW + times[2],
        failed_at=NOW + times[3] if failures else 0,
    ),
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from([0, 1, 9, 10, 11, 99, 100, 101]),
    st.tuples(around, around, around, around),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(record=records, counter=st.integers(0, 4), right=st.booleans())
@example(record=replace(OPEN, failures=10, failed_at=NOW - 300), counter=3, right=True)
def test_every_store_has_the_conditions_of_the_memory_store(
    under_test: StoreUnderTest, record: Record, counter: int, right: bool
) -> None:
    """Compare the conditions for DynamoDB with the predicates of the memory store."""
    # Only a paused record can end a pause.
    pauses = ("after_pause",) if record.failures >= POLICY.hard_limit else ()
    for operation in ("issue", "record_attempt", *pauses):
        key = f"sign_in#{secrets.token_hex(8)}"
        memory = MemoryStore(POLICY, {key: record})
        under_test.put(key, record)
        for _ in range(2):
            expected, found = (
                _run(store, operation, key, record, counter, right) for store in (memory, under_test.store)
            )
            assert found == expected


def _run(
    store: RecordStore, operation: str, key: str, record: Record, counter: int, right: bool
) -> WriteResult:
    if operation == "issue":
        return store.start_challenge(key, DRAFT, NOW)
    if operation == "record_attempt":
        return store.record_attempt(key, counter, right=right, now=NOW)
    return store.record_attempt_after_pause(key, counter, record, right=right, now=NOW)
