"""The port for logs and metrics, and the place in the code that an error comes from."""

from collections.abc import Mapping
from typing import Protocol

from passcode.token_service.challenge import Challenge
from passcode.token_service.refusal import Refusal, Refused


class Log(Protocol):
    """A structured log. `extra` are the fields of one line."""

    def info(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Log something that is as it should be."""

    def warning(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Log something that an operator may want to look at."""


class Telemetry(Protocol):
    """The log and the metrics of one function: one line and one number for each thing that happened."""

    @property
    def log(self) -> Log:
        """The log, for lines without a metric."""

    def set_context(self, subject: str | None = None, challenge: Challenge | None = None) -> None:
        """Put the subject and the challenge's id into every line that follows; nothing takes them out."""

    def failed(self, what: str, error: Exception) -> None:
        """Log and count an error: its kind, where it arose, and its text only if we wrote it."""

    def not_deliverable(self, channel: str, reason: str, country: str = "", **details: str) -> None:
        """Count and log that a channel did not take a message. `details` stand in the log alone."""

    def sent(self, channel: str, country: str = "", **details: str) -> None:
        """Count and log that a channel took a message. `details` stand in the log alone."""

    def throttled(self, refused: Refused) -> None:
        """Count and log that a caller has to wait, or cannot get a code."""

    def refused(self, refusal: Refusal) -> None:
        """Count and log that an answer was not accepted."""

    def issued(self, channel: str) -> None:
        """Count and log a code that goes out on `channel`."""

    def verified(self, challenge: Challenge, now: int) -> None:
        """Count and log an accepted answer, and how long after its challenge it came."""

    def count(self, name: str, **by: str) -> None:
        """Count one more of `name`: in all, and by each dimension of `by` added to those before it."""


def error_location(error: BaseException) -> str:
    """File and line of the error's origin: enough to find it, and no text of what the code was working on."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
