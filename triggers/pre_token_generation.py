"""The door `pre_token_generation`: tokens say how and when a code was given, so that a back end can ask for a
fresh one. One DynamoDB read.

If it cannot read, the tokens come without these claims: whoever asks for them then refuses, and nobody else
is kept out.
"""

import os
import time
from collections.abc import Callable

from passcode.adapters.botocore_clients import client
from passcode.adapters.record_table import EvidenceTable
from passcode.adapters.telemetry import Telemetry, telemetry
from passcode.token_service.store import Evidence
from token_service import trigger_event
from token_service.assurance import claims, response
from token_service.trigger_event import Event

Read = Callable[[str, str], tuple[Evidence | None, Evidence | None]]


def respond(event: Event, read: Read, tell: Telemetry, now: int) -> Event:
    """Fill in the response to a TokenGeneration event, V1 or V2."""
    subject = trigger_event.attributes(event).get("sub", "")
    try:
        first, last = read(subject, trigger_event.client_id(event))
        found = claims(str(event.get("triggerSource")), first, last, now)
    except Exception as error:
        tell.failed("no claims", error)
        found = {}
    event["response"] = response(event.get("version"), found)
    return event


_TELL = telemetry("pre_token_generation")
_READ = EvidenceTable(client("dynamodb", attempts=2), os.environ["TABLE_NAME"]).read


def handler(event: Event, _context: object) -> Event:
    """Lambda's entry."""
    return respond(event, _READ, _TELL, int(time.time()))
