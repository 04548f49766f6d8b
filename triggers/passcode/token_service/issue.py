"""Issue a challenge: at most one message per cooldown, a quota per subject, and no lost first message."""

from dataclasses import dataclass, replace

from passcode.token_service.challenge import Challenge, record_key
from passcode.token_service.policy import Policy, answer_wait, next_send_tat, send_wait
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import Record, RecordStore

# Each lost turn means that somebody else's write was accepted, and with it a message is on its way.
_TURNS = 3


@dataclass(frozen=True)
class IssueRequest:
    """Who asks for a code, where it would go, and when. `nonce` is 32 hex digits of fresh chance."""

    purpose: str
    subject: str
    channel: str
    bound: str
    decoy: bool
    nonce: str
    now: int


@dataclass(frozen=True)
class IssueResult:
    """The challenge to answer. `sent`: a message is due for it now. `resend_at`: when another may be."""

    challenge: Challenge
    sent: bool
    resend_at: int


def issue(ask: IssueRequest, store: RecordStore, policy: Policy) -> IssueResult:
    """Issue, repeat or rejoin a challenge. Raises `Refused` with the wait if neither is allowed.

    One write where nothing stands in the way. Otherwise that write is refused, the record that comes back
    says what to do, and a repeat is one more write.
    """
    key = record_key(ask.purpose, ask.subject)
    write = store.start_challenge(key, _fresh(Record(), ask, policy), ask.now)
    for _ in range(_TURNS):
        # A write that was accepted but whose answer was lost is refused when it is repeated: our own nonce.
        # A resend has none of its own, and reads as WAITING then: a message too few, never one too many.
        if write.accepted or write.record.nonce == ask.nonce:
            return _issued(write.record, ask, policy, sent=True)
        new = _decide(write.record, ask, policy)
        if new is None:
            return rejoined(write.record, ask, policy)
        write = store.replace_challenge(key, write.record, new, ask.now)
    raise Refused(Refusal.BUSY, policy.cooldown_seconds)


def rejoined(record: Record, ask: IssueRequest, policy: Policy) -> IssueResult:
    """The challenge that `record` holds, for someone who asked before. Nothing is sent."""
    return _issued(record, ask, policy, sent=False)


def is_open(record: Record, ask: IssueRequest) -> bool:
    """True if `record` holds a challenge that whoever asks this may still answer."""
    return not record.has_no_open_challenge and record.expires_at > ask.now and record.bound == ask.bound


def _decide(record: Record, ask: IssueRequest, policy: Policy) -> Record | None:
    """The record to write, or None to rejoin the challenge that is open without a message."""
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
    # On another channel it is another code. What was read in a mailbox would pass for an SMS otherwise, and
    # the tokens and proofs that say which it was would lie.
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
    """When the next message may go: after the cooldown (unless the code is spent) and within the quota."""
    cooled = now if record.has_no_open_challenge else record.sent_at + policy.cooldown_seconds
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
