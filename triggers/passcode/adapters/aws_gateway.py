"""The result of one call to an AWS service that sends messages."""

from collections.abc import Callable, Container
from typing import Any

from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as NoConnection

from passcode.adapters.botocore_clients import error_code
from passcode.delivery.gateway import NotTaken, SendResult, Taken, Unknown

_UNAVAILABLE = 503


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
    except NoConnection as error:
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
