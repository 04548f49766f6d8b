"""The Lambda function `pre_token_generation`: adds the assurance claims to tokens.

The claims state how and when the user gave a code. A back end can then ask for a new code. They cost one
DynamoDB read. If the read fails, the tokens have no such claims. Then only the back ends that require the
claims refuse the user.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import COGNITO_SECONDS, client, with_deadline
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.record_table import EvidenceTable
from passcode.adapters.telemetry import make_telemetry
from passcode.sign_in import events
from passcode.sign_in.assurance import assurance_claims, trigger_response
from passcode.sign_in.events import Event
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD
from passcode.token_service.store import Evidence

if TYPE_CHECKING:
    # Only for the type: the function imports the telemetry of its adapter.
    from passcode.token_service.telemetry import Telemetry

ReadEvidence = Callable[[str, str, str], tuple[Evidence | None, Evidence | None]]


def respond(
    event: Event,
    read_evidence: ReadEvidence,
    code_only_clients: frozenset[str],
    telemetry: "Telemetry",
    now: int,
) -> Event:
    """Return the TokenGeneration `event` (V1 or V2) with its response.

    `read_evidence` returns the first and the last accepted code of a kind of sign-in, a subject and an app
    client. `code_only_clients` has the ids of the app clients without a password. `now` is in seconds since
    the epoch. An error is logged, and the response then has no claims.
    """
    subject = events.attributes(event).get("sub", "")
    try:
        client_id = events.client_id(event)
        kind = SIGN_IN_CODE if client_id in code_only_clients else SIGN_IN_PASSWORD
        first, last = read_evidence(kind, subject, client_id)
        added_claims = assurance_claims(str(event.get("triggerSource")), first, last, now)
    except Exception as error:
        telemetry.failed("no claims", error)
        added_claims = {}
    event["response"] = trigger_response(event.get("version"), added_claims)
    return event


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function."""

    metrics_namespace: str
    monitoring: str
    table: str
    code_only_clients: frozenset[str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            table=variables.text("TABLE_NAME"),
            code_only_clients=frozenset(
                filter(None, variables.optional_text("CODE_ONLY_CLIENTS").split(","))
            ),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("pre_token_generation", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
_READ = EvidenceTable(client("dynamodb", attempts=4), _SETTINGS.table).read


def _handle(event: Event, _context: object) -> Event:
    return respond(event, _READ, _SETTINGS.code_only_clients, _TELEMETRY, int(time.time()))


handler = with_deadline(_handle, COGNITO_SECONDS)
cold_start.end()
