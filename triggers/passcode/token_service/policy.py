"""The limits of the service, each a parameter of the stack, and the arithmetic of quota, lock and pause."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

DAY = 86_400
# A record outlives its last use by this much, so that a count of failures cannot be waited out cheaply.
_KEEP = 30 * DAY
# With no end to a pause, the record that holds it must not be swept: ten years stand for never.
_KEEP_PAUSED = 3_650 * DAY


@dataclass(frozen=True)
class Policy:
    """The limits that the rules are computed with. Times are in seconds. Raises ValueError if unsafe."""

    code_digits: int = 6
    code_life_seconds: int = 300
    resend_keeps_code_seconds: int = 120
    cooldown_seconds: int = 30
    send_burst: int = 5
    send_interval_seconds: int = 900
    free_failures: int = 10
    lock_seconds: int = 300
    hard_limit: int = 100
    pause_seconds: int = DAY

    def __post_init__(self) -> None:
        for name, low, high in (
            ("code_digits", 6, 10),
            ("code_life_seconds", 1, 600),  # NIST SP 800-63B-4: ten minutes at most
            ("cooldown_seconds", 1, DAY),
            ("send_burst", 1, 1_000),
            ("send_interval_seconds", 1, DAY),
            ("free_failures", 1, 100),
            ("lock_seconds", 1, DAY),
            ("hard_limit", self.free_failures, 100),  # NIST SP 800-63B-4: a hundred in a row at most
            ("pause_seconds", 0, 365 * DAY),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name.upper()} must be from {low} to {high}. Mend the stack's parameter.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Policy":
        """Read each number from the variable of its name in capitals; an absent one keeps its default."""
        found = {f.name: environment[f.name.upper()] for f in fields(cls) if f.name.upper() in environment}
        return cls(**{name: int(value) for name, value in found.items()})

    @property
    def keep_seconds(self) -> int:
        """How long after its last use a record may be swept."""
        return _KEEP + self.pause_seconds if self.pause_seconds else _KEEP_PAUSED


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
