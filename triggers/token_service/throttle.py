"""How long to wait, as arithmetic: the quota of sends (GCRA) and the budget of failures."""

from token_service.policy import Policy


def send_wait(send_tat: int, now: int, policy: Policy) -> int:
    """Seconds until the quota allows a message. `send_tat` is GCRA's theoretical arrival time, 0 if clear."""
    tolerance = (policy.send_burst - 1) * policy.send_interval_seconds
    return max(0, send_tat - tolerance - now)


def next_send_tat(send_tat: int, now: int, policy: Policy) -> int:
    """GCRA's theoretical arrival time after one more message now."""
    return max(send_tat, now) + policy.send_interval_seconds


def answer_wait(failures: int, failed_at: int, now: int, policy: Policy) -> int | None:
    """Seconds until one more answer may be judged. None: not before an operator unlocks the subject.

    Free answers first, then one per lock, and at the hard limit a pause. The count goes on over challenges,
    sessions and channels: a new code must not bring new guesses (NIST SP 800-63B-4 3.2.2).
    """
    if failures < policy.free_failures:
        return 0
    if failures < policy.hard_limit:
        return max(0, failed_at + policy.lock_seconds - now)
    if policy.pause_seconds == 0:
        return None
    return max(0, failed_at + policy.pause_seconds - now)


def pause_is_over(failures: int, failed_at: int, now: int, policy: Policy) -> bool:
    """True if the subject reached the hard limit and has sat its pause out: the count begins anew."""
    return failures >= policy.hard_limit and answer_wait(failures, failed_at, now, policy) == 0
