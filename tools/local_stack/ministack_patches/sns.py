"""SMS with their time of sending, and those that the emulator sends in place of Cognito."""

import time
from collections.abc import Callable
from typing import Any

from ministack.services import sns

Log = list[dict[str, Any]]


def patch() -> None:
    """Add the time to each SMS in the log of ministack. The inbox needs it to sort SMS and email."""
    sns._sms_log_for = _with_timestamps(sns._sms_log_for)


def send_as_cognito(number: str, text: str) -> None:
    """Send an SMS in place of Cognito. It has the `Type` of ministack's emails in place of Cognito."""
    sns._sms_log_for(number).append({"Message": text, "Type": "CognitoVerificationMessage"})


def _with_timestamps(log_for: Callable[[str], Log]) -> Callable[[str], Log]:
    def log_with_timestamps(number: str) -> Log:
        log = log_for(number)
        if not isinstance(log, _TimestampedLog):
            log = sns._sms_messages[number] = _TimestampedLog(log)
        return log

    return log_with_timestamps


class _TimestampedLog(Log):
    def append(self, record: dict[str, Any]) -> None:
        super().append({**record, "Timestamp": time.time()})
