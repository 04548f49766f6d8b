"""The result of one call to an AWS service that sends messages."""

from collections.abc import Callable, Container
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.exceptions import ConnectionError as NoConnection

from passcode.adapters.botocore_clients import error_code
from passcode.delivery.gateway import NotTaken, SendResult, Taken, Unknown


def send_once(
    service: str, call: Callable[..., Any], final_errors: Container[str], **request: Any
) -> SendResult:
    """Call the operation of a client once, and return the result for the message.

    `final_errors` are the error codes after which the service will not accept this message later either. An
    error text may contain the request, so the result has only the error code or the type of the error.
    """
    try:
        call(**request)
    except ClientError as error:
        code = error_code(error)
        if code in final_errors:
            return NotTaken(code, final=True)
        return NotTaken(f"{service} answered {code}", final=False)
    except NoConnection as error:
        return NotTaken(f"{service} failed with {type(error).__name__}", final=False)
    except BotoCoreError as error:
        return Unknown(f"{service} failed with {type(error).__name__}")
    return Taken()
