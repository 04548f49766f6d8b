"""Errors of a command: one sentence for the user, and one exit code for scripts.

0  done                                       3  the pool refused the sign-in or the request
1  the input or the configuration is wrong    4  temporary: wait, then try again
2  wrong usage of the command                 5  not reachable: network, or no stack running
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnection

from demo_client.refusals import refusal_sentence

FIX_INPUT: Final = 1
REFUSED: Final = 3
RETRY_LATER: Final = 4
UNREACHABLE: Final = 5

_SESSION_EXPIRED: Final = "Your session has expired or was signed out. Sign in again: `sign-in EMAIL`."
# One sentence for both errors, so that this client never reveals whether a user exists.
_NOT_AUTHORIZED: Final = (
    "The sign-in has ended. Check the email address, and the password if you entered one, and start again."
)

# By the beginning of Cognito's message, in lower case: NotAuthorizedException has many meanings.
SENTENCES_BY_MESSAGE: Final[tuple[tuple[str, str], ...]] = (
    ("invalid session", "This sign-in has ended, because it took too long or was refused. Start again."),
    ("invalid refresh token", _SESSION_EXPIRED),
    ("refresh token", _SESSION_EXPIRED),
    ("invalid access token", _SESSION_EXPIRED),
    ("access token", _SESSION_EXPIRED),
    ("user is disabled", "This account is disabled. Contact the operators of the pool."),
)

REFUSED_SENTENCES: Final[Mapping[str, str]] = {
    "NotAuthorizedException": _NOT_AUTHORIZED,
    "UserNotFoundException": _NOT_AUTHORIZED,
    "UserNotConfirmedException": (
        "This address is not confirmed yet. Enter the code that Cognito sent: `confirm EMAIL`."
    ),
    "PasswordResetRequiredException": (
        "This account needs a new password first. Ask the operators of the pool to reset it."
    ),
    "UsernameExistsException": "This address already has an account. Sign in: `sign-in EMAIL`.",
    "AliasExistsException": "This address already belongs to another account. Use another one.",
    "InvalidPasswordException": (
        "The pool requires a stronger password. Choose one of at least 12 characters, and try again."
    ),
    "InvalidParameterException": (
        "The pool did not accept the input. Check the email address, the phone number (+, country code, "
        "number), the password, and the settings of the app client."
    ),
    "CodeMismatchException": "That confirmation code is wrong. Try again: `confirm EMAIL`.",
    "ExpiredCodeException": (
        "That confirmation code has expired. Request a new one: `confirm EMAIL --resend`."
    ),
    "CodeDeliveryFailureException": "The message could not be sent. Check the address and try again.",
    "ResourceNotFoundException": (
        "This pool or app client does not exist. Start the local stack (`make up`), or check --stack "
        "or the PASSCODE_ variables."
    ),
    "InvalidLambdaResponseException": (
        "The pool's Lambda triggers returned an invalid response. Read their logs, and deploy them again."
    ),
    "InvalidUserPoolConfigurationException": (
        "The pool has no triggers for one-time codes. Deploy the stack, or attach its functions to this pool."
    ),
}

RETRY_SENTENCES: Final[Mapping[str, str]] = {
    "ForbiddenException": "The pool's firewall refused this request. Wait a while and try again.",
    "TooManyRequestsException": "The pool is busy. Wait a few seconds and try again.",
    "LimitExceededException": "Too many requests. Wait a while and try again.",
    "TooManyFailedAttemptsException": "Too many failed attempts. Wait a while and try again.",
    "UnexpectedLambdaException": "The pool's Lambda triggers did not respond. Try again in a minute.",
    "InternalErrorException": "Cognito had an internal error. Try again in a minute.",
}


class CliError(Exception):
    """An error for the user: `message` says what happened and what to do next; `exit_code` is for scripts."""

    def __init__(self, message: str, exit_code: int = FIX_INPUT) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def to_cli_error(error: Exception) -> CliError:
    """Translate any exception to a CliError.

    An unexpected exception is named by its type only, because its text could contain a password or a code.
    """
    if isinstance(error, CliError):
        return error
    if isinstance(error, ClientError):
        return _from_aws(error)
    if isinstance(error, HTTPClientError | NoConnection):
        return CliError(
            "The pool does not respond. Check the network, or start the local stack: `make up`.", UNREACHABLE
        )
    if isinstance(error, ParamValidationError):
        return CliError("The input is not valid. Check the email address and the code, and try again.")
    if isinstance(error, BotoCoreError):
        return CliError(
            f"The request to AWS failed ({type(error).__name__}). Check the configuration of the pool."
        )
    if isinstance(error, OSError):
        return CliError(
            f"A file could not be read or written: {error.strerror}. Check the directory PASSCODE_LOCAL_DIR."
        )
    return CliError(
        f"Unexpected error ({type(error).__name__}). Please report it with the command that you ran."
    )


def _from_aws(error: ClientError) -> CliError:
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", "")
    if code == "UserLambdaValidationException":
        return CliError(refusal_sentence(message), RETRY_LATER)
    for start, sentence in SENTENCES_BY_MESSAGE:
        if message.lower().startswith(start):
            return CliError(sentence, REFUSED)
    if code in RETRY_SENTENCES:
        return CliError(RETRY_SENTENCES[code], RETRY_LATER)
    unknown = f"The pool refused this request ({code or 'no reason given'}). Check the settings of the pool."
    return CliError(REFUSED_SENTENCES.get(code, unknown), REFUSED)
