"""Single steps that the property tests do not check: exact seconds, lost responses, and refusals."""

from dataclasses import replace

import pytest

from passcode.token_service.challenge import SIGN_IN, TOKEN, Challenge, kind_of, purpose_of, words_of
from passcode.token_service.check import Verdict, check
from passcode.token_service.code import code_from_mac
from passcode.token_service.issue import IssueRequest, IssueResult, issue, rejoined
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import Record, WriteResult
from tests.support.memory_stores import MemoryStore, code_mac

NOW = 1_800_000_000
POLICY = Policy()


def ask(now: int = NOW, nonce: str = "a" * 32, **changes: str) -> IssueRequest:
    base = IssueRequest(SIGN_IN, "subject", "email", "bound", False, nonce, now)
    return replace(base, **changes)  # type: ignore[arg-type]


def answer(store: MemoryStore, challenge: Challenge, now: int, typed: str | None = None) -> Verdict:
    right = code_from_mac(code_mac(challenge.mac_message()), 6).reveal()
    return check(challenge, typed or right, code_mac=code_mac, store=store, policy=POLICY, now=now)


def wrong(challenge: Challenge) -> str:
    """Return a code that is not the one of the challenge."""
    right = code_from_mac(code_mac(challenge.mac_message()), 6).reveal()
    return "000000" if right != "000000" else "000001"


def test_a_code_is_accepted_in_its_last_second_and_refused_in_the_next() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge, challenge.expires_at).refusal is Refusal.EXPIRED
    assert answer(store, challenge, challenge.expires_at - 1).accepted


def test_an_expired_or_malformed_answer_costs_no_write() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    store.writes.clear()
    assert answer(store, challenge, challenge.expires_at).refusal is Refusal.EXPIRED
    assert answer(store, challenge, NOW, "12345").refusal is Refusal.MALFORMED
    assert store.writes == []


def test_issuing_costs_one_write_and_checking_costs_one() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge, NOW).accepted
    assert store.writes == ["start_challenge", "record_attempt"]


def test_a_second_start_in_the_cooldown_rejoins_the_same_challenge() -> None:
    store = MemoryStore()
    first = issue(ask(), store, POLICY)
    second = issue(ask(NOW + 29, "b" * 32), store, POLICY)
    assert (first.sent, second.sent) == (True, False)
    assert second.challenge == first.challenge
    assert second.resend_at == NOW + 30


def test_a_resend_repeats_the_code_while_it_is_valid_for_long_enough() -> None:
    store = MemoryStore()
    first = issue(ask(), store, POLICY)
    again = issue(ask(NOW + 180, "b" * 32), store, POLICY)
    assert again.sent
    assert again.challenge == first.challenge
    later = issue(ask(NOW + 181 + 30, "c" * 32), store, POLICY)
    assert later.sent
    assert later.challenge.counter == 2
    assert answer(store, first.challenge, NOW + 220).accepted, "the code of the first message is still valid"


def test_another_channel_gets_another_code_that_the_first_challenge_refuses() -> None:
    store = MemoryStore()
    by_sms = issue(ask(channel="sms"), store, POLICY).challenge
    by_mail = issue(ask(NOW + 30, "b" * 32), store, POLICY).challenge
    assert (by_mail.channel, by_mail.counter) == ("email", by_sms.counter + 1)
    code_in_the_email = code_from_mac(code_mac(by_mail.mac_message()), 6).reveal()
    verdict = check(by_sms, code_in_the_email, code_mac=code_mac, store=store, policy=POLICY, now=NOW + 31)
    assert verdict.refusal is Refusal.WRONG


def test_a_challenge_is_not_rejoined_after_a_destination_changed() -> None:
    store = MemoryStore()
    first = issue(ask(), store, POLICY).challenge
    with pytest.raises(Refused, match="moments ago"):
        issue(ask(NOW + 5, "b" * 32, bound="another"), store, POLICY)
    again = issue(ask(NOW + 30, "c" * 32, bound="another"), store, POLICY)
    assert again.challenge.counter == first.counter + 1


def test_an_open_challenge_can_be_answered_when_the_quota_is_used_up() -> None:
    """Five starts by a stranger must not stop the user who has the code from signing in."""
    store = MemoryStore()
    issued: IssueResult | None = None
    for n in range(5):
        issued = issue(ask(NOW + 30 * n, f"{n:032x}"), store, POLICY)
        assert issued.sent
    rejoined = issue(ask(NOW + 150, "f" * 32), store, POLICY)
    assert issued
    assert not rejoined.sent
    assert rejoined.resend_at == NOW + 900
    assert answer(store, rejoined.challenge, NOW + 151).accepted
    assert issue(ask(NOW + 152, "e" * 32), store, POLICY).sent, "a right answer clears the quota"


