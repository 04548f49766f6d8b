"""Check an answer: derive the codes, compare, and write the attempt. Only one write can spend a code."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from passcode.token_service.challenge import (
    Challenge,
    address_type,
    count_codes,
    derive_code,
    parse_answer,
    record_key,
)
from passcode.token_service.policy import LONG_DIGITS, REPEAT_SECONDS, Policy, day_of, short_answers_left
from passcode.token_service.refusal import Refusal
from passcode.token_service.store import Attempt, CodeMac, Record, RecordStore


class Verdict(NamedTuple):
    """The result of a check: accepted, or the one reason for the refusal.

    `attempts_left` is the number of wrong answers to short codes that are still checked today; None for a
    long code, which has no limit. `channel` is the channel whose code was accepted, and `accepted_at` the
    time of the write that spent it, in seconds since the epoch. `is_repeat` is true if another write, in the
    same round, spent the code moments before.
    """

    refusal: Refusal | None = None
    attempts_left: int | None = None
    channel: str = ""
    accepted_at: int = 0
    is_repeat: bool = False

    @property
    def accepted(self) -> bool:
        """True if the answer was right, and a write of this round spent the code."""
        return self.refusal is None


def attempt_id(round_id: str, answer: str) -> str:
    """Return 16 hex digits that identify `answer` in its round. With them, a write recognises its repeat."""
    return hashlib.sha256(f"{round_id}\n{answer}".encode()).hexdigest()[:16]


def check(
    challenge: Challenge,
    answer: object,
    *,
    round_id: str,
    destinations: Mapping[str, str],
    code_mac: CodeMac,
    store: RecordStore,
    policy: Policy,
    now: int,
    client_id: str = "",
    weight: int = 0,
) -> Verdict:
    """Check `answer`, a value of any type. `now` is in seconds since the epoch.

    `destinations` has the ids of the destinations whose codes are accepted, by channel. `round_id` identifies
    the round of the caller. `client_id` is kept as evidence with an accepted answer. A wrong answer to a
    short code counts once for each code that it is compared with, and at least `weight` times. Channels that
    reach one destination have one code. It counts as given on the channel of the newest message, if that is
    one of them.

    An answer that cannot be a code or comes too late is refused without a call and without a count, because
    it could not be right. Every other answer costs one MAC and one write, right or wrong, for users and
    decoys. So time and cost do not reveal whether a user exists. Raises `Unavailable` if the key or the store
    does not respond.
    """
    digits = parse_answer(answer, challenge.digits)
    if digits is None:
        return Verdict(Refusal.MALFORMED)
    if now >= challenge.expires_at:
        return Verdict(Refusal.EXPIRED)
    if not challenge.is_plausible(now):
        return Verdict(Refusal.NO_CHALLENGE)
    channel = _matching(challenge, digits, destinations, code_mac)
    attempt = Attempt(
        counter=challenge.counter,
        nonce=challenge.nonce,
        id=attempt_id(round_id, digits),
        is_short=challenge.digits != LONG_DIGITS,
        channel="" if challenge.decoy else channel,
        now=now,
        client_id=client_id,
        weight=policy.answer_weight(max(weight, count_codes(destinations))),
    )
    write = store.record_attempt(record_key(challenge.purpose, challenge.subject), attempt)
    return _verdict(write.record, attempt, policy, is_written=write.accepted)


def _matching(challenge: Challenge, answer: str, destinations: Mapping[str, str], code_mac: CodeMac) -> str:
    """Return the channel whose code is `answer`; empty if there is none.

    All codes are compared, so that the time does not depend on the destination that matches.
    """
    mac = code_mac(challenge.mac_message())
    channels: dict[str, str] = {}
    for channel in (challenge.channel, *destinations):
        if channel in destinations:
            channels.setdefault(address_type(channel), channel)
    matching = ""
    for channel in channels.values():
        if derive_code(mac, channel, destinations[channel], challenge.digits).matches(answer):
            matching = channel
    return matching


def _verdict(record: Record, attempt: Attempt, policy: Policy, *, is_written: bool) -> Verdict:
    """Return the result of an attempt. `record` is the record after the write, or the one that refused it."""
    if attempt.channel and (is_written or _is_repeat(record, attempt)):
        return Verdict(channel=attempt.channel, accepted_at=record.spent_at, is_repeat=not is_written)
    # The wrong answer was counted, now or by the write that this one repeats.
    if not attempt.channel and (is_written or record.failed_id == attempt.id):
        wrong_today = record.wrong.get(day_of(attempt.now), 0)
        left = short_answers_left(record.failures, wrong_today, policy, attempt.weight)
        return Verdict(Refusal.WRONG, left if attempt.is_short else None)
    # A right and a wrong answer get the same refusal: an attacker must learn nothing about a guess.
    if record.spent >= attempt.counter:
        return Verdict(Refusal.SPENT)
    if attempt.nonce not in (record.nonce, record.prev_nonce) or record.issued < attempt.counter:
        # The record was deleted, or two newer challenges replaced this one.
        return Verdict(Refusal.NO_CHALLENGE)
    return Verdict(Refusal.LONGER_CODE)


def _is_repeat(record: Record, attempt: Attempt) -> bool:
    return (
        record.spent == attempt.counter
        and record.spent_id == attempt.id
        and attempt.now - record.spent_at <= REPEAT_SECONDS
    )
