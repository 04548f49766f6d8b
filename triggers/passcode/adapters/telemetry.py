"""Logs and metrics (Powertools): one structured line and one metric for each event.

They may contain the challenge's id, the subject, the channel, a reason and a country. They never contain a
code, an answer, an address, a token, or the text of an exception from other code.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from passcode.adapters.environment import ESSENTIAL, FULL, OFF
from passcode.token_service.challenge import Challenge
from passcode.token_service.refusal import (
    UNAVAILABLE_TEXT,
    PasscodeError,
    Refusal,
    Refused,
    error_location,
)

NAMESPACE = "CognitoPasscode"
# The metrics of the alarms with Monitoring ESSENTIAL: name, and values of the dimensions after `service`.
# CloudWatch bills each metric by the hours with data. Most of these have data only after a failure.
ESSENTIAL_METRICS = frozenset(
    {
        "email_budget_low",
        "errors",
        "gateway_stopped",
        "message_rate_used_up",
        "refused/client",
        "send_failed/sms/budget",
        "send_failed/voice/budget",
        "sent",
        "throttled",
        "throttled/quota",
        "undelivered",
        "verified",
    }
)

# At DEBUG some of these libraries log requests and responses: codes, addresses, tokens and the MACs of KMS.
_LIBRARIES = (
    "aws_encryption_sdk",
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "jinja2",
    "jwt",
    "phonenumbers",
    "pycognito",
    "requests",
    "s3transfer",
    "urllib3",
)


@dataclass(eq=False, repr=False)
class PowertoolsTelemetry:
    """The log and the metrics of one function. `monitoring`, FULL, ESSENTIAL or OFF, limits the metrics."""

    function: str
    log: Logger
    namespace: str = NAMESPACE
    monitoring: str = FULL

    def set_context(self, subject: str | None = None, challenge: Challenge | None = None) -> None:
        """Add the subject and the challenge's id to every line until the next call of this function."""
        self.log.append_keys(subject=subject)
        self.log.set_correlation_id(challenge.nonce if challenge else None)

    def failed(self, what: str, error: Exception) -> None:
        """Log and count an error: its type, its location, and its text only if this project wrote the text.

        The log has no traceback and no other text: either may contain the values that the code worked on.
        """
        why = str(error) if isinstance(error, PasscodeError) else ""
        details = {"error": type(error).__name__, "why": why, "where": error_location(error)}
        self.log.error(what, extra=details)
        self.count("errors")

    def not_deliverable(self, channel: str, reason: str, country: str = "", **details: str) -> None:
        """Count and log that a channel did not accept a message. `details` are in the log only."""
        # A country that is not allowed is in the log only: there are 200, and each new dimension costs.
        self.count(
            "send_failed", channel=channel, reason=reason, country="" if reason == "country" else country
        )
        fields = {"channel": channel, "reason": reason, "country": country} | details
        self.log.warning("not deliverable", extra=fields)

    def sent(self, channel: str, country: str = "", **details: str) -> None:
        """Count and log that a channel accepted a message. `details` are in the log only."""
        self.count("sent", channel=channel, country=country)
        self.log.info("sent", extra={"channel": channel} | details)

    def throttled(self, refused: Refused) -> None:
        """Count and log that a user has to wait, or gets no message."""
        self._log_refusal("throttled", refused.refusal)

    def refused(self, refusal: Refusal) -> None:
        """Count and log that an answer was not accepted."""
        self._log_refusal("refused", refusal)

    def issued(self, channel: str) -> None:
        """Count and log that a code is sent on `channel`."""
        self.count("issued", channel=channel)
        self.log.info("issued", extra={"channel": channel})

    def rate_used_up(self, challenge: Challenge) -> None:
        """Count and log that the message of `challenge` was the last one that the message rate allows now.

        The metric does not name the user, because a metric for each user would be expensive. The log names
        the user. A decoy has a separate metric, because its messages are not sent.
        """
        metric = "decoy_rate_used_up" if challenge.decoy else "message_rate_used_up"
        self.count(metric)
        self.log.info(metric.replace("_", " "))

    def waiting(self, channel: str) -> None:
        """Count and log that a request has joined an open challenge, without a new message."""
        self.count("waiting", channel=channel)
        self.log.info("waiting", extra={"channel": channel})

    def verified(self, challenge: Challenge, now: int) -> None:
        """Count and log an accepted answer, its channel, and the seconds since its challenge.

        `challenge` is on the channel of the accepted code.
        """
        seconds = now - challenge.issued_at
        self.count("verified", channel=challenge.channel)
        self.seconds("seconds_to_verify", seconds, channel=challenge.channel)
        self.log.info("verified", extra={"seconds": seconds, "channel": challenge.channel})

    def count(self, name: str, **by: str) -> None:
        """Add one to the metric `name`: in total, and for each prefix of the dimensions `by`.

        An empty dimension is left out.
        """
        self._emit(name, MetricUnit.Count, 1, by)

    def seconds(self, name: str, value: int, **by: str) -> None:
        """Record a duration in seconds."""
        self._emit(name, MetricUnit.Seconds, value, by)

    def _log_refusal(self, metric: str, refusal: Refusal) -> None:
        self.count(metric, reason=refusal.value)
        self.log.info(metric, extra={"reason": refusal.value})

    def _emit(self, name: str, unit: MetricUnit, value: float, by: dict[str, str]) -> None:
        dimensions = [("service", self.function)] + [(key, text) for key, text in by.items() if text]
        # An alarm reads one set of dimensions and cannot add sets, so each needed total is a separate metric.
        prefixes = [dimensions[:size] for size in range(1, len(dimensions) + 1)]
        *totals, longest = [each for each in prefixes if self._is_watched(name, each)] or [[]]
        if not longest:
            return
        metric = AmazonCloudWatchEMFProvider(namespace=self.namespace)
        metric.add_metric(name, unit, value)
        for key, text in longest:
            metric.add_dimension(key, text)
        for total in totals:
            metric.add_dimensions(**dict(total))
        metric.flush_metrics()

    def _is_watched(self, name: str, dimensions: list[tuple[str, str]]) -> bool:
        if self.monitoring == ESSENTIAL:
            return "/".join([name, *(text for _, text in dimensions[1:])]) in ESSENTIAL_METRICS
        return self.monitoring != OFF


def make_telemetry(function: str, namespace: str, monitoring: str = FULL) -> PowertoolsTelemetry:
    """Return the telemetry of one Lambda function. Powertools reads the level of the log from LOG_LEVEL.

    `namespace` is the namespace of the metrics in CloudWatch, and `monitoring` one of `MONITORING`. From then
    on, no library logs anything below WARNING, at any level of the root logger.
    """
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    # In a shared namespace, two stacks of one account would add up and fire each other's alarms.
    return PowertoolsTelemetry(function, Logger(service=function), namespace, monitoring)


class TriggerError(Exception):
    """The only exception that leaves a trigger: its text is a plain sentence for the user."""


def guard(handle: Callable[[Any, Any], Any], telemetry: PowertoolsTelemetry) -> Callable[[Any, Any], Any]:
    """Return a handler whose errors have plain sentences only. The log has the details.

    Cognito shows the text of an exception to the user, so no unexpected text may leave a trigger.
    """

    def handler(event: Any, context: Any) -> Any:
        try:
            return handle(event, context)
        except Refused as refused:
            telemetry.throttled(refused)
            text = str(refused)
        except Exception as error:
            telemetry.failed("failed", error)
            text = UNAVAILABLE_TEXT
        finally:
            telemetry.set_context()
        raise TriggerError(text) from None

    return handler
