"""The limits of the service, each a parameter of the stack, and the formulas for quota, lock and pause."""

from collections.abc import Callable
from dataclasses import dataclass

DAY = 86_400
# A record is kept this long after its last use. If it were deleted early, an attacker could wait for that
# and start with a new count of failures.
_KEEP = 30 * DAY
# A pause without an end must not end with the deletion of its record. Ten years stand for "never".
_KEEP_PAUSED = 3_650 * DAY

# The lowest and the highest value of each limit. The parameters of the stack have the same bounds, except for
# the minimum of two durations: a test that waits for their end sets them lower.
BOUNDS = {
    "code_digits": (6, 10),
    "code_life_seconds": (1, 600),  # NIST SP 800-63B-4: at most ten minutes
    "resend_keeps_code_seconds": (1, 600),
    "cooldown_seconds": (5, 300),
    "send_burst": (1, 20),
    "send_interval_seconds": (60, DAY),
    "free_failures": (3, 50),
    "lock_seconds": (30, DAY),
    "hard_limit": (50, 100),  # NIST SP 800-63B-4: at most a hundred in a row
    "pause_seconds": (0, 30 * DAY),
}


@dataclass(frozen=True)
class Policy:
    """The limits of codes, messages and answers. Times are in seconds. Raises ValueError if one is unsafe."""

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
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low} to {high}.")

    @classmethod
    def read(cls, whole_number: Callable[[str, int, int], int]) -> "Policy":
        """Read each limit from the variable with its name in capitals.

        `whole_number` returns the variable of a name, from a lowest to a highest value, or raises an error.
        """
        return cls(**{name: whole_number(name.upper(), *bounds) for name, bounds in BOUNDS.items()})

    @property
    def keep_seconds(self) -> int:
        """Seconds from the last use of a record to its deletion."""
        return _KEEP + self.pause_seconds if self.pause_seconds else _KEEP_PAUSED


def send_wait(send_tat: int, now: int, policy: Policy) -> int:
    """Return the seconds until the quota allows a message.

    `send_tat` is the theoretical arrival time of GCRA in seconds since the epoch, or 0 if there is none.
    """
    tolerance = (policy.send_burst - 1) * policy.send_interval_seconds
    return max(0, send_tat - tolerance - now)


def next_send_tat(send_tat: int, now: int, policy: Policy) -> int:
    """Return the theoretical arrival time of GCRA after one more message now."""
    return max(send_tat, now) + policy.send_interval_seconds


def answer_wait(failures: int, failed_at: int, now: int, policy: Policy) -> int | None:
    """Return the seconds until the next answer may be checked; None until an operator unlocks the subject.

    The first wrong answers cause no wait. After them, each answer waits for a lock, and the hard limit starts
    a pause. The count continues over challenges, sessions and channels, because a new code must not allow new
    guesses (NIST SP 800-63B-4, 3.2.2).
    """
    if failures < policy.free_failures:
        return 0
    if failures < policy.hard_limit:
        return max(0, failed_at + policy.lock_seconds - now)
    if policy.pause_seconds == 0:
        return None
    return max(0, failed_at + policy.pause_seconds - now)


def pause_is_over(failures: int, failed_at: int, now: int, policy: Policy) -> bool:
    """True if the subject reached the hard limit and its pause is over. The count then starts again."""
    return failures >= policy.hard_limit and answer_wait(failures, failed_at, now, policy) == 0
