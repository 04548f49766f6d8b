"""The door `custom_sender`: Cognito has a message of its own to send, and gives its code sealed.

One SQS message. It cannot open the code: only `deliver` has a right to the key. Cognito does not wait
for it, and Lambda calls it again if it fails.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from passcode.adapters.botocore_clients import client
from passcode.adapters.cognito_users import CognitoUsers
from passcode.adapters.sqs import SqsQueue
from passcode.adapters.telemetry import guard, make_telemetry
from passcode.cognito_messages import message as cognito_message
from passcode.cognito_messages.message import CognitoMessage
from passcode.sign_in import events
from passcode.sign_in.events import Event
from passcode.token_service.telemetry import Telemetry


def respond(
    event: Event,
    put: Callable[[CognitoMessage], None],
    look_up: Callable[[str], Mapping[str, str] | None],
    telemetry: Telemetry,
    now: int,
) -> Event:
    """Hand the message of a CustomEmailSender or CustomSMSSender event over to the queue."""
    message = cognito_message.read_message(event, now)
    if not message.ciphertext and not message.destinations:
        # Cognito's notice of an attack names the user and no address.
        message = cognito_message.with_user(look_up(events.user_name(event)) or {}, message)
    telemetry.set_context(message.subject)
    put(message)
    if not cognito_message.is_known(message.source):
        telemetry.count("unknown_source")
    telemetry.log.info("queued", extra={"source": message.source, "channel": message.channel.name})
    return event


_TELEMETRY = make_telemetry("custom_sender")
_PUT = SqsQueue(client("sqs", attempts=2), os.environ["QUEUE_URL"]).put


@cache
def _pool() -> Any:
    return client("cognito-idp", attempts=2)


_LOOK_UP = CognitoUsers(_pool, os.environ["USER_POOL_ID"]).named


def _respond(event: Event, _context: object) -> Event:
    return respond(event, _PUT, _LOOK_UP, _TELEMETRY, int(time.time()))


# For Lambda's own log: the text of an exception stands there, and could hold an address.
handler = guard(_respond, _TELEMETRY)
