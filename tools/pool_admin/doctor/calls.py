"""Calls to AWS. A failed call is a fact, so that it ends no other check."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tools.pool_admin.doctor.facts import Reason, Unchecked
from tools.pool_admin.errors import DENIED, NOT_OFFERED, THROTTLED, error_code

P = ParamSpec("P")
T = TypeVar("T")

_REASONS = {Reason.DENIED: DENIED, Reason.THROTTLED: THROTTLED, Reason.NOT_OFFERED: NOT_OFFERED}


def try_call(operation: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Unchecked:
    """Return the result of `call`, or `Unchecked` if AWS refuses it or does not respond.

    `operation` names the call if the error does not.
    """
    try:
        return call(*args, **kwargs)
    except ClientError as error:
        return Unchecked(error.operation_name, _reason(error))
    except BotoCoreError:
        return Unchecked(operation, Reason.UNREACHABLE)


def _reason(error: ClientError) -> Reason:
    # End User Messaging answers a call that it does not offer with this reason of its ValidationException.
    if error.response.get("Reason") == "UNKNOWN_OPERATION":
        return Reason.NOT_OFFERED
    reasons = (reason for reason, codes in _REASONS.items() if error_code(error) in codes)
    return next(reasons, Reason.FAILED)