def test_the_quota_refusal_names_the_wait() -> None:
    store = MemoryStore()
    store.records["sign_in#subject"] = Record(
        issued=5, sent_at=NOW - 400, send_tat=NOW + 4500, expires_at=NOW - 100
    )
    with pytest.raises(Refused, match=r"\[passcode:quota:900\]$") as caught:
        issue(ask(), store, POLICY)
    assert caught.value.refusal is Refusal.QUOTA


def test_the_refusal_names_the_cooldown_when_the_challenge_cannot_be_rejoined() -> None:
    store = MemoryStore()
    # Its code is not spent, and it belongs to other destinations.
    store.records["sign_in#subject"] = Record(
        issued=1, sent_at=NOW - 10, expires_at=NOW + 290, bound="other destinations"
    )
    with pytest.raises(Refused, match=r"\[passcode:cooldown:20\]$") as caught:
        issue(ask(), store, POLICY)
    assert caught.value.refusal is Refusal.COOLDOWN


@pytest.mark.parametrize(("failures", "tag"), [(10, "passcode:locked:300"), (100, "passcode:paused:86400")])
def test_no_code_is_sent_to_a_locked_user(failures: int, tag: str) -> None:
    store = MemoryStore()
    store.records["sign_in#subject"] = Record(issued=1, spent=1, failures=failures, failed_at=NOW)
    with pytest.raises(Refused, match=tag):
        issue(ask(), store, POLICY)


def test_after_the_lock_a_code_is_sent_again() -> None:
    store = MemoryStore()
    store.records["sign_in#subject"] = Record(issued=1, spent=1, failures=10, failed_at=NOW - 300)
    assert issue(ask(), store, POLICY).sent


class RetriedStore(MemoryStore):
    """A store whose client repeats the first accepted write, because the response was lost."""

    def start_challenge(self, key: str, draft: Record, now: int) -> WriteResult:
        super().start_challenge(key, draft, now)
        return super().start_challenge(key, draft, now)


def test_a_write_whose_response_was_lost_still_sends_its_message() -> None:
    issued = issue(ask(), RetriedStore(), POLICY)
    assert issued.sent
    assert issued.challenge.counter == 1


class LosingStore(MemoryStore):
    """A store in which another sign-in always writes first, and the record stays the same."""

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        self.writes.append("replace_challenge")
        return WriteResult(accepted=False, record=seen)


def test_a_race_that_is_lost_three_times_is_refused() -> None:
    store = LosingStore()
    store.records["sign_in#subject"] = Record(
        issued=1, sent_at=NOW - 60, send_tat=NOW + 1, expires_at=NOW - 1
    )
    with pytest.raises(Refused, match=r"\[passcode:busy:30\]$"):
        issue(ask(), store, POLICY)
    assert store.writes.count("replace_challenge") == 3


def test_a_lock_gives_one_verdict_for_right_and_wrong_answers() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    store.records["sign_in#subject"] = replace(store.records["sign_in#subject"], failures=10, failed_at=NOW)
    expected = Verdict(Refusal.LOCKED, 299)
    assert answer(store, challenge, NOW + 1) == answer(store, challenge, NOW + 1, "000000") == expected


def test_a_spent_code_gives_one_verdict_for_right_and_wrong_answers() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge, NOW).accepted
    assert answer(store, challenge, NOW).refusal is Refusal.SPENT
    assert answer(store, challenge, NOW, "000000").refusal is Refusal.SPENT


def test_an_answer_is_refused_when_the_record_is_missing() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    store.records.clear()
    assert answer(store, challenge, NOW).refusal is Refusal.NO_CHALLENGE


def test_the_count_starts_again_after_a_pause_and_a_right_answer_is_accepted() -> None:
    store = MemoryStore()
    start = NOW + 86_400
    key = "sign_in#subject"
    store.records[key] = Record(issued=1, spent=1, failures=100, failed_at=NOW)
    challenge = issue(ask(start), store, POLICY).challenge
    assert answer(store, challenge, start, "000000").refusal is Refusal.WRONG
    assert store.records[key].failures == 1
    assert answer(store, challenge, start).accepted


