"""The limits of the service, each a parameter of the stack, and the formulas for quota, lock and pause."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

DAY = 86_400
# A record is kept this long after its last use. If it were deleted early, an attacker could wait for that
# and start with a new count of failures.
_KEEP = 30 * DAY
# A pause without an end must not end with the deletion of its record. Ten years stand for "never".
_KEEP_PAUSED = 3_650 * DAY


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
        for name, low, high in (
            ("code_digits", 6, 10),
            ("code_life_seconds", 1, 600),  # NIST SP 800-63B-4: at most ten minutes
            ("cooldown_seconds", 1, DAY),
            ("send_burst", 1, 1_000),
            ("send_interval_seconds", 1, DAY),
            ("free_failures", 1, 100),
            ("lock_seconds", 1, DAY),
            ("hard_limit", self.free_failures, 100),  # NIST SP 800-63B-4: at most a hundred in a row
            ("pause_seconds", 0, 365 * DAY),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(
                    f"{name.upper()} must be from {low} to {high}. Change the parameter of the stack."
                )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Policy":
        """Read each limit from the variable with its name in capitals. A missing one keeps its default.

        Raises ValueError if a value is no number or unsafe.
        """
        found = {f.name: environment[f.name.upper()] for f in fields(cls) if f.name.upper() in environment}
        return cls(**{name: int(value) for name, value in found.items()})

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
