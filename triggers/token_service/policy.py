"""The numbers of the service. Each is a parameter of the stack and arrives as an environment variable."""

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