def test_a_code_of_another_purpose_or_subject_is_wrong() -> None:
    store = MemoryStore()
    mine = issue(ask(), store, POLICY).challenge
    theirs = issue(ask(subject="other"), store, POLICY).challenge
    code = code_from_mac(code_mac(theirs.mac_message()), 6).reveal()
    assert answer(store, mine, NOW, code).refusal is Refusal.WRONG


@pytest.mark.parametrize("line", ["", "x", "[]", "{}", "[1,2]", "null", None, 5, "9" * 2000, '["sign_in"]'])
def test_only_a_challenge_is_unpacked(line: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Challenge.unpack(line)


def test_a_challenge_with_a_field_of_the_wrong_type_is_refused() -> None:
    good = issue(ask(), MemoryStore(), POLICY).challenge
    assert Challenge.unpack(good.pack()) == good
    for wrong in (
        good.pack().replace("false", '"false"'),
        good.pack().replace('"counter":1', '"counter":true'),
    ):
        with pytest.raises(ValueError, match="wrong value"):
            Challenge.unpack(wrong)


def test_the_number_of_free_answers_is_never_negative() -> None:
    """After a lock, the number of wrong answers is larger than the number of free ones."""
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    key = f"{SIGN_IN}#subject"
    for failures, free in ((8, 1), (9, 0), (10, 0), (50, 0)):
        store.records[key] = replace(store.records[key], failures=failures, failed_at=NOW - 400)
        verdict = answer(store, challenge, NOW, wrong(challenge))
        assert (verdict.refusal, verdict.attempts_left) == (Refusal.WRONG, free)


def test_a_challenge_is_not_rejoined_in_the_second_in_which_it_expires() -> None:
    policy = Policy(code_life_seconds=60, cooldown_seconds=300)
    store = MemoryStore(policy)
    issue(ask(), store, policy)
    assert not issue(ask(NOW + 59, "b" * 32), store, policy).sent
    with pytest.raises(Refused) as refused:
        issue(ask(NOW + 60, "c" * 32), store, policy)
    assert (refused.value.refusal, refused.value.wait) == (Refusal.COOLDOWN, 240)


def test_a_packed_challenge_has_at_most_1280_characters() -> None:
    challenge = issue(ask(), MemoryStore(), POLICY).challenge
    longest = replace(challenge, subject="s" * (len(challenge.subject) + 1280 - len(challenge.pack())))
    assert Challenge.unpack(longest.pack()) == longest
    with pytest.raises(ValueError, match="not a challenge"):
        Challenge.unpack(replace(longest, subject=longest.subject + "s").pack())


def test_a_wrong_answer_after_a_pause_is_the_first_failure() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    key = f"{SIGN_IN}#subject"
    store.records[key] = replace(store.records[key], failures=100, failed_at=NOW - POLICY.pause_seconds)
    assert answer(store, challenge, NOW, wrong(challenge)).refusal is Refusal.WRONG
    assert (store.records[key].failures, store.records[key].failed_at) == (1, NOW)


def test_a_purpose_has_a_kind_and_the_text_of_the_caller() -> None:
    purpose = purpose_of(TOKEN, "to pay: 20 EUR")
    assert (kind_of(purpose), words_of(purpose)) == (TOKEN, "to pay: 20 EUR")
    assert (kind_of(SIGN_IN), words_of(SIGN_IN)) == (SIGN_IN, "")


def test_a_refusal_without_a_wait_has_a_wait_of_zero() -> None:
    assert Refused(Refusal.NO_DESTINATION).wait == 0


def test_after_a_right_answer_the_next_message_needs_no_cooldown() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge, NOW + 1).accepted
    assert rejoined(store.records[f"{SIGN_IN}#subject"], ask(NOW + 2), POLICY).resend_at == NOW + 2


class OvertakenStore(MemoryStore):
    """A store in which another sign-in always writes first and changes the record."""

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        return WriteResult(False, replace(seen, issued=seen.issued + 1))


def test_many_sign_ins_at_once_are_refused_with_a_wait() -> None:
    store = OvertakenStore()
    issue(ask(), store, POLICY)
    with pytest.raises(Refused) as refused:
        issue(ask(NOW + 200, "b" * 32), store, POLICY)
    assert (refused.value.refusal, refused.value.wait) == (Refusal.BUSY, POLICY.cooldown_seconds)
