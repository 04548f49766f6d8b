"""Errors of AWS, of the network and of the options, each as one sentence that says what to do next."""

from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    WaiterError,
)
from botocore.exceptions import ConnectionError as NoConnection


class AdminError(Exception):
    """The command failed. The text is for a person: what happened, and what to do next."""


class OptionError(AdminError):
    """The options are wrong or incomplete. Nothing was changed."""


DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
NOT_FOUND = frozenset({"ResourceNotFoundException", "NotFoundException", "ParameterNotFound", "NotFound"})
# The service, or the emulator of it, does not implement the call.
NOT_OFFERED = frozenset(
    {"InvalidAction", "UnknownOperationException", "NotImplemented", "UnsupportedOperation"}
)
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
    }
)
_BAD_CREDENTIALS = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
_BUSY = frozenset(
    {"ConcurrentModificationException", "UserImportInProgressException", "ResourceConflictException"}
)

_BY_TYPE: tuple[tuple[type[Exception], str], ...] = (
    (
        ProfileNotFound,
        "There is no such AWS profile on this machine. List the profiles with `aws configure list-profiles`.",
    ),
    (NoRegionError, "No region is set. Set one with --region."),
    (NoCredentialsError, "No AWS credentials were found. Sign in with the AWS CLI, or use --profile."),
    (PartialCredentialsError, "The AWS credentials are incomplete. Sign in with the AWS CLI again."),
    (
        ParamValidationError,
        "An id or a name is not valid. Check them, and run the command again.",
    ),
    (
        WaiterError,
        "A change in AWS failed or did not finish in time. Check it in the console, and try again.",
    ),
    (HTTPClientError, "AWS does not respond. Check the network and --endpoint-url."),
    (NoConnection, "AWS does not respond. Check the network and --endpoint-url."),
)


def error_code(error: Exception) -> str:
    """Return the error code of AWS; empty for an error that AWS did not return."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def wait(waiter: Any, **named: Any) -> None:
    """Wait with a waiter of boto3, and with its arguments `named`.

    Raises ClientError if AWS refuses the call that the waiter repeats, and WaiterError for any other failure.
    """
    try:
        waiter.wait(**named)
    except WaiterError as error:
        if "Error" not in error.last_response:
            raise
        raise ClientError(error.last_response, waiter.config.operation) from None


def to_admin_error(error: Exception) -> AdminError:
    """Return the sentence for any error.

    Of an unexpected error only the type is shown: its text can be private.
    """
    if isinstance(error, AdminError):
        return error
    if isinstance(error, ClientError):
        return AdminError(_from_aws(error))
    for kind, sentence in _BY_TYPE:
        if isinstance(error, kind):
            return AdminError(sentence)
    if isinstance(error, BotoCoreError):
        return AdminError(
            f"The call to AWS failed ({type(error).__name__}). Check the AWS configuration of this machine."
        )
    if isinstance(error, OSError):
        return AdminError(
            f"A file could not be read or written: {error.strerror}. Check the folder and its permissions."
        )
    return AdminError(
        f"Unexpected error ({type(error).__name__}). Please report it, with the command that you ran."
    )


def _from_aws(error: ClientError) -> str:
    code, call = error_code(error), error.operation_name
    if code in DENIED:
        return f"These credentials may not call {call}. Add that permission, or use another --profile."
    if code in THROTTLED:
        return f"AWS throttles {call}. Wait a minute, and run the command again."
    if code in _BAD_CREDENTIALS:
        return "The AWS credentials have expired or are not valid. Sign in with the AWS CLI again."
    if code in _BUSY:
        return f"Another change is in progress ({call}). Run the command again when it is done."
    # Error messages of these calls hold settings, never a code or a password.
    message = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())[:300].rstrip(".")
    return f"AWS refused {call}: {message or code}. Fix that, and run the command again."
