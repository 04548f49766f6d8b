"""The port for logs and metrics."""

from collections.abc import Mapping
from typing import Protocol

from passcode.token_service.challenge import Challenge
from passcode.token_service.refusal import Refusal, Refused


class Log(Protocol):
    """A structured log. `extra` has the fields of one line."""

    def info(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Log a normal event."""

    def warning(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Log an event that an operator may have to check."""


class Telemetry(Protocol):
    """The log and the metrics of one function: one line and one count for each event."""

    @property
    def log(self) -> Log:
        """The log, for lines without a metric."""

    def set_context(self, subject: str | None = None, challenge: Challenge | None = None) -> None:
        """Add the subject and the challenge's id to all lines that follow. Without arguments, clear them."""

    def failed(self, what: str, error: Exception) -> None:
        """Log and count an error: its class and location, and its text only if this package raised it."""

    def not_deliverable(self, channel: str, reason: str, country: str = "", **details: str) -> None:
        """Count and log that a channel did not take a message. `details` go into the log only."""

    def sent(self, channel: str, country: str = "", **details: str) -> None:
        """Count and log that a channel took a message. `details` go into the log only."""

    def throttled(self, refused: Refused) -> None:
        """Count and log that a caller has to wait or cannot get a code."""

    def refused(self, refusal: Refusal) -> None:
        """Count and log that an answer was not accepted."""

    def issued(self, channel: str) -> None:
        """Count and log a code for which a message goes to `channel`."""

    def rate_used_up(self, challenge: Challenge) -> None:
        """Count and log that the message of `challenge` was the last one that the message rate allows now."""

    def waiting(self, channel: str) -> None:
        """Count and log a request that joined an open challenge, whose message went to `channel`."""

    def verified(self, challenge: Challenge, now: int) -> None:
        """Count and log an accepted answer, its channel, and the seconds from its challenge to `now`.

        `challenge` is on the channel of the accepted code.
        """

    def count(self, name: str, **by: str) -> None:
        """Add one to the metric `name`.

        It counts in total, by the first dimension of `by`, by the first two dimensions, and so on.
        """
