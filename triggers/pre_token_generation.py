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
from passcode.adapters.telemetry import make_telemetry
from passcode.sign_in import events
from passcode.sign_in.assurance import claims, response
from passcode.sign_in.events import Event
from passcode.token_service.store import Evidence
from passcode.token_service.telemetry import Telemetry

Read = Callable[[str, str], tuple[Evidence | None, Evidence | None]]


def respond(event: Event, read: Read, telemetry: Telemetry, now: int) -> Event:
    """Fill in the response to a TokenGeneration event, V1 or V2."""
    subject = events.attributes(event).get("sub", "")
    try:
        first, last = read(subject, events.client_id(event))
        found = claims(str(event.get("triggerSource")), first, last, now)
    except Exception as error:
        telemetry.failed("no claims", error)
        found = {}
    event["response"] = response(event.get("version"), found)
    return event


_TELEMETRY = make_telemetry("pre_token_generation")
_READ = EvidenceTable(client("dynamodb", attempts=2), os.environ["TABLE_NAME"]).read


def handler(event: Event, _context: object) -> Event:
    """Lambda's entry."""
    return respond(event, _READ, _TELEMETRY, int(time.time()))
