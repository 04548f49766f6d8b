"""Issue a challenge: at most one message per cooldown, a message rate per subject, no lost first message."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from passcode.token_service.challenge import Challenge, address_type, count_codes, kind_of, record_key
from passcode.token_service.policy import (
    COOLDOWN_AFTER_SUCCESS,
    KEEP_SECONDS,
    LONG_DIGITS,
    LONGEST_LIFE,
    Policy,
    day_of,
    needs_long_code,
    next_send_tat,
    seconds_to_midnight,
    send_wait,
    short_answers_left,
)
from passcode.token_service.refusal import Refusal, Refused, Unavailable
from passcode.token_service.store import Failure, Record, RecordStore

if TYPE_CHECKING:
    # Only for the type: the functions import the telemetry of its adapter.
    from passcode.token_service.telemetry import Telemetry

# The most tries for one write. If a try fails, the write of another request was accepted in the meantime.
_TURNS = 3
# The FIFO queue drops a repeat for five minutes after it took the message. One minute less, because clocks
# differ.
_QUEUE_DROPS_REPEATS = 240
# Between two Lambda functions, in seconds.
_CLOCK_DIFFERENCE = 5


def kept_id(destination_id: str) -> str:
    """Return the part of a destination's id that a record keeps: enough to see that the address changed."""
    return destination_id[:16]


class IssueRequest(NamedTuple):
    """One request for a code. `now` is in seconds since the epoch. `nonce` is 32 random hex digits.

    `destinations` has the id of each destination of the user, by channel, and `channel` is the one to send
    to. `accepted_per_day` is the most codes that may be accepted on it in one UTC day. If so many were, the
    message goes to the first channel of `fallbacks` on which fewer were accepted than its value. `context` is
    a hash of the purpose's text and the proof's audience, and empty for a sign-in. `weight` is the least
    count of a wrong answer to a short code. `is_chosen` is true if the user asked for `channel` in this
    request: the message goes there, even if an earlier one failed.
    """

    purpose: str
    subject: str
    channel: str
    destinations: Mapping[str, str]
    decoy: bool
    nonce: str
    now: int
    accepted_per_day: int = 100
    context: str = ""
    weight: int = 0
    fallbacks: Mapping[str, int] = MappingProxyType({})
    is_chosen: bool = False


class IssueResult(NamedTuple):
    """The challenge to answer. `sent` is true if this request wrote a new message for it.

    The channel of `challenge` is the one that the message goes to. The record can have another one: that of a
    destination at which an earlier message failed.

    `must_queue` is true for a new message, and for one that is so recent that the queue drops a repeat. The
    caller queues it before it responds, because the request that wrote the message may have failed to do so.
    `sent_at` is the time of the newest message and `resend_at` that of the earliest next one, in seconds
    since the epoch. `issue_id` is the id of the request that wrote the newest message.

    `changed` has the types of the addresses (`address_type`) that are others than at the last message of this
    kind, whatever channel it went to. An address that the user has added is no change.
    """

    challenge: Challenge
    sent: bool
    sent_at: int
    resend_at: int
    changed: tuple[str, ...] = ()
    must_queue: bool = True
    issue_id: str = ""


def issue(ask: IssueRequest, store: RecordStore, policy: Policy) -> IssueResult:
    """Issue a new challenge, send the open one again, or return the open one without a new message.

    The usual case costs one write. If a limit or an open challenge prevents it, the store refuses the write
    and returns the record, and the record decides. A message then costs one more write. Wrong answers never
    refuse a request: after some of them the code is long. Raises `Refused` with the wait if the message rate
    or a cap applies, and `Unavailable` if the store does not respond.
    """
    key = record_key(ask.purpose, ask.subject)
    write = store.start_challenge(key, _fresh(Record(), ask, policy), ask.accepted_per_day, ask.now)
    for _ in range(_TURNS):
        # After a lost response, a repeated write is refused, but the record has the id of this request.
        if write.accepted or write.record.issue_id == ask.nonce:
            return _issued(write.record, ask, policy, sent=True)
        new = _decide(write.record, ask, policy)
        if new is None:
            return rejoined(write.record, ask, policy)
        write = store.replace_challenge(key, write.record, new, ask.now)
    raise Refused(Refusal.BUSY, policy.cooldown_seconds)


def rejoined(record: Record, ask: IssueRequest, policy: Policy) -> IssueResult:
    """Return the open challenge of `record` for a repeated request, without a new message."""
    return _issued(record, ask, policy, sent=False)


