"""Issue a challenge: at most one message per cooldown, a quota per subject, and no lost first message."""

from dataclasses import dataclass, replace

from passcode.token_service.challenge import Challenge, record_key
from passcode.token_service.policy import Policy, answer_wait, next_send_tat, send_wait
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import Record, RecordStore

# The most tries for one write. If a try fails, the write of another request was accepted in the meantime.
_TURNS = 3


@dataclass(frozen=True)
class IssueRequest:
    """One request for a code. `now` is in seconds since the epoch. `nonce` is 32 random hex digits."""

    purpose: str
    subject: str
    channel: str
    bound: str
    decoy: bool
    nonce: str
    now: int


@dataclass(frozen=True)
class IssueResult:
    """The challenge to answer. `sent` is true if the caller has to send a message for it now.

    `resend_at` is the time of the earliest next message, in seconds since the epoch.
    """

    challenge: Challenge
    sent: bool
    resend_at: int


def issue(ask: IssueRequest, store: RecordStore, policy: Policy) -> IssueResult:
    """Issue a new challenge, send the open one again, or return the open one without a message.

    The usual case costs one write. If a limit or an open challenge prevents it, the store refuses the write
    and returns the record, and the record decides. A message then costs one more write. Raises `Refused`
    with the wait if a limit applies, and `Unavailable` if the store does not respond.
    """
    key = record_key(ask.purpose, ask.subject)
    write = store.start_challenge(key, _fresh(Record(), ask, policy), ask.now)
    for _ in range(_TURNS):
        # After a lost response, a repeated write is refused, but the record has the nonce of this request:
        # the first write was accepted. A resend writes no new nonce, so after a lost response it counts as
        # not sent. The user then gets one message too few, never one too many.
        if write.accepted or write.record.nonce == ask.nonce:
            return _issued(write.record, ask, policy, sent=True)
        new = _decide(write.record, ask, policy)
        if new is None:
            return rejoined(write.record, ask, policy)
        write = store.replace_challenge(key, write.record, new, ask.now)
    raise Refused(Refusal.BUSY, policy.cooldown_seconds)


def rejoined(record: Record, ask: IssueRequest, policy: Policy) -> IssueResult:
    """Return the open challenge of `record` for a repeated request, without a message."""
    return _issued(record, ask, policy, sent=False)


def has_no_open_challenge(record: Record) -> bool:
    """True if the newest challenge of `record` is spent, or if none was issued."""
    return record.spent == record.issued


def is_open(record: Record, ask: IssueRequest) -> bool:
    """True if the challenge of `record` is still valid for the destinations of this request."""
    return not has_no_open_challenge(record) and record.expires_at > ask.now and record.bound == ask.bound


def _decide(record: Record, ask: IssueRequest, policy: Policy) -> Record | None:
    """Return the record to write, or None to return the open challenge without a message.

    Raises `Refused` with the wait if a limit applies.
    """
    locked_for = answer_wait(record.failures, record.failed_at, ask.now, policy)
    if locked_for != 0:
        hard = record.failures >= policy.hard_limit
        raise Refused(Refusal.PAUSED if hard else Refusal.LOCKED, locked_for)
    live = is_open(record, ask)
    wait = _resend_at(record, ask.now, policy) - ask.now
    if wait > 0:
        if live:
            return None
        cooling = send_wait(record.send_tat, ask.now, policy) == 0
        raise Refused(Refusal.COOLDOWN if cooling else Refusal.QUOTA, wait)
    # Another channel gets a new code. Otherwise a code from an email would count as a code from an SMS, and
    # tokens and proofs would name the wrong channel.
    same = record.channel == ask.channel
    if live and same and record.expires_at - ask.now >= policy.resend_keeps_code_seconds:
        return _sent(record, ask, policy)
    return _fresh(record, ask, policy)


def _fresh(record: Record, ask: IssueRequest, policy: Policy) -> Record:
    return replace(
        _sent(record, ask, policy),
        issued=record.issued + 1,
        nonce=ask.nonce,
        issued_at=ask.now,
        expires_at=ask.now + policy.code_life_seconds,
        bound=ask.bound,
    )


def _sent(record: Record, ask: IssueRequest, policy: Policy) -> Record:
    tat = next_send_tat(record.send_tat, ask.now, policy)
    return replace(record, channel=ask.channel, sent_at=ask.now, send_tat=tat)


def _resend_at(record: Record, now: int, policy: Policy) -> int:
    """Return the time of the earliest next message, in seconds since the epoch.

    It is after the cooldown and within the quota. A spent code ends the cooldown.
    """
    cooled = now if has_no_open_challenge(record) else record.sent_at + policy.cooldown_seconds
    return max(now, cooled, now + send_wait(record.send_tat, now, policy))


def _issued(record: Record, ask: IssueRequest, policy: Policy, *, sent: bool) -> IssueResult:
    challenge = Challenge(
        purpose=ask.purpose,
        subject=ask.subject,
        counter=record.issued,
        nonce=record.nonce,
        issued_at=record.issued_at,
        expires_at=record.expires_at,
        channel=record.channel,
        bound=record.bound,
        decoy=ask.decoy,
    )
    return IssueResult(challenge, sent, _resend_at(record, ask.now, policy))
