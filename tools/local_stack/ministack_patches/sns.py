"""SMS: when each was sent."""

import time
from collections.abc import Callable
from typing import Any

from ministack.services import sns

Log = list[dict[str, Any]]


def patch() -> None:
    """Stamp each SMS with its time; the inbox needs it to put SMS and email in one order."""
    sns._sms_log_for = _stamping(sns._sms_log_for)


def _stamping(log_for: Callable[[str], Log]) -> Callable[[str], Log]:
    def stamped(number: str) -> Log:
        log = log_for(number)
        if not isinstance(log, _Stamped):
            log = sns._sms_messages[number] = _Stamped(log)
        return log

    return stamped


class _Stamped(Log):
    def append(self, record: dict[str, Any]) -> None:
        super().append({**record, "Timestamp": time.time()})