def queue_message(
    issued: IssueResult, put: Callable[[], None], store: RecordStore, telemetry: "Telemetry"
) -> None:
    """Call `put`, which puts the message of `issued` on the queue. Returns only after it succeeded.

    A new message that the queue did not confirm does not count for the message rate, so that the user can
    request another one soon. It still counts for the cooldown: a request that has joined the challenge in the
    meantime may have queued it. docs/decisions/0029 has the reasons. Raises `Unavailable` as `put` does.
    """
    try:
        put()
    except Unavailable:
        if issued.sent:
            _refund(issued, store, telemetry)
        raise


def _refund(issued: IssueResult, store: RecordStore, telemetry: "Telemetry") -> None:
    challenge = issued.challenge
    try:
        store.refund_message(record_key(challenge.purpose, challenge.subject), issued.issue_id)
    except Unavailable as error:
        # The request fails anyway, and its error is the one to report to the caller.
        telemetry.failed("message not refunded", error)
        return
    telemetry.count("refunded")


def has_no_open_challenge(record: Record) -> bool:
    """True if the newest challenge of `record` is spent, or if none was issued."""
    return record.spent == record.issued


def is_open(record: Record, ask: IssueRequest, policy: Policy) -> bool:
    """True if the code of `record` was sent to a destination of this request and can still be answered."""
    to = ask.destinations.get(record.channel)
    return (
        not has_no_open_challenge(record)
        and record.expires_at > ask.now
        and record.context == ask.context
        and to is not None
        and record.sent_to.get(address_type(record.channel)) == kept_id(to)
        and (record.digits == LONG_DIGITS or _short_answers_left(record, ask, policy) > 0)
    )


def _short_answers_left(record: Record, ask: IssueRequest, policy: Policy) -> int:
    weight = policy.answer_weight(max(ask.weight, count_codes(ask.destinations)))
    return short_answers_left(record.failures, record.wrong.get(day_of(ask.now), 0), policy, weight)


def _needs_long_code(record: Record, now: int, policy: Policy) -> bool:
    """Return True if the message of `record`, which is sent now, has to have a long code.

    It has one after too many wrong answers. It also has one if the next message is not allowed soon after it.
    Otherwise a stranger could use up the answers to a short code, and the user would have none until then.
    """
    wrong_today = record.wrong.get(day_of(now), 0)
    next_is_late = send_wait(record.send_tat, now, policy) > policy.cooldown_seconds
    return next_is_late or needs_long_code(record.failures, wrong_today, policy)


def _decide(record: Record, ask: IssueRequest, policy: Policy) -> Record | None:
    """Return the record to write, or None to return the open challenge without a message.

    Raises `Refused` with the wait if a limit applies.
    """
    live = is_open(record, ask, policy)
    limit = _limit(record, ask, policy)
    if limit:
        if live:
            return None
        raise Refused(*limit)
    after = _sent(record, ask, policy)
    # A resend repeats the code only if the code lives until the next message. Otherwise a stranger could
    # request messages until no code is live and no message is allowed.
    keeps = max(policy.resend_keeps_code_seconds, send_wait(after.send_tat, ask.now, policy))
    is_long_enough = record.digits == LONG_DIGITS or not _needs_long_code(after, ask.now, policy)
    if live and is_long_enough and record.expires_at - ask.now >= keeps:
        return after
    return _fresh(record, ask, policy)


def _limit(record: Record, ask: IssueRequest, policy: Policy) -> tuple[Refusal, int] | None:
    """Return the limit that forbids a message now, with its wait in seconds; None if there is none."""
    wait = _resend_at(record, ask.now, policy) - ask.now
    if wait > 0:
        is_rate = send_wait(record.send_tat, ask.now, policy) > 0
        return (Refusal.QUOTA if is_rate else Refusal.COOLDOWN), wait
    if _channel(record, ask) is None:
        return Refusal.QUOTA, seconds_to_midnight(ask.now)
    return None


def _channel(record: Record, ask: IssueRequest) -> str | None:
    """Return the first channel whose daily cap of accepted codes is not reached; None if there is none."""
    caps = {ask.channel: ask.accepted_per_day, **ask.fallbacks}
    accepted, today = record.accepted, day_of(ask.now)
    return next(
        (channel for channel, cap in caps.items() if accepted.get((address_type(channel), today), 0) < cap),
        None,
    )


