"""The Lambda function `delivery_events`: counts delivery events, and records failed addresses.

SES and End User Messaging publish events about each message. After a permanent failure the user's next code
goes to another verified address. The function knows no code, and it logs no address.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import client, with_deadline
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.failure_table import FailureTable
from passcode.adapters.telemetry import make_telemetry
from passcode.delivery.events import DeliveryEvent, read_event
from passcode.token_service.telemetry import Telemetry


class FailureStore(Protocol):
    """The port to the failures in the records."""

    def record(self, key: str, channel: str, to: str, now: int) -> bool:
        """Record a failed address of a record. Returns whether the record changed. Raises `Unavailable`."""


def process_batch(
    event: dict[str, Any], failures: FailureStore, telemetry: Telemetry, now: int
) -> dict[str, Any]:
    """Handle each record of an SQS event. Returns the ids of the records that SQS delivers again.

    `now` is in seconds since the epoch.
    """
    failed = []
    for record in event.get("Records", []):
        try:
            _handle(str(record.get("body", "")), failures, telemetry, now)
        except Exception as error:  # an error in one event must not stop the other events
            telemetry.failed("event not recorded", error)
            failed.append({"itemIdentifier": record.get("messageId", "")})
        finally:
            telemetry.set_context()
    return {"batchItemFailures": failed}


def _handle(body: str, failures: FailureStore, telemetry: Telemetry, now: int) -> None:
    try:
        found = read_event(body)
    except ValueError:
        # Not an error: SES tests a new topic with a sentence. The body can contain an address.
        telemetry.count("unknown_events")
        telemetry.log.warning("an unknown event")
        return
    if found is None:
        return
    telemetry.set_context(found.subject)
    # First the write: if it fails, SQS delivers the event again, and each event counts once.
    if found.is_failure and found.record_key:
        failures.record(found.record_key, found.channel, found.to, now)
    _report(found, telemetry)


def _report(found: DeliveryEvent, telemetry: Telemetry) -> None:
    telemetry.count("delivery_events", type=found.type, channel=found.channel)
    if found.is_failure:
        # A total of all types of failures, because an alarm cannot add dimensions.
        telemetry.count("failed_after_sending", channel=found.channel)
    fields = {"type": found.type, "channel": found.channel, "reason": found.reason}
    fields["message_id"] = found.message_id
    telemetry.log.info("delivery event", extra=fields)


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function."""

    metrics_namespace: str
    monitoring: str
    table: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            table=variables.text("TABLE_NAME"),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("delivery_events", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
_FAILURES = FailureTable(client("dynamodb", attempts=3), _SETTINGS.table)


@with_deadline
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a batch of events from SQS. Returns the failures (ReportBatchItemFailures)."""
    return process_batch(event, _FAILURES, _TELEMETRY, int(time.time()))


cold_start.end()
