"""Every way a command can fail, as one plain sentence and one exit code.

0  done                          3  the pool refused the sign-in or the request
1  something to put right here   4  not now: wait, or do what the sentence says
2  the command was mistyped      5  nobody answers: network, or no stack running
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnection

FIX_INPUT: Final = 1
REFUSED: Final = 3
RETRY_LATER: Final = 4
UNREACHABLE: Final = 5

_AGAIN: Final = "Your sign-in has run out or was signed out. Sign in again: `sign-in EMAIL`."
# One sentence for both, so that this client does not tell who has an account, whatever the pool does.
_NOT_YOU: Final = (
    "The sign-in has ended. Check the email address, and the password if you gave one, and start again."
)

# By the beginning of the message, in lower case: NotAuthorizedException alone means many things.
SENTENCES_BY_MESSAGE: Final[tuple[tuple[str, str], ...]] = (
    ("invalid session", "This sign-in has ended, because it took too long or was refused. Start it again."),
    ("invalid refresh token", _AGAIN),
    ("refresh token", _AGAIN),
    ("invalid access token", _AGAIN),
    ("access token", _AGAIN),
    ("user is disabled", "This account is switched off. Ask the people who run the pool."),
)

REFUSED_SENTENCES: Final[Mapping[str, str]] = {
    "NotAuthorizedException": _NOT_YOU,
    "UserNotFoundException": _NOT_YOU,
    "UserNotConfirmedException": (
        "This address is not confirmed yet. Type the code that Cognito mailed: `confirm EMAIL`."
    ),
    "PasswordResetRequiredException": (
        "This account needs a new password first. Ask the people who run the pool to reset it."
    ),
    "UsernameExistsException": "This address already has an account. Sign in: `sign-in EMAIL`.",
    "AliasExistsException": "This address already belongs to another account. Use another one.",
    "InvalidPasswordException": (
        "The pool wants a stronger password. Choose a longer one (12 characters at least) and try again."
    ),
    "InvalidParameterException": (
        "The pool did not accept what was entered. Check the email address, the phone number "
        "(+ and the country code first) and the password, and that the app client allows this."
    ),
    "CodeMismatchException": "That confirmation code is not right. Try again: `confirm EMAIL`.",
    "ExpiredCodeException": (
        "That confirmation code is no longer good. Ask for a new one: `confirm EMAIL --resend`."
    ),
    "CodeDeliveryFailureException": "The message could not be sent. Check the address and try again.",
    "ResourceNotFoundException": (
        "This pool or app client does not exist. Start the local stack (`make up`), or check --stack "
        "or the PASSCODE_ settings."
    ),
    "InvalidLambdaResponseException": (
        "The pool's functions answered with something unfit. Read their logs and deploy them again."
    ),
    "InvalidUserPoolConfigurationException": (
        "The pool has no passcode triggers. Deploy the stack, or attach its functions to this pool."
    ),
}

RETRY_SENTENCES: Final[Mapping[str, str]] = {
    "ForbiddenException": "The pool's firewall refused this request. Wait a while and try again.",
    "TooManyRequestsException": "The pool is busy. Wait a few seconds and try again.",
    "LimitExceededException": "That was too often. Wait a while and try again.",
    "TooManyFailedAttemptsException": "That was wrong too often. Wait a while and try again.",
    "UnexpectedLambdaException": "The pool's functions did not answer. Try again in a minute.",
    "InternalErrorException": "The pool had a fault of its own. Try again in a minute.",
}

_TRIGGER_SAYS = re.compile(r"\A\w+ failed with error (?P<sentence>[^\x00-\x1f<>()/_={}]{3,240}?)[.\s]*\Z")
_TRIGGER_FAILED: Final = "The pool could not send or check a code just now. Try again in a minute."


class CliError(Exception):
    """What a person is told: `sentence` says what to do next; `exit_code` is for scripts."""

    def __init__(self, message: str, exit_code: int = FIX_INPUT) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def to_cli_error(error: Exception) -> CliError:
    """The sentence for any error; one that nobody foresaw is named by its type and nothing else.

    Its text stays out on purpose: nobody can promise that it has no password or code in it.
    """
    if isinstance(error, CliError):
        return error
    if isinstance(error, ClientError):
        return _from_aws(error)
    if isinstance(error, HTTPClientError | NoConnection):
        return CliError(
            "The pool does not answer. Check the network, or start the local stack: `make up`.", UNREACHABLE
        )
    if isinstance(error, ParamValidationError):
        return CliError("What was entered does not fit. Check the email address and the code, and try again.")
    if isinstance(error, BotoCoreError):
        return CliError(f"AWS could not be asked ({type(error).__name__}). Check the pool's settings.")
    if isinstance(error, OSError):
        return CliError(f"A file could not be read or written: {error.strerror}. Check the state directory.")
    return CliError(f"This should not have happened ({type(error).__name__}). Please report what you typed.")


def _from_aws(error: ClientError) -> CliError:
    described = error.response.get("Error", {})
    code, message = described.get("Code", ""), described.get("Message", "")
    if code == "UserLambdaValidationException":
        return _from_trigger(message)
    for start, sentence in SENTENCES_BY_MESSAGE:
        if message.lower().startswith(start):
            return CliError(sentence, REFUSED)
    if code in RETRY_SENTENCES:
        return CliError(RETRY_SENTENCES[code], RETRY_LATER)
    unknown = f"The pool refused this ({code or 'no reason given'}). Check the pool's settings."
    return CliError(REFUSED_SENTENCES.get(code, unknown), REFUSED)


def _from_trigger(message: str) -> CliError:
    # The triggers answer with sentences meant for people; what does not look like one stays redact.
    match = _TRIGGER_SAYS.match(message)
    said = match["sentence"] if match and " " in match["sentence"] else None
    return CliError(f"{said}." if said else _TRIGGER_FAILED, RETRY_LATER)