def _fresh(record: Record, ask: IssueRequest, policy: Policy) -> Record:
    sent = _sent(record, ask, policy)
    stays_long = record.digits == LONG_DIGITS and is_open(record, ask, policy)
    is_long = stays_long or _needs_long_code(sent, ask.now, policy)
    return sent._replace(
        issued=record.issued + 1,
        prev_nonce=record.nonce,
        nonce=ask.nonce,
        digits=LONG_DIGITS if is_long else policy.short_digits(kind_of(ask.purpose)),
        issued_at=ask.now,
        expires_at=ask.now + (LONGEST_LIFE if is_long else policy.code_life_seconds),
        context=ask.context,
    )


def _sent(record: Record, ask: IssueRequest, policy: Policy) -> Record:
    channel = _channel(record, ask) or ask.channel
    is_chosen = ask.is_chosen and channel == ask.channel
    before = dict(record.sent_to)
    sent_to = before | {of: kept_id(to) for of, to in _by_type(ask).items()}
    return record._replace(
        channel=channel,
        sent_at=ask.now,
        send_tat=next_send_tat(record.send_tat, ask.now, policy),
        issue_id=ask.nonce,
        sent_to=sent_to,
        sent_to_before=sent_to | before,
        # In the write itself, so that a request that joins the challenge sends it to the same destination.
        failed={**record.failed, channel: Failure()} if is_chosen else record.failed,
    )


def _working_channel(record: Record, ask: IssueRequest) -> str:
    """Return the channel of the newest message: that of `record`, or another one if messages to it fail.

    All requests for one message get the same result, and so the queue drops its repeats. That is why a
    failure counts only if it was recorded before the message.
    """
    caps = {ask.channel: ask.accepted_per_day, **ask.fallbacks}
    accepted, day = record.accepted, day_of(record.sent_at)
    if not _has_failed(record, ask, record.channel):
        return record.channel
    failed = address_type(record.channel)
    return next(
        (
            channel
            # Another address first: a call would not reach a wrong number either.
            for channel in sorted(ask.destinations, key=lambda channel: address_type(channel) == failed)
            if not _has_failed(record, ask, channel)
            and accepted.get((address_type(channel), day), 0) < caps.get(channel, 0)
        ),
        record.channel,
    )


def _has_failed(record: Record, ask: IssueRequest, channel: str) -> bool:
    """Return True if a message to the destination on `channel` failed, in the days before the newest one."""
    failure, to = record.failed.get(channel), ask.destinations.get(channel)
    return (
        failure is not None
        and to is not None
        and failure.to == kept_id(to)
        and record.sent_at - KEEP_SECONDS < failure.at <= record.sent_at - _CLOCK_DIFFERENCE
    )


def _resend_at(record: Record, now: int, policy: Policy) -> int:
    """Return the time of the earliest next message, in seconds since the epoch.

    It is after the cooldown and within the message rate. An accepted code shortens the cooldown.
    """
    cooled = record.sent_at + policy.cooldown_seconds if record.sent_at else now
    if record.issued and has_no_open_challenge(record):
        cooled = min(cooled, record.spent_at + COOLDOWN_AFTER_SUCCESS)
    return max(now, cooled, now + send_wait(record.send_tat, now, policy))


def _issued(record: Record, ask: IssueRequest, policy: Policy, *, sent: bool) -> IssueResult:
    challenge = Challenge(
        purpose=ask.purpose,
        subject=ask.subject,
        counter=record.issued,
        nonce=record.nonce,
        expires_at=record.expires_at,
        digits=record.digits,
        issued_at=record.issued_at,
        channel=_working_channel(record, ask),
        decoy=ask.decoy,
    )
    must_queue = sent or ask.now - record.sent_at < _QUEUE_DROPS_REPEATS
    return IssueResult(
        challenge,
        sent,
        record.sent_at,
        _resend_at(record, ask.now, policy),
        changed=_changed(record, ask) if must_queue else (),
        must_queue=must_queue,
        issue_id=record.issue_id,
    )


def _changed(record: Record, ask: IssueRequest) -> tuple[str, ...]:
    return tuple(
        of for of, to in _by_type(ask).items() if record.sent_to_before.get(of, kept_id(to)) != kept_id(to)
    )


def _by_type(ask: IssueRequest) -> dict[str, str]:
    return {address_type(channel): to for channel, to in ask.destinations.items()}
