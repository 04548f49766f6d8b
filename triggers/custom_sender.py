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
from passcode.adapters.cognito_users import Users
from passcode.adapters.sqs import Queue
from passcode.adapters.telemetry import guarded, telemetry
from passcode.cognito_messages import message as cognito_message
from passcode.cognito_messages.message import Sealed
from passcode.sign_in import events
from passcode.sign_in.events import Event
from passcode.token_service.telemetry import Telemetry


def respond(
    event: Event,
    put: Callable[[Sealed], None],
    look_up: Callable[[str], Mapping[str, str] | None],
    tell: Telemetry,
    now: int,
) -> Event:
    """Hand the message of a CustomEmailSender or CustomSMSSender event over to the queue."""
    message = cognito_message.read(event, now)
    if not message.sealed and not message.destinations:
        # Cognito's notice of an attack names the user and no address.
        message = cognito_message.notice_to(look_up(events.user_name(event)) or {}, message)
    tell.about(message.subject)
    put(message)
    if not cognito_message.is_known(message.source):
        tell.count("unknown_source")
    tell.log.info("queued", extra={"source": message.source, "channel": message.channel.value})
    return event


_TELL = telemetry("custom_sender")
_PUT = Queue(client("sqs", attempts=2), os.environ["QUEUE_URL"]).put


@cache
def _pool() -> Any:
    return client("cognito-idp", attempts=2)


_LOOK_UP = Users(_pool, os.environ["USER_POOL_ID"]).named


def _respond(event: Event, _context: object) -> Event:
    return respond(event, _PUT, _LOOK_UP, _TELL, int(time.time()))


# For Lambda's own log: the text of an exception stands there, and could hold an address.
handler = guarded(_respond, _TELL)
