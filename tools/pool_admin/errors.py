"""What can go wrong with AWS or with what was asked, as one plain sentence that says what to do next."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as NoConnection


class AdminError(Exception):
    """The command could not do what was asked; the text is for a person."""


DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
NOT_FOUND = frozenset({"ResourceNotFoundException", "NotFoundException", "ParameterNotFound", "NotFound"})
# The service, or an emulator of it, does not have the call at all.
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
    (ProfileNotFound, "There is no such AWS profile here. List them with `aws configure list-profiles`."),
    (NoRegionError, "No region is set. Give one with --region."),
    (NoCredentialsError, "No AWS credentials were found. Sign in with the AWS CLI, or give --profile."),
    (PartialCredentialsError, "The AWS credentials are incomplete. Sign in with the AWS CLI again."),
    (
        ParamValidationError,
        "What was typed does not fit. Check the ids and names, and run the command again.",
    ),
    (HTTPClientError, "AWS does not answer. Check the network and --endpoint-url."),
    (NoConnection, "AWS does not answer. Check the network and --endpoint-url."),
)


def code_of(error: Exception) -> str:
    """AWS's own word for what went wrong; empty if it is not AWS that said no."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def plain(error: Exception) -> AdminError:
    """The sentence for any error. One that nobody foresaw is named by its type, and nothing of its text."""
    if isinstance(error, AdminError):
        return error
    if isinstance(error, ClientError):
        return AdminError(_from_aws(error))
    for kind, sentence in _BY_TYPE:
        if isinstance(error, kind):
            return AdminError(sentence)
    if isinstance(error, BotoCoreError):
        return AdminError(f"AWS could not be asked ({type(error).__name__}). Check the AWS set-up here.")
    if isinstance(error, OSError):
        return AdminError(
            f"A file could not be read or written: {error.strerror}. Check the folder and its rights."
        )
    return AdminError(
        f"This should not have happened ({type(error).__name__}). Please report what you typed."
    )


def _from_aws(error: ClientError) -> str:
    code, call = code_of(error), error.operation_name
    if code in DENIED:
        return f"These credentials may not call {call}. Add that right, or use others with --profile."
    if code in THROTTLED:
        return f"AWS holds {call} back because of too many calls. Wait a minute and run the command again."
    if code in _BAD_CREDENTIALS:
        return "The AWS credentials are not good any more. Sign in with the AWS CLI again."
    if code in _BUSY:
        return f"Something else is being changed there now ({call}). Run the command again when that is done."
    # Control-plane texts hold settings, never a code or a password.
    said = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())[:300].rstrip(".")
    return f"AWS refused {call}: {said or code}. Mend that and run the command again."
