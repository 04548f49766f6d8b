"""The contract of a record store. Each test runs in memory, on moto and on the local stack's DynamoDB."""

import secrets

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from passcode.token_service.policy import KEEP_SECONDS, day_of
from passcode.token_service.store import Attempt, Failure, Record, RecordStore, WriteResult
from tests.support.memory_stores import MemoryStore
from tests.support.record_stores import POLICY, StoreUnderTest

NOW = 1_800_000_000
TODAY = day_of(NOW)
CAP = 100
NONCE = "a" * 32
DRAFT = Record(
    nonce=NONCE,
    digits=6,
    issued_at=NOW,
    expires_at=NOW + 300,
    channel="email",
    context="c" * 16,
    sent_at=NOW,
    send_tat=NOW + 600,
    issue_id=NONCE,
    sent_to={"email": "e" * 16},
    sent_to_before={"email": "e" * 16},
)
OPEN = DRAFT._replace(issued=3, spent=2)
RIGHT = Attempt(counter=3, nonce=NONCE, id="1" * 16, is_short=True, channel="email", now=NOW)
WRONG = RIGHT._replace(id="2" * 16, channel="")


def test_the_first_challenge_of_a_subject_has_the_counter_one(under_test: StoreUnderTest, key: str) -> None:
    write = under_test.store.start_challenge(key, DRAFT, CAP, NOW)
    assert write == WriteResult(True, DRAFT._replace(issued=1))


def test_a_new_challenge_continues_the_counter_and_keeps_the_failures(
    under_test: StoreUnderTest, key: str
) -> None:
    old = Record(
        issued=7, spent=7, failures=4, nonce="old", wrong={TODAY: 4}, sent_to={"email": "0" * 16, "sms": "1"}
    )
    under_test.put(key, old)
    write = under_test.store.start_challenge(key, DRAFT, CAP, NOW)
    assert write.accepted
    assert write.record == DRAFT._replace(
        issued=8,
        spent=7,
        failures=4,
        prev_nonce="old",
        wrong={TODAY: 4},
        sent_to={"email": "e" * 16, "sms": "1"},
        sent_to_before={"email": "0" * 16},
    )


def test_a_message_keeps_the_ids_of_all_destinations(under_test: StoreUnderTest, key: str) -> None:
    store = under_test.store
    both = DRAFT._replace(sent_to={"email": "e" * 16, "sms": "1" * 16})
    first = store.start_challenge(key, both, CAP, NOW).record
    assert (first.sent_to, first.sent_to_before) == (both.sent_to, both.sent_to)
    moved = first._replace(sent_at=NOW + 30, sent_to={"email": "e" * 16, "sms": "2" * 16})
    second = store.replace_challenge(key, first, moved, NOW + 30).record
    assert (second.sent_to, second.sent_to_before) == (moved.sent_to, both.sent_to)


