"""The Lambda function `custom_sender`: puts one of Cognito's own messages into the queue.

It costs one SQS message. Cognito encrypts the code. Only `deliver` has the permission to decrypt it. Cognito
does not wait for this function, and Lambda calls it again after an error. The queue drops the repeats.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import client, with_deadline
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.sqs import SqsQueue
from passcode.adapters.telemetry import guard, make_telemetry
from passcode.channels.channel import UNUSABLE
from passcode.cognito_messages import message as cognito_message
from passcode.cognito_messages.message import CognitoMessage
from passcode.sign_in import events
from passcode.sign_in.events import Event

if TYPE_CHECKING:
    # Only for the types: the function imports the telemetry of its adapter.
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from passcode.token_service.telemetry import Telemetry


def respond(
    event: Event,
    put: Callable[[CognitoMessage], None],
    look_up: Callable[[str], Mapping[str, str] | None],
    telemetry: "Telemetry",
    now: int,
) -> Event:
    """Put the message of a CustomEmailSender or CustomSMSSender event into the queue. Returns the event.

    `put` writes to the queue. `look_up` returns the attributes of a user by name. `now` is in seconds since
    the epoch. Raises ValueError for an event of another trigger, and `Unavailable`.
    """
    message = cognito_message.read_message(event, now)
    if not message.ciphertext and not message.destinations:
        # Cognito's event for a notice of an attack has the user name, but no address.
        message = cognito_message.with_user(look_up(events.user_name(event)) or {}, message)
    telemetry.set_context(message.subject)
    put(message)
    if not cognito_message.is_known(message.source):
        telemetry.count("unknown_source")
    telemetry.log.info("queued", extra={"source": message.source, "channel": message.channel.name})
    if message.fault:
        telemetry.log.warning(UNUSABLE, extra={"channel": message.channel.name, "reason": message.fault})
    return event


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function."""

    metrics_namespace: str
    monitoring: str
    cognito_queue_url: str
    user_pool_id: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            cognito_queue_url=variables.text("COGNITO_QUEUE_URL"),
            user_pool_id=variables.text("USER_POOL_ID"),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("custom_sender", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
_PUT = SqsQueue(client("sqs", attempts=2), _SETTINGS.cognito_queue_url).put


@cache
def _pool() -> "CognitoIdentityProviderClient":
    return client("cognito-idp", attempts=2)


def _look_up(user_name: str) -> Mapping[str, str] | None:
    # Imported only here: only a notice of an attack needs the user.
    from passcode.adapters.cognito_users import CognitoUsers  # noqa: PLC0415

    return CognitoUsers(_pool, _SETTINGS.user_pool_id).find_by_name(user_name)


def _respond(event: Event, _context: object) -> Event:
    return respond(event, _PUT, _look_up, _TELEMETRY, int(time.time()))


# Lambda logs the text of an exception, and the text could contain an address. `guard` replaces it.
handler = with_deadline(guard(_respond, _TELEMETRY))
cold_start.end()
