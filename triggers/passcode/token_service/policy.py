"""The limits of the service, each a parameter of the stack, and the formulas for the message rate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 86_400
# 20 decimal digits are 66 bits. NIST SP 800-63B-4 (3.2.2) asks for a limit of attempts below 64 bits only.
LONG_DIGITS = 20
# NIST SP 800-63B-4, 3.1.3.2: a code lives ten minutes at most.
LONGEST_LIFE = 600
# The kind of purpose whose codes no other factor precedes.
CODE_ONLY_KIND = "sign_in_code"
# Below the limit of a day, so that an owner who starts meanwhile still answers a short code.
_LONG_AFTER = 5
# A user has at most one destination for each channel of `channels.registry`.
MOST_DESTINATIONS = 3
# Seconds from an accepted code to the next message. No trigger of a sign-in runs longer.
COOLDOWN_AFTER_SUCCESS = 5
# A resend repeats a code that lives for so many more seconds, so that the code in a late first message works.
_RESEND_KEEPS_CODE = 120
# For so many seconds, the same answer in the same round gets the same result. Cognito and the AWS clients
# repeat calls after a lost response.
REPEAT_SECONDS = 15
# A record is kept this long after its last use. If it were deleted early, an attacker could wait for that
# and start with a new count of failures.
KEEP_SECONDS = 30 * DAY


# The lowest and the highest value of each limit. The parameters of the stack have the same bounds, except for
# the minimum of the lifetime: a test that waits for its end sets it lower.
BOUNDS = {
    "code_digits": (6, 10),
    "code_only_digits": (6, 10),
    "code_life_seconds": (1, LONGEST_LIFE),
    # A request within the cooldown queues the message again, and the queue drops repeats for a little longer.
    "cooldown_seconds": (5, 240),
    "send_burst": (1, 20),
    # A long code lives until the next message is allowed, so that a user always has a live code.
    "send_interval_seconds": (60, LONGEST_LIFE),
    "wrong_answers_per_day": (1, 10),
    "hard_limit": (1, 100),  # NIST SP 800-63B-4, 3.2.2: at most a hundred in a row
}


@dataclass(frozen=True)
class Policy:
    """The limits of codes, messages and answers. Times are in seconds. Raises ValueError if one is unsafe.

    `code_digits` is the length of a code that another factor precedes, `code_only_digits` that of a code
    without one. `wrong_answers_per_day` is the most codes that wrong answers to short codes are compared with
    on one UTC day. After `hard_limit` wrong answers in a row, codes are long until one is accepted.
    """

    code_digits: int = 6
    code_only_digits: int = 8
    code_life_seconds: int = 300
    cooldown_seconds: int = 30
    send_burst: int = 5
    send_interval_seconds: int = 600
    wrong_answers_per_day: int = 10
    hard_limit: int = 100

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low} to {high}.")
        if self.code_digits == self.code_only_digits:
            # A code of one kind of sign-in then cannot be typed into the other by mistake.
            raise ValueError("code_digits and code_only_digits must differ.")

    @classmethod
    def read(cls, whole_number: Callable[[str, int, int], int]) -> "Policy":
        """Read each limit from the variable with its name in capitals.

        `whole_number` returns the variable of a name, from a lowest to a highest value, or raises an error.
        """
        return cls(**{name: whole_number(name.upper(), *bounds) for name, bounds in BOUNDS.items()})

    def short_digits(self, kind: str) -> int:
        """Return the length of a short code for a purpose of `kind`."""
        return self.code_only_digits if kind == CODE_ONLY_KIND else self.code_digits

    @property
    def resend_keeps_code_seconds(self) -> int:
        """A resend repeats the code if it lives for so many more seconds.

        This is at most half of its life, so that a short-lived code is repeated too.
        """
        return min(_RESEND_KEEPS_CODE, self.code_life_seconds // 2)

    @property
    def long_after(self) -> int:
        """The count of wrong answers of one UTC day from which new codes of that day are long.

        Below it, an answer to a short code is checked, however many destinations it is compared with.
        """
        return min(_LONG_AFTER, max(1, self.wrong_answers_per_day - MOST_DESTINATIONS + 1))

    def answer_weight(self, codes: int) -> int:
        """Return the count of a wrong answer that is compared with so many short codes.

        Each comparison is a guess. The count is at most that of a day, so that the first answer is checked.
        """
        return min(max(1, codes), self.wrong_answers_per_day)


def day_of(now: int) -> int:
    """Return the number of the UTC day. `now` is in seconds since the epoch."""
    return now // DAY


def date_of(now: int) -> str:
    """Return the UTC date as YYYY-MM-DD. `now` is in seconds since the epoch."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def seconds_to_midnight(now: int) -> int:
    """Return the seconds to the end of the UTC day."""
    return DAY - now % DAY


def short_answers_left(failures: int, wrong_today: int, policy: Policy, weight: int) -> int:
    """Return how many more wrong answers to short codes may be checked today.

    `failures` is the number of wrong answers in a row, and `wrong_today` the count of this UTC day. Each more
    wrong answer adds `weight` to it.
    """
    left_today = (policy.wrong_answers_per_day - wrong_today) // weight
    return max(0, min(left_today, policy.hard_limit - failures))


def needs_long_code(failures: int, wrong_today: int, policy: Policy) -> bool:
    """Return True if new codes are long, because there were too many wrong answers to short ones."""
    return wrong_today >= policy.long_after or failures >= policy.hard_limit


def send_wait(send_tat: int, now: int, policy: Policy) -> int:
    """Return the seconds until the message rate allows a message.

    `send_tat` is the theoretical arrival time of GCRA in seconds since the epoch, or 0 if there is none.
    """
    tolerance = (policy.send_burst - 1) * policy.send_interval_seconds
    return max(0, send_tat - tolerance - now)


def next_send_tat(send_tat: int, now: int, policy: Policy) -> int:
    """Return the theoretical arrival time of GCRA after one more message now."""
    return max(send_tat, now) + policy.send_interval_seconds