def test_a_new_challenge_removes_the_counters_of_past_days(under_test: StoreUnderTest, key: str) -> None:
    days = range(TODAY - KEEP_SECONDS // 86_400, TODAY + 1)
    old = Record(issued=1, spent=1, wrong=dict.fromkeys(days, 1), accepted={("email", d): 2 for d in days})
    under_test.put(key, old)
    write = under_test.store.start_challenge(key, DRAFT, CAP, NOW)
    assert (write.record.wrong, write.record.accepted) == ({TODAY: 1}, {("email", TODAY): 2})


def test_a_replaced_challenge_removes_the_counters_of_past_days(under_test: StoreUnderTest, key: str) -> None:
    """Under a lasting attack no challenge starts otherwise, and the item would grow without a limit."""
    days = range(TODAY - KEEP_SECONDS // 86_400, TODAY + 1)
    accepted = {("email", day): 2 for day in days}
    old = OPEN._replace(wrong=dict.fromkeys(days, 1), accepted=accepted)
    under_test.put(key, old)
    new = old._replace(issued=old.issued + 1, sent_at=NOW + 40, issue_id="e" * 32)
    write = under_test.store.replace_challenge(key, old, new, NOW + 40)
    assert write.accepted
    assert (write.record.wrong, write.record.accepted) == ({TODAY: 1}, {("email", TODAY): 2})


def test_an_open_challenge_refuses_another_and_is_returned(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    assert under_test.store.start_challenge(key, DRAFT, CAP, NOW + 1) == WriteResult(False, OPEN)


def test_a_refused_write_changes_nothing(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    store = under_test.store
    store.start_challenge(key, DRAFT._replace(nonce="c" * 32), CAP, NOW + 1)
    store.record_attempt(key, RIGHT._replace(counter=2))
    store.record_attempt(key, RIGHT._replace(nonce="b" * 32))
    store.replace_challenge(key, OPEN._replace(issued=2), OPEN, NOW)
    assert store.read(key) == OPEN


def test_a_right_answer_spends_and_gives_back_one_message(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN._replace(failures=9, accepted={("email", TODAY): 1}))
    write = under_test.store.record_attempt(key, RIGHT)
    assert write.accepted
    assert write.record == OPEN._replace(
        spent=3,
        spent_id=RIGHT.id,
        spent_at=NOW,
        failures=0,
        send_tat=OPEN.send_tat - 600,
        accepted={("email", TODAY): 2},
    )
    assert under_test.store.record_attempt(key, RIGHT) == WriteResult(False, write.record)
    assert not under_test.store.record_attempt(key, WRONG._replace(counter=2)).accepted


def test_a_refund_lowers_the_message_rate_once_and_nothing_else(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    for _ in range(2):
        under_test.store.refund_message(key, OPEN.issue_id)
        refunded = OPEN._replace(send_tat=OPEN.send_tat - 600, refund_id=OPEN.issue_id)
        assert under_test.store.read(key) == refunded
    later = refunded._replace(sent_at=NOW + 30, send_tat=NOW + 600, issue_id="l" * 32)
    assert under_test.store.replace_challenge(key, refunded, later, NOW + 30).accepted
    under_test.store.refund_message(key, later.issue_id)
    assert under_test.store.read(key) == later._replace(send_tat=NOW, refund_id=later.issue_id)


def test_only_the_newest_message_is_refunded(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    under_test.store.refund_message(key, "x" * 32)
    assert under_test.store.read(key) == OPEN
    under_test.store.refund_message(f"{key}x", OPEN.issue_id)
    assert under_test.store.read(f"{key}x") == Record()


def test_a_wrong_answer_to_a_short_code_is_counted_once(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    for n in (1, 2):
        attempt = WRONG._replace(id=str(n) * 16)
        write = under_test.store.record_attempt(key, attempt)
        assert write.accepted
        assert write.record == OPEN._replace(failures=n, failed_id=attempt.id, wrong={TODAY: n})
        assert under_test.store.record_attempt(key, attempt) == WriteResult(False, write.record)


def test_a_wrong_answer_counts_its_weight_and_never_more_than_a_day(
    under_test: StoreUnderTest, key: str
) -> None:
    under_test.put(key, OPEN)
    for n in (1, 2, 3):
        attempt = WRONG._replace(id=str(n) * 16, weight=3)
        write = under_test.store.record_attempt(key, attempt)
        assert (write.accepted, write.record.wrong, write.record.failures) == (True, {TODAY: 3 * n}, n)
    for refused in (WRONG._replace(id="4" * 16, weight=2), RIGHT._replace(weight=2)):
        assert not under_test.store.record_attempt(key, refused).accepted
    assert under_test.store.record_attempt(key, RIGHT).accepted


def test_a_wrong_answer_to_a_long_code_is_not_counted(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN._replace(digits=20, failures=100, wrong={TODAY: 10}))
    write = under_test.store.record_attempt(key, WRONG._replace(is_short=False))
    assert write.accepted
    assert write.record == OPEN._replace(digits=20, failures=100, wrong={TODAY: 10}, failed_id=WRONG.id)
    assert under_test.store.record_attempt(key, RIGHT._replace(is_short=False)).accepted


@pytest.mark.parametrize("attempt", [RIGHT, WRONG], ids=["right", "wrong"])
def test_a_subject_without_a_record_has_no_challenge(
    under_test: StoreUnderTest, key: str, attempt: Attempt
) -> None:
    assert under_test.store.record_attempt(key, attempt) == WriteResult(False, Record())


@pytest.mark.parametrize("attempt", [RIGHT, WRONG], ids=["right", "wrong"])
def test_an_answer_needs_an_issued_counter_and_one_of_the_two_newest_nonces(
    under_test: StoreUnderTest, key: str, attempt: Attempt
) -> None:
    under_test.put(key, OPEN._replace(prev_nonce="p" * 32))
    for other in (attempt._replace(counter=4), attempt._replace(nonce="b" * 32)):
        assert not under_test.store.record_attempt(key, other).accepted
    assert under_test.store.record_attempt(key, attempt._replace(nonce="p" * 32)).accepted


def test_a_challenge_is_replaced_only_if_it_is_unchanged(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN)
    new = OPEN._replace(
        issued=4,
        nonce="b" * 32,
        prev_nonce=NONCE,
        digits=20,
        sent_at=NOW + 30,
        send_tat=NOW + 1200,
        channel="sms",
        sent_to={"email": "e" * 16, "sms": "f" * 16},
        sent_to_before={"email": "e" * 16, "sms": "f" * 16},
    )
    for stale in (
        OPEN._replace(issued=2),
        OPEN._replace(sent_at=NOW - 1),
        OPEN._replace(spent=1),
        OPEN._replace(nonce="other"),
    ):
        assert not under_test.store.replace_challenge(key, stale, new, NOW + 30).accepted
    assert under_test.store.replace_challenge(key, OPEN, new, NOW + 30) == WriteResult(True, new)


def test_a_record_is_read_as_it_was_written(under_test: StoreUnderTest, key: str) -> None:
    assert under_test.store.read(key) == Record()
    for record in (OPEN, OPEN._replace(failures=3, wrong={TODAY: 3}, accepted={("sms", TODAY): 1})):
        under_test.put(key, record)
        assert under_test.store.read(key) == record
    write = under_test.store.record_attempt(key, RIGHT)
    assert under_test.store.read(key) == write.record


around = st.sampled_from([-301, -300, -30, -29, -6, -5, -4, -1, 0, 1, 119, 120, 121, 600])
records = st.builds(
    lambda issued, behind, digits, failures, wrong, accepted, ids, times: Record(
        issued=issued,
        spent=max(0, issued - behind),
        nonce=ids[0],
        prev_nonce=ids[1],
        digits=digits,
        channel="sms",
        context="c" * 16,
        failures=failures,
        failed_id=ids[2],
        spent_id="s" * 16,
        issue_id="i" * 32,
        issued_at=NOW - 10,
        expires_at=NOW + times[0],
        sent_at=NOW + times[1],
        send_tat=NOW + times[2],
        spent_at=NOW + times[3],
        wrong={TODAY: wrong} if wrong else {},
        accepted={("email", TODAY): accepted} if accepted else {},
        sent_to={"sms": "f" * 16},
        sent_to_before={"sms": "f" * 16},
    ),
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from([6, 8, 20]),
    st.sampled_from([0, 1, 9, 10, 11, 99, 100]),
    st.sampled_from([0, 1, 4, 5, 9, 10]),
    st.sampled_from([0, 1, CAP - 1, CAP]),
    st.tuples(
        st.sampled_from([NONCE, "n" * 32]),
        st.sampled_from([NONCE, "p" * 32]),
        st.sampled_from([WRONG.id, "0" * 16]),
    ),
    st.tuples(around, around, around, around),
)
attempts = st.builds(
    lambda counter, is_short, channel, weight: RIGHT._replace(
        counter=counter, is_short=is_short, channel=channel, weight=weight
    ),
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from(["", "email"]),
    st.integers(1, 3),
) | st.just(WRONG)


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(record=records, attempt=attempts)
@example(record=OPEN._replace(failures=9, wrong={TODAY: 9}), attempt=RIGHT)
@example(record=OPEN._replace(failures=4, wrong={TODAY: 8}), attempt=RIGHT._replace(weight=2))
@example(record=OPEN._replace(failures=4, wrong={TODAY: 9}), attempt=WRONG._replace(weight=2))
@example(record=OPEN._replace(spent=3, spent_at=NOW - 5, send_tat=NOW), attempt=RIGHT)
@example(record=OPEN._replace(sent_at=NOW - 30, expires_at=NOW + 119, send_tat=NOW), attempt=RIGHT)
def test_every_store_has_the_conditions_of_the_predicates(
    under_test: StoreUnderTest, record: Record, attempt: Attempt
) -> None:
    """The conditions written for DynamoDB, compared with the predicates in tests/support/memory_stores.py."""
    for operation in ("start", "attempt"):
        key = f"sign_in_code#{secrets.token_hex(8)}"
        memory = MemoryStore(POLICY, {key: record})
        under_test.put(key, record)
        for _ in range(2):
            expected, found = (_run(store, operation, key, attempt) for store in (memory, under_test.store))
            assert found == expected


def _run(store: RecordStore, operation: str, key: str, attempt: Attempt) -> WriteResult:
    if operation == "start":
        return store.start_challenge(key, DRAFT, CAP, NOW)
    return store.record_attempt(key, attempt)


FAILED = {"email": Failure(NOW - 60, "e" * 16), "sms": Failure(NOW - 90, "f" * 16)}


def test_a_new_message_keeps_the_failures_except_one_to_remove(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, Record(issued=1, spent=1, failed=FAILED))
    store = under_test.store
    first = store.start_challenge(key, DRAFT, CAP, NOW)
    assert first.record.failed == FAILED
    # Only a removal is written: another function may write a failure between the read and this write.
    stale = first.record._replace(sent_at=NOW + 40, failed={"sms": Failure(NOW - 9, "a" * 16)})
    second = store.replace_challenge(key, first.record, stale, NOW + 40)
    assert second.record.failed == FAILED
    third = second.record._replace(sent_at=NOW + 80, failed=FAILED | {"email": Failure()})
    assert store.replace_challenge(key, second.record, third, NOW + 80).record.failed == {
        "sms": FAILED["sms"]
    }


def test_a_message_to_a_chosen_channel_removes_its_failure(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, Record(issued=1, spent=1, failed=FAILED))
    draft = DRAFT._replace(failed={"email": Failure()})
    assert under_test.store.start_challenge(key, draft, CAP, NOW).record.failed == {"sms": FAILED["sms"]}


def test_a_right_answer_removes_the_failure_of_its_channel(under_test: StoreUnderTest, key: str) -> None:
    under_test.put(key, OPEN._replace(failed=FAILED))
    assert under_test.store.record_attempt(key, WRONG).record.failed == FAILED
    assert under_test.store.record_attempt(key, RIGHT).record.failed == {"sms": FAILED["sms"]}
