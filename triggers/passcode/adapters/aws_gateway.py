"""The result of one call to an AWS service that sends messages, and the tags of a message."""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as NoConnection

from passcode.adapters.botocore_clients import OutOfTimeError, error_code
from passcode.delivery.gateway import (
    KEY_SEPARATOR,
    RECORD_TAG,
    TO_TAG,
    NotTaken,
    Outgoing,
    SendResult,
    Taken,
    Unknown,
)

_UNAVAILABLE = 503
# The characters of a tag of SES. End User Messaging allows more in its Context.
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


def message_tags(outgoing: Outgoing[Any]) -> dict[str, str]:
    """Return the tags by which events of this message find its record; empty if there is no record.

    They name the user by a pseudonym, and have no address. A key with characters that SES does not allow
    gives no tag: SES would refuse the message.
    """
    record = outgoing.record_key.replace("#", KEY_SEPARATOR, 1)
    return {RECORD_TAG: record, TO_TAG: outgoing.destination_id} if _TAG.fullmatch(record) else {}


class Outcome(Enum):
    """The outcome for the message after an error of a service."""

    # The service will not accept this message later either.
    FINAL = "final"
    # The same, and it accepts no other message of this account either, or none with these settings.
    STOPPED = "stopped"
    # The service did not accept the message, and may accept it later.
    LATER = "later"
    # The service may have accepted the message.
    UNKNOWN = "unknown"


# The outcome of each error of an operation. The key is the code of the error, or its `Reason`, which wins.
Outcomes = Mapping[str, Outcome]


def send_once(service: str, call: Callable[..., Any], outcomes: Outcomes, **request: Any) -> SendResult:
    """Call the operation of a client once, and return the result for the message.

    `outcomes` has the errors in the model of the operation. An error text may contain the request, so the
    result has only the error code, the reason that the service gives with it, or the type of the error.
    """
    try:
        response = call(**request)
        message_id = str(response.get("MessageId") or "")
    except ClientError as error:
        return refusal_result(service, error, outcomes)
    except (NoConnection, OutOfTimeError) as error:
        return NotTaken(f"{service} failed with {type(error).__name__}", final=False)
    except Exception as error:  # botocore does not expect every response that it cannot parse
        return Unknown(f"{service} failed with {type(error).__name__}")
    return Taken(message_id=message_id) if message_id else Unknown(f"{service} answered without a message id")


def refusal_result(service: str, error: ClientError, outcomes: Outcomes) -> SendResult:
    """Return the result for a message whose call the service answered with an error."""
    code, reason = error_code(error), str(error.response.get("Reason") or "")
    outcome = outcomes.get(reason) or outcomes.get(code) or _by_status(error)
    name = reason or code
    if outcome in (Outcome.FINAL, Outcome.STOPPED):
        return NotTaken(name, final=True, is_account_wide=outcome is Outcome.STOPPED)
    text = f"{service} answered {name}"
    return NotTaken(text, final=False) if outcome is Outcome.LATER else Unknown(text)


def _by_status(error: ClientError) -> Outcome:
    """Return the outcome of an error that all services have, such as a throttled call or a missing right."""
    # 503 means that the service did not process the request. The other errors of the server do not say
    # whether it accepted the message before them.
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return Outcome.LATER if 400 <= status < 500 or status == _UNAVAILABLE else Outcome.UNKNOWN
