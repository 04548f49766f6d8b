"""The result of one call to an AWS service that sends messages, and the tags of a message."""

import re
from collections.abc import Callable, Container
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


def send_once(
    service: str, call: Callable[..., Any], final_errors: Container[str], **request: Any
) -> SendResult:
    """Call the operation of a client once, and return the result for the message.

    `final_errors` are the error codes after which the service will not accept this message later either. An
    error text may contain the request, so the result has only the error code or the type of the error.
    """
    try:
        response = call(**request)
        has_id = bool(response.get("MessageId"))
    except ClientError as error:
        return _refused(service, error, final_errors)
    except (NoConnection, OutOfTimeError) as error:
        return NotTaken(f"{service} failed with {type(error).__name__}", final=False)
    except Exception as error:  # botocore does not expect every response that it cannot parse
        return Unknown(f"{service} failed with {type(error).__name__}")
    return Taken() if has_id else Unknown(f"{service} answered without a message id")


def _refused(service: str, error: ClientError, final_errors: Container[str]) -> SendResult:
    code = error_code(error)
    if code in final_errors:
        return NotTaken(code, final=True)
    # 503 means that the service did not process the request. The other errors of the server, such as the
    # InternalError of SNS, do not say whether it accepted the message before them.
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if 400 <= status < 500 or status == _UNAVAILABLE:
        return NotTaken(f"{service} answered {code}", final=False)
    return Unknown(f"{service} answered {code}")
