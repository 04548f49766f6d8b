"""Issuing and checking, step by step: the exact second, lost responses, long codes, and the refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from passcode.token_service.challenge import (
    SIGN_IN_CODE,
    SIGN_IN_PASSWORD,
    STEP_UP,
    TOKEN,
    Challenge,
    derive_code,
    is_open_class,
    kind_of,
    purpose_of,
    words_of,
)
from passcode.token_service.check import Verdict, check
from passcode.token_service.issue import IssueRequest, IssueResult, issue, queue_message, rejoined
from passcode.token_service.policy import Policy, day_of
from passcode.token_service.refusal import Refusal, Refused, Unavailable
from passcode.token_service.store import Attempt, Record, WriteResult
from tests.support.handlers import HandlerOutput
from tests.support.memory_stores import MemoryStore, code_mac

# An hour after midnight UTC, so that the tests of one day stay in it.
NOW = 1_799_971_200 + 3_600
TODAY = day_of(NOW)
POLICY = Policy()
ADDRESSES = {"email": "e" * 32, "sms": "f" * 32}
EMAIL = {"email": ADDRESSES["email"]}
KEY = f"{SIGN_IN_PASSWORD}#subject"


def ask(now: int = NOW, nonce: str = "a" * 32, **changes: Any) -> IssueRequest:
    return IssueRequest(SIGN_IN_PASSWORD, "subject", "email", ADDRESSES, False, nonce, now)._replace(
        **changes
    )


def code_of(challenge: Challenge, channel: str = "email") -> str:
    mac = code_mac(challenge.mac_message())
    return derive_code(mac, channel, ADDRESSES[channel], challenge.digits).reveal()


def wrong(challenge: Challenge, number: int = 0) -> str:
    """Return the code `number` of those that are no code of the challenge."""
    right = [code_of(challenge, channel) for channel in ADDRESSES]
    codes = (str(n).zfill(challenge.digits) for n in range(number + 3))
    return [code for code in codes if code not in right][number]


def answer(
    store: MemoryStore, challenge: Challenge, now: int = NOW, typed: str | None = None, **changes: Any
) -> Verdict:
    arguments: dict[str, Any] = {"round_id": "round", "destinations": ADDRESSES, "policy": POLICY} | changes
    typed = code_of(challenge) if typed is None else typed
    return check(challenge, typed, code_mac=code_mac, store=store, now=now, **arguments)


def test_a_code_is_accepted_to_its_last_second_and_not_in_the_next() -> None:
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


def test_a_sign_in_costs_one_write_to_issue_and_one_to_check() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge) == Verdict(channel="email", accepted_at=NOW)
    assert store.writes == ["start_challenge", "record_attempt"]


def test_a_second_start_in_the_cooldown_rejoins_the_same_challenge() -> None:
    store = MemoryStore()
    first = issue(ask(), store, POLICY)
    second = issue(ask(NOW + 29, "b" * 32), store, POLICY)
    assert (first.sent, second.sent) == (True, False)
    assert second.challenge == first.challenge
    assert second.resend_at == NOW + 30


def test_a_joined_message_is_queued_again_while_the_queue_drops_a_repeat() -> None:
    """SQS drops a repeat for five minutes. A later one would be a second message."""
    policy = Policy(send_burst=1)
    store = MemoryStore(policy)
    first = issue(ask(), store, policy)
    assert (first.must_queue, first.issue_id) == (True, "a" * 32)
    for later, must_queue in ((0, True), (239, True), (240, False), (299, False)):
        joined = issue(ask(NOW + later, "b" * 32), store, policy)
        assert (joined.sent, joined.must_queue) == (False, must_queue)
        assert (joined.challenge, joined.sent_at, joined.issue_id) == (first.challenge, NOW, "a" * 32)


def test_a_joined_message_reports_a_change_again_while_it_is_queued_again() -> None:
    """The request that wrote the change may have failed before it queued the notice."""
    policy = Policy(send_burst=1)
    store = MemoryStore(policy)
    issue(ask(), store, policy)
    moved = {**ADDRESSES, "sms": "0" * 32}
    found = [
        issue(ask(NOW + later, f"{later:032x}", destinations=moved), store, policy).changed
        for later in (0, 239, 240, 600, 839, 840, 1200)
    ]
    assert found == [("sms",), ("sms",), (), ("sms",), ("sms",), (), ()]


@dataclass
class FailingQueue:
    """A queue that takes nothing, or whose response is lost."""

    nothing_was_done: bool

    def put(self) -> None:
        raise Unavailable("the queue answered Throttling", nothing_was_done=self.nothing_was_done)


@pytest.mark.parametrize("nothing_was_done", [True, False])
def test_a_message_that_the_queue_did_not_confirm_is_given_back_to_the_rate_only(
    output: HandlerOutput, *, nothing_was_done: bool
) -> None:
    store = MemoryStore()
    issued = issue(ask(), store, POLICY)
    before = store.records[KEY]
    with pytest.raises(Unavailable, match="Throttling"):
        queue_message(issued, FailingQueue(nothing_was_done).put, store, output.telemetry)
    assert store.records[KEY] == before._replace(send_tat=before.send_tat - 600, refund_id="a" * 32)
    assert store.writes.count("refund_message") == 1
    assert output.counted("refunded") == [{}]


def test_a_joined_message_is_not_given_back(output: HandlerOutput) -> None:
    store = MemoryStore()
    issue(ask(), store, POLICY)
    joined = issue(ask(NOW + 1, "b" * 32), store, POLICY)
    before = store.records[KEY]
    with pytest.raises(Unavailable):
        queue_message(joined, FailingQueue(nothing_was_done=True).put, store, output.telemetry)
    assert store.records[KEY] == before
    assert output.counted("refunded") == []


class NoRefunds(MemoryStore):
    """A store that does not respond to a refund."""

    def refund_message(self, key: str, issue_id: str) -> None:
        raise Unavailable("the table answered Throttling")


def test_a_failed_refund_is_logged_and_the_error_of_the_queue_is_raised(output: HandlerOutput) -> None:
    store = NoRefunds()
    issued = issue(ask(), store, POLICY)
    with pytest.raises(Unavailable, match="the queue"):
        queue_message(issued, FailingQueue(nothing_was_done=True).put, store, output.telemetry)
    assert [line["message"] for line in output.lines] == ["message not refunded"]
    assert (output.counted("refunded"), output.counted("errors")) == ([], [{}])


def test_a_resend_keeps_the_code_while_it_has_life_left() -> None:
    store = MemoryStore()
    first = issue(ask(), store, POLICY)
    again = issue(ask(NOW + 180, "b" * 32), store, POLICY)
    assert again.sent
    assert again.challenge == first.challenge
    later = issue(ask(NOW + 181 + 30, "c" * 32), store, POLICY)
    assert later.sent
    assert later.challenge.counter == 2
    assert answer(store, first.challenge, NOW + 220).accepted, "a late first message still works"


def test_a_resend_on_another_channel_sends_the_other_code_of_the_same_challenge() -> None:
    store = MemoryStore()
    by_email = issue(ask(), store, POLICY).challenge
    again = issue(ask(NOW + 30, "b" * 32, channel="sms"), store, POLICY)
    assert again.sent
    assert again.challenge == by_email._replace(channel="sms")
    assert code_of(by_email, "email") != code_of(by_email, "sms")
    # The code names the channel on which the user received it, not the channel of the newest message.
    assert answer(store, again.challenge, NOW + 31, code_of(by_email, "email")).channel == "email"


def test_only_the_codes_of_current_destinations_are_accepted() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    moved = {"email": "0" * 32, "sms": ADDRESSES["sms"]}
    assert answer(store, challenge, destinations=moved).refusal is Refusal.WRONG
    assert answer(store, challenge, destinations={}).refusal is Refusal.WRONG
    assert answer(store, challenge, NOW, code_of(challenge, "sms"), destinations=moved).channel == "sms"


def test_an_open_challenge_is_not_rejoined_after_its_address_changed() -> None:
    store = MemoryStore()
    moved = {**ADDRESSES, "email": "0" * 32}
    first = issue(ask(), store, POLICY).challenge
    with pytest.raises(Refused, match="moments ago"):
        issue(ask(NOW + 5, "b" * 32, destinations=moved), store, POLICY)
    again = issue(ask(NOW + 30, "c" * 32, destinations=moved), store, POLICY)
    assert again.challenge.counter == first.counter + 1


def test_a_challenge_of_another_context_is_not_rejoined() -> None:
    store = MemoryStore()
    issue(ask(context="one"), store, POLICY)
    with pytest.raises(Refused, match="moments ago"):
        issue(ask(NOW + 5, "b" * 32, context="two"), store, POLICY)


def changes_of(*destinations: dict[str, str], channel: str = "email") -> list[tuple[str, ...]]:
    """Return the changes that each of the requests reports. They have these destinations."""
    store = MemoryStore()
    return [
        issue(ask(NOW + 100 * n, f"{n:032x}", destinations=to, channel=channel), store, POLICY).changed
        for n, to in enumerate(destinations)
    ]


@pytest.mark.parametrize("channel", ADDRESSES)
def test_a_changed_destination_is_reported_once(channel: str) -> None:
    """Even if the message goes to another channel: `deliver` may send it to any destination."""
    moved = {**ADDRESSES, "email": "0" * 32}
    assert changes_of(ADDRESSES, ADDRESSES, moved, moved, channel=channel) == [(), (), ("email",), ()]
    both = {"email": "0" * 32, "sms": "1" * 32}
    assert changes_of(ADDRESSES, both, both, channel=channel) == [(), ("email", "sms"), ()]


def test_an_added_destination_is_no_change() -> None:
    email = {"email": ADDRESSES["email"]}
    assert changes_of(email, ADDRESSES, email, ADDRESSES) == [(), (), (), ()]


def test_a_destination_that_was_not_verified_meanwhile_is_compared_with_the_one_before() -> None:
    """Cognito removes the verification of an attribute that the user changes, until it is verified again."""
    email = {"email": ADDRESSES["email"]}
    assert changes_of(ADDRESSES, email, {**ADDRESSES, "sms": "0" * 32}) == [(), (), ("sms",)]


def test_a_change_is_reported_although_the_response_to_its_write_was_lost() -> None:
    store = LosesResponses()
    moved = {**ADDRESSES, "sms": "0" * 32}
    found = [
        issue(ask(NOW + 100 * n, f"{n:032x}", destinations=to), store, POLICY).changed
        for n, to in enumerate([ADDRESSES, moved])
    ]
    assert found == [(), ("sms",)]


def test_a_live_code_exists_at_every_moment_while_a_stranger_requests_messages() -> None:
    """The stranger requests a message in each second. The user always finds a live code that was sent."""
    store = MemoryStore()
    messages = 0
    for second in range(2 * 3_600):
        now = NOW + second
        issued = issue(ask(now, f"{second:032x}"), store, POLICY)
        messages += issued.sent
        assert issued.challenge.expires_at > now
    assert messages == 5 + 2 * 3_600 // POLICY.send_interval_seconds - 1


def test_the_message_rate_keeps_a_live_challenge_open() -> None:
    """Five starts by a stranger must not keep the user from signing in with the code that came."""
    store = MemoryStore()
    issued: IssueResult | None = None
    for n in range(5):
        issued = issue(ask(NOW + 30 * n, f"{n:032x}"), store, POLICY)
        assert issued.sent
    joined = issue(ask(NOW + 150, "f" * 32), store, POLICY)
    assert issued
    assert not joined.sent
    assert joined.resend_at == NOW + 600
    assert answer(store, joined.challenge, NOW + 151).accepted
    # The accepted code gave one message back.
    assert issue(ask(NOW + 156, "e" * 32), store, POLICY).sent


def test_an_accepted_code_gives_back_one_message_only() -> None:
    """One account cannot draw messages without end by signing in again and again."""
    store = MemoryStore()
    messages, now = 0, NOW
    for n in range(200):
        now += 5
        try:
            issued = issue(ask(now, f"{n:032x}"), store, POLICY)
        except Refused:
            continue
        messages += issued.sent
        if issued.sent and n % 2:
            answer(store, issued.challenge, now)
    assert messages <= 100 + 5 + 1_000 // POLICY.send_interval_seconds


def test_accepted_answers_have_a_daily_cap_by_channel() -> None:
    store = MemoryStore()
    now = NOW
    for n in range(3):
        now += 10
        challenge = issue(ask(now, f"{n:032x}", accepted_per_day=3), store, POLICY).challenge
        assert answer(store, challenge, now).accepted
    assert store.records[KEY].accepted == {("email", TODAY): 3}
    with pytest.raises(Refused) as refused:
        issue(ask(now + 10, "b" * 32, accepted_per_day=3), store, POLICY)
    midnight = (TODAY + 1) * 86_400
    assert (refused.value.refusal, refused.value.wait) == (Refusal.QUOTA, midnight - (now + 10))
    assert issue(ask(now + 10, "c" * 32, channel="sms", accepted_per_day=3), store, POLICY).sent
    assert issue(ask(midnight, "d" * 32, accepted_per_day=3), store, POLICY).sent


def test_at_the_cap_of_a_channel_the_code_goes_to_the_next_channel() -> None:
    store = MemoryStore()
    caps: dict[str, Any] = {"channel": "sms", "accepted_per_day": 1, "fallbacks": {"other": 1, "email": 2}}
    caps["destinations"] = {**ADDRESSES, "other": "o" * 32}
    channels, now = [], NOW
    for n in range(4):
        challenge = issue(ask(now, f"{n:032x}", **caps), store, POLICY).challenge
        channels.append(challenge.channel)
        code = derive_code(
            code_mac(challenge.mac_message()),
            challenge.channel,
            caps["destinations"][challenge.channel],
            challenge.digits,
        ).reveal()
        assert answer(store, challenge, now, code, destinations=caps["destinations"]).accepted
        now += 10
    assert channels == ["sms", "other", "email", "email"]
    # The usual case needs no second write.
    issues = [write for write in store.writes if write != "record_attempt"]
    assert issues == ["start_challenge", *["start_challenge", "replace_challenge"] * 3]
    with pytest.raises(Refused, match=r"\[passcode:quota:"):
        issue(ask(now, "f" * 32, **caps), store, POLICY)
    midnight = (TODAY + 1) * 86_400
    assert issue(ask(midnight, "e" * 32, **caps), store, POLICY).challenge.channel == "sms"


def test_the_refusal_by_the_message_rate_has_the_wait() -> None:
    store = MemoryStore()
    store.records[KEY] = Record(issued=5, sent_at=NOW - 400, send_tat=NOW + 3_000, expires_at=NOW - 100)
    with pytest.raises(Refused, match=r"\[passcode:quota:600\]$") as caught:
        issue(ask(), store, POLICY)
    assert caught.value.refusal is Refusal.QUOTA


def test_a_challenge_that_cannot_be_joined_names_the_cooldown() -> None:
    store = MemoryStore()
    # Its code is not spent, and it was sent to another destination.
    store.records[KEY] = Record(
        issued=1, digits=6, sent_at=NOW - 10, expires_at=NOW + 290, channel="email", sent_to={"email": "0"}
    )
    with pytest.raises(Refused, match=r"\[passcode:cooldown:20\]$") as caught:
        issue(ask(), store, POLICY)
    assert caught.value.refusal is Refusal.COOLDOWN


class LosesResponses(MemoryStore):
    """A store whose writes are all repeated by the client, because the first response was lost."""

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        super().start_challenge(key, draft, cap, now)
        return super().start_challenge(key, draft, cap, now)

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        super().replace_challenge(key, seen, new, now)
        return super().replace_challenge(key, seen, new, now)

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        super().record_attempt(key, attempt)
        return super().record_attempt(key, attempt)


def test_each_write_recognises_itself_after_a_lost_response() -> None:
    store = LosesResponses()
    issued = issue(ask(), store, POLICY)
    assert (issued.sent, issued.challenge.counter) == (True, 1)
    again = issue(ask(NOW + 31, "b" * 32), store, POLICY)
    assert (again.sent, again.challenge) == (True, issued.challenge)
    challenge = again.challenge
    assert answer(store, challenge, NOW + 32, wrong(challenge)) == Verdict(Refusal.WRONG, 4)
    assert store.records[KEY].failures == 1
    assert answer(store, challenge, NOW + 33).accepted


def test_a_repeated_round_gets_the_same_result_for_15_seconds() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    first = answer(store, challenge, NOW + 1)
    assert answer(store, challenge, NOW + 16) == first._replace(is_repeat=True)
    assert answer(store, challenge, NOW + 17).refusal is Refusal.SPENT
    assert answer(store, challenge, NOW + 2, round_id="another round").refusal is Refusal.SPENT


def test_a_wrong_answer_is_counted_again_in_another_round() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    for count, round_id in enumerate(["one", "one", "two", "two"]):
        verdict = answer(store, challenge, NOW, wrong(challenge), round_id=round_id)
        assert verdict == Verdict(Refusal.WRONG, 4 - count // 2)


class AlwaysLate(MemoryStore):
    """A store in which the write of another request is always a little faster."""

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        self.writes.append("replace_challenge")
        return WriteResult(accepted=False, record=seen)


def test_a_race_that_is_lost_three_times_is_refused_with_a_wait() -> None:
    store = AlwaysLate()
    store.records[KEY] = Record(
        issued=1, sent_at=NOW - 60, send_tat=NOW + 1, expires_at=NOW - 1, channel="email"
    )
    with pytest.raises(Refused, match=r"\[passcode:busy:30\]$"):
        issue(ask(), store, POLICY)
    assert store.writes.count("replace_challenge") == 3


def guess(
    store: MemoryStore, challenge: Challenge, count: int, now: int, destinations: Mapping[str, str] = EMAIL
) -> list[Verdict]:
    """Send `count` different wrong answers. Each is compared with the codes of `destinations`."""
    return [
        answer(store, challenge, now, wrong(challenge, n), round_id=f"{now} {n}", destinations=destinations)
        for n in range(count)
    ]


def test_from_the_fifth_wrong_answer_of_a_day_new_codes_are_long() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    guess(store, challenge, 4, NOW)
    assert issue(ask(NOW + 200, "b" * 32), store, POLICY).challenge.digits == 6
    guess(store, challenge, 1, NOW + 201)
    again = issue(ask(NOW + 240, "c" * 32), store, POLICY)
    assert (again.sent, again.challenge.digits) == (True, 20)
    assert again.challenge.expires_at == NOW + 240 + 600
    assert again.challenge.counter == 3
    assert answer(store, again.challenge, NOW + 241).accepted
    # The next day starts with short codes.
    tomorrow = (TODAY + 1) * 86_400
    assert issue(ask(tomorrow, "d" * 32), store, POLICY).challenge.digits == 6


def test_ten_wrong_answers_a_day_are_checked_and_an_answer_after_them_asks_for_a_longer_code() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    verdicts = guess(store, challenge, 11, NOW)
    assert verdicts == [Verdict(Refusal.WRONG, left) for left in range(9, -1, -1)] + [
        Verdict(Refusal.LONGER_CODE)
    ]
    assert answer(store, challenge, NOW).refusal is Refusal.LONGER_CODE, "right and wrong get one refusal"
    # The challenge without a budget cannot be joined. The next message replaces it by a long one.
    with pytest.raises(Refused, match="cooldown"):
        issue(ask(NOW + 10, "b" * 32), store, POLICY)
    long = issue(ask(NOW + 30, "c" * 32), store, POLICY).challenge
    assert long.digits == 20
    assert answer(store, long, NOW + 31).accepted


@pytest.mark.parametrize(("codes", "answers"), [(1, 10), (2, 5), (3, 3)])
def test_a_wrong_answer_counts_for_each_code_that_it_is_compared_with(codes: int, answers: int) -> None:
    """Otherwise a user with more destinations would have worse odds."""
    store = MemoryStore()
    destinations = {name: 32 * name[0] for name in ("email", "sms", "postcard")[:codes]}
    challenge = issue(ask(destinations=destinations), store, POLICY).challenge
    verdicts = guess(store, challenge, answers + 1, NOW, destinations)
    left = [(10 - codes * n) // codes for n in range(1, answers + 1)]
    assert verdicts == [Verdict(Refusal.WRONG, each) for each in left] + [Verdict(Refusal.LONGER_CODE)]
    assert answer(store, challenge, destinations=destinations).refusal is Refusal.LONGER_CODE
    record = store.records[KEY]
    assert (record.wrong, record.failures) == ({TODAY: codes * answers}, answers)


def test_a_code_without_an_answer_left_is_not_joined() -> None:
    """One guess is left of the day. An answer would be compared with two codes."""
    store = MemoryStore()
    guess(store, issue(ask(), store, POLICY).challenge, 9, NOW)
    assert not issue(ask(NOW + 1, "b" * 32, destinations=EMAIL), store, POLICY).sent
    for changes in ({}, {"destinations": EMAIL, "weight": 2}):
        with pytest.raises(Refused, match="cooldown"):
            issue(ask(NOW + 1, "b" * 32, **changes), store, POLICY)


@pytest.mark.parametrize("weight", [1, 2, 3])
@pytest.mark.parametrize("budget", range(1, 11))
def test_a_short_code_has_an_answer_left_when_it_is_issued(budget: int, weight: int) -> None:
    """Otherwise no code would be accepted until midnight."""
    policy = Policy(wrong_answers_per_day=budget)
    for wrong_today in range(budget + 1):
        store = MemoryStore(policy)
        store.records[KEY] = Record(wrong={TODAY: wrong_today})
        challenge = issue(ask(destinations=EMAIL, weight=weight), store, policy).challenge
        assert answer(store, challenge, NOW, destinations=EMAIL, weight=weight, policy=policy).accepted


def test_wrong_answers_to_a_long_code_are_written_but_not_counted() -> None:
    store = MemoryStore()
    guess(store, issue(ask(), store, POLICY).challenge, 5, NOW)
    challenge = issue(ask(NOW + 30, "b" * 32), store, POLICY).challenge
    before = store.records[KEY]
    store.writes.clear()
    verdicts = guess(store, challenge, 30, NOW + 31)
    assert verdicts == [Verdict(Refusal.WRONG, None)] * 30
    assert store.writes == ["record_attempt"] * 30
    after = store.records[KEY]
    assert (after.failures, after.wrong) == (before.failures, before.wrong) == (5, {TODAY: 5})
    assert answer(store, challenge, NOW + 40).accepted


def test_after_a_hundred_wrong_answers_in_a_row_codes_are_long_until_a_success() -> None:
    store = MemoryStore()
    now = NOW
    for _ in range(10):
        now += 86_400
        guess(store, issue(ask(now, f"{now:032x}"), store, POLICY).challenge, 10, now)
    assert store.records[KEY].failures == 100
    now += 86_400
    long = issue(ask(now, "b" * 32), store, POLICY).challenge
    assert long.digits == 20
    assert answer(store, long, now).accepted
    assert issue(ask(now + 10, "c" * 32), store, POLICY).challenge.digits == 6


def test_a_live_long_code_is_never_replaced_by_a_short_one() -> None:
    store = MemoryStore()
    midnight = (TODAY + 1) * 86_400
    guess(store, issue(ask(midnight - 200), store, POLICY).challenge, 5, midnight - 200)
    long = issue(ask(midnight - 100, "b" * 32), store, POLICY).challenge
    assert long.digits == 20
    # The day has changed, and the long code expires in less than two minutes.
    late = issue(ask(long.expires_at - 60, "c" * 32), store, POLICY)
    assert (late.sent, late.challenge.digits) == (True, 20)
    assert issue(ask(late.challenge.expires_at, "d" * 32), store, POLICY).challenge.digits == 6


def test_a_spent_code_gets_one_refusal_for_right_and_wrong_answers() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge).accepted
    assert answer(store, challenge, round_id="another").refusal is Refusal.SPENT
    assert answer(store, challenge, NOW, wrong(challenge)).refusal is Refusal.SPENT


def test_a_code_is_not_accepted_after_its_record_was_lost_and_created_again() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge).accepted
    store.records.clear()
    assert answer(store, challenge, NOW + 20).refusal is Refusal.NO_CHALLENGE
    again = issue(ask(NOW + 30, "b" * 32), store, POLICY).challenge
    assert again.counter == challenge.counter
    assert answer(store, challenge, NOW + 31).refusal is Refusal.NO_CHALLENGE
    assert answer(store, again, NOW + 31).accepted


class EveryMessageHasANewCode(Policy):
    @property
    def resend_keeps_code_seconds(self) -> int:
        return self.code_life_seconds


def test_the_code_before_the_newest_is_accepted_and_an_older_one_is_not() -> None:
    policy = EveryMessageHasANewCode(code_life_seconds=600)
    store = MemoryStore(policy)
    first, second, third = (issue(ask(NOW + 30 * n, f"{n:032x}"), store, policy).challenge for n in range(3))
    assert [first.counter, second.counter, third.counter] == [1, 2, 3]
    assert answer(store, first, NOW + 61, policy=policy).refusal is Refusal.NO_CHALLENGE
    assert answer(store, second, NOW + 61, policy=policy).accepted
    assert answer(store, third, NOW + 61, policy=policy).accepted


def test_a_code_of_another_purpose_or_subject_is_wrong() -> None:
    store = MemoryStore()
    mine = issue(ask(), store, POLICY).challenge
    other_subject = issue(ask(subject="other"), store, POLICY).challenge
    other_kind = issue(ask(purpose=STEP_UP), store, POLICY).challenge
    for n, other in enumerate((other_subject, other_kind)):
        assert answer(store, mine, NOW, code_of(other), round_id=str(n)).refusal is Refusal.WRONG


def test_each_kind_of_purpose_has_a_separate_record() -> None:
    store = MemoryStore()
    by_code = issue(ask(purpose=SIGN_IN_CODE), store, POLICY).challenge
    assert by_code.digits == 8
    guess(store, by_code, 10, NOW)
    proven = issue(ask(), store, POLICY)
    assert (proven.sent, proven.challenge.digits) == (True, 6)
    assert set(store.records) == {f"{SIGN_IN_CODE}#subject", KEY}
    assert [is_open_class(kind) for kind in (SIGN_IN_CODE, SIGN_IN_PASSWORD, STEP_UP, TOKEN)] == [
        True,
        False,
        False,
        False,
    ]


def test_a_code_of_the_other_sign_in_kind_is_malformed_and_costs_nothing() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    store.writes.clear()
    assert answer(store, challenge, NOW, "12345678").refusal is Refusal.MALFORMED
    assert store.writes == []


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": NOW + 661},
        {"nonce": "a" * 31},
        {"nonce": "A" * 32},
        {"digits": 11},
        {"counter": 0},
        {"purpose": "other"},
        {"purpose": f"{SIGN_IN_PASSWORD}:win a prize"},
    ],
)
def test_a_challenge_that_this_service_cannot_have_issued_is_refused(changes: dict[str, Any]) -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge._replace(**changes)
    store.writes.clear()
    typed = "0" * challenge.digits
    assert answer(store, challenge, NOW, typed).refusal is Refusal.NO_CHALLENGE
    assert store.writes == []


def test_a_decoy_is_never_right_and_looks_the_same() -> None:
    store = MemoryStore()
    challenge = issue(ask(decoy=True), store, POLICY).challenge
    assert answer(store, challenge) == Verdict(Refusal.WRONG, 4)
    assert store.writes == ["start_challenge", "record_attempt"]


@pytest.mark.parametrize("line", ["", "x", "[]", "{}", "[1,2]", "null", None, 5, "9" * 2000, '["sign_in"]'])
def test_only_a_challenge_is_unpacked(line: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Challenge.unpack(line)


def test_a_challenge_with_a_field_of_the_wrong_type_is_refused() -> None:
    good = issue(ask(), MemoryStore(), POLICY).challenge
    assert Challenge.unpack(good.pack()) == good
    for bad in (
        good.pack().replace('"decoy":0', '"decoy":"0"'),
        good.pack().replace('"counter":1', '"counter":true'),
    ):
        with pytest.raises(ValueError, match="wrong value"):
            Challenge.unpack(bad)


def test_a_challenge_is_not_rejoined_in_the_second_in_which_it_expires() -> None:
    policy = Policy(code_life_seconds=60, cooldown_seconds=240)
    store = MemoryStore(policy)
    issue(ask(), store, policy)
    assert not issue(ask(NOW + 59, "b" * 32), store, policy).sent
    with pytest.raises(Refused) as refused:
        issue(ask(NOW + 60, "c" * 32), store, policy)
    assert (refused.value.refusal, refused.value.wait) == (Refusal.COOLDOWN, 180)


def test_a_packed_challenge_has_at_most_1280_characters() -> None:
    challenge = issue(ask(), MemoryStore(), POLICY).challenge
    longest = challenge._replace(subject="s" * (len(challenge.subject) + 1280 - len(challenge.pack())))
    assert Challenge.unpack(longest.pack()) == longest
    with pytest.raises(ValueError, match="not a challenge"):
        Challenge.unpack(longest._replace(subject=longest.subject + "s").pack())


def test_a_purpose_has_a_kind_and_the_text_of_the_caller() -> None:
    purpose = purpose_of(TOKEN, "to pay: 20 EUR")
    assert (kind_of(purpose), words_of(purpose)) == (TOKEN, "to pay: 20 EUR")
    assert (kind_of(SIGN_IN_CODE), words_of(SIGN_IN_CODE)) == (SIGN_IN_CODE, "")


def test_a_refusal_without_a_wait_has_none() -> None:
    assert Refused(Refusal.NO_DESTINATION).wait == 0


def test_after_an_accepted_answer_the_cooldown_is_five_seconds() -> None:
    store = MemoryStore()
    challenge = issue(ask(), store, POLICY).challenge
    assert answer(store, challenge, NOW + 1).accepted
    assert rejoined(store.records[KEY], ask(NOW + 2), POLICY).resend_at == NOW + 6
    with pytest.raises(Refused, match=r"\[passcode:cooldown:1\]$"):
        issue(ask(NOW + 5, "b" * 32), store, POLICY)
    assert issue(ask(NOW + 6, "b" * 32), store, POLICY).sent


class RestlessStore(MemoryStore):
    """A store in which another sign-in always comes first."""

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        return WriteResult(False, seen._replace(issued=seen.issued + 1))


def test_many_sign_ins_at_once_are_refused_with_a_wait() -> None:
    store = RestlessStore()
    issue(ask(), store, POLICY)
    with pytest.raises(Refused) as refused:
        issue(ask(NOW + 200, "b" * 32), store, POLICY)
    assert (refused.value.refusal, refused.value.wait) == (Refusal.BUSY, POLICY.cooldown_seconds)
